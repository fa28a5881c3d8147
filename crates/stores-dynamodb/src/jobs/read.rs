//! Reads over many items, and their removal. Records that cannot be read are passed over, so that one does not hide the others.

mod due;
mod purge;

use domain::export::{Export, Step};
use domain::ids::ExportId;
use domain::owner::Owner;
use stores::jobs::ledger::StepRow;
use stores::{SegmentProgress, SegmentState, StoreError};

use super::keys;
use super::lanes::{has_lanes, read_lane};
use super::rows::{Active, ExportRow, StepItem};
use crate::adapter::DynamoStores;
use crate::db::Query;
use crate::error::failed;
use crate::item::{Item, Key};
use crate::tables::JOBS;

impl DynamoStores {
    pub(super) async fn export(&self, owner: &Owner, id: ExportId) -> Result<Option<ExportRow>, StoreError> {
        let item = self.db.get(&JOBS, &keys::export(owner, id)).await.map_err(failed("read an export"))?;
        item.map(|item| ExportRow::read(owner, &item)).transpose()
    }

    /// Adds to an export what its lanes have come to.
    pub(super) async fn with_lanes(&self, export: Export) -> Result<Export, StoreError> {
        if !has_lanes(&export) {
            return Ok(export);
        }
        let keys: Vec<_> = (0..export.lanes).map(|number| keys::lane(&export.owner, export.id, number)).collect();
        let items = self.db.get_all(&JOBS, &keys).await.map_err(failed("read lanes"))?;
        let lane = |(key, number): (&Key, u32)| Some(read_lane(export.id, number, items.get(key)?));
        let lanes: Vec<_> = keys.iter().zip(0..).filter_map(lane).collect::<Result<_, _>>()?;
        Ok(export.with_lanes(&lanes))
    }

    pub(super) async fn all_with_lanes(&self, exports: Vec<Export>) -> Result<Vec<Export>, StoreError> {
        let mut told = Vec::with_capacity(exports.len());
        for export in exports {
            match self.with_lanes(export).await {
                Err(error) if is_unreadable(&error) => {}
                export => told.push(export?),
            }
        }
        Ok(told)
    }

    pub(super) async fn list_exports(
        &self,
        owner: &Owner,
        before: Option<ExportId>,
        limit: u32,
    ) -> Result<Vec<Export>, StoreError> {
        // One more than asked for: the range includes its end, which is not older than itself.
        let to = before.map_or(keys::EXPORTS[1].to_owned(), |before| keys::export(owner, before).sk);
        let query = Query::range(JOBS, keys::owner(owner), keys::EXPORTS[0], &to).backward();
        let most = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
        let items = self.db.query(&query, most).await.map_err(failed("list exports"))?;
        let is_older = |item: &&Item| Key::of(item).is_ok_and(|key| before.is_none() || key.sk < to);
        let exports = readable(owner, items.iter().filter(is_older).take(limit as usize))?;
        self.all_with_lanes(exports).await
    }

    pub(super) async fn unsettled_exports(&self, owner: &Owner) -> Result<Vec<Export>, StoreError> {
        let active = self.db.get(&JOBS, &keys::active(owner)).await.map_err(failed("list exports"))?;
        let Active { running, waiting, .. } = active.as_ref().map_or(Ok(Active::default()), Active::read)?;
        let keys: Vec<_> = running.union(&waiting).map(|id| keys::export(owner, *id)).collect();
        let items = self.db.get_all(&JOBS, &keys).await.map_err(failed("list exports"))?;
        let mut exports = self.all_with_lanes(readable(owner, items.values())?).await?;
        // One may have ended between the two reads.
        exports.retain(|export| !export.state.is_settled());
        exports.sort_by_key(|export| export.id);
        Ok(exports)
    }

    pub(super) async fn segment_states(
        &self,
        owner: &Owner,
        id: ExportId,
        from: u32,
        limit: u32,
    ) -> Result<Vec<SegmentState>, StoreError> {
        let Some(of) = self.export(owner, id).await? else { return Ok(Vec::new()) };
        let end = of.export.plan.map_or(0, |plan| plan.segments).min(from.saturating_add(limit));
        if from >= end {
            return Ok(Vec::new());
        }
        let second = |number| keys::second_of_step(Step::Segment(number));
        let lane = |number| of.export.lane_of(Step::Segment(number));
        let lanes = lane(from).map_or(vec![None], |first| (first..=lane(end - 1).unwrap_or(first)).map(Some).collect());
        let mut items = Vec::new();
        for lane in lanes {
            let query = Query::range(JOBS, keys::steps(owner, id, lane), &second(from), &second(end - 1));
            items.extend(self.db.query(&query, (end - from) as usize).await.map_err(failed("list segments"))?);
        }
        let claimed: Vec<_> = items.iter().map(StepItem::read).collect::<Result<_, _>>()?;
        let mut claimed = claimed.iter().map(|item| item.under(&of)).peekable();
        let state = |number| {
            let row = claimed.next_if(|row| row.record.step == Step::Segment(number));
            let progress = row.as_ref().map_or(SegmentProgress::Waiting, StepRow::progress);
            SegmentState { number, attempt: row.map_or(0, |row| row.record.attempt), progress }
        };
        Ok((from..end).map(state).collect())
    }
}

pub(super) fn readable<'a>(owner: &Owner, items: impl Iterator<Item = &'a Item>) -> Result<Vec<Export>, StoreError> {
    let exports = items.map(|item| ExportRow::read(owner, item).map(|row| row.export));
    exports.filter(|export| !export.as_ref().is_err_and(is_unreadable)).collect()
}

const fn is_unreadable(error: &StoreError) -> bool {
    matches!(error, StoreError::TooNew { .. } | StoreError::Corrupt { .. })
}
