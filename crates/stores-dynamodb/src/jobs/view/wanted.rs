//! Steps and lanes of an export: what is asked for together, what was read of them, what becomes of a lane.

use domain::export::{Export, Lane, Segments, Step, has_come};
use domain::ids::ExportId;
use stores::StoreError;

use super::View;
use crate::db::{Change, Condition};
use crate::error::refused;
use crate::item::{Item, Key};
use crate::jobs::rows::{self, ExportRow};
use crate::jobs::{keys, lanes};

impl View<'_> {
    /// The step, and those of the export that are asked for with it: one read instead of many.
    pub(super) fn ask_for_step(&self, of: &Export, step: Step) -> StoreError {
        let lane = of.lane_of(step).and_then(|number| self.read_lane(of.id, number).ok().flatten());
        let segments = lane.as_ref().map(|lane| &lane.segments).or_else(|| of.segments());
        let steps = match (&of.resume, segments) {
            (Some(resume), _) => resume.retry.keys().copied().collect(),
            (None, Some(segments)) => self.wanted_with(segments),
            (None, None) => Vec::new(),
        };
        let steps = steps.into_iter().map(Step::Segment).chain([step]);
        let unread = steps.map(|step| self.step_key(of, step)).filter(|key| !self.reads.items.contains_key(key));
        let unread = unread.collect::<Vec<_>>();
        self.ask(|missing| missing.items.extend(unread))
    }

    /// The segments that are claimed with the one that is asked for, as far as they may have been claimed before.
    fn wanted_with(&self, segments: &Segments) -> Vec<u32> {
        let due = segments.retry.iter().filter(|(_, at)| has_come(**at, self.now)).map(|(number, _)| *number);
        // Asked for only where the export is not believed.
        let fresh = segments.fresh.numbers().filter(|_| self.reads.doubts);
        due.chain(fresh).take(self.limits.claim_segments as usize).collect()
    }

    pub(super) fn step_key(&self, of: &Export, step: Step) -> Key {
        keys::step(self.owner, of.id, of.lane_of(step), step)
    }

    /// A lane as it was read. One under another fence than its export is of a time before or behind it.
    pub(super) fn read_lane(&self, id: ExportId, number: u32) -> Result<Option<Lane>, StoreError> {
        let Some(item) = self.lane_item(id, number)? else { return Ok(None) };
        let of = self.item(&keys::export(self.owner, id))?.map(|item| ExportRow::read(self.owner, item)).transpose()?;
        if of.is_none_or(|of| lanes::fence_of(item).is_ok_and(|fence| fence != of.fence)) {
            self.is_overtaken.set(true);
            return Err(refused("decide", "another write came between two reads"));
        }
        lanes::read_lane(id, number, item).map(Some)
    }

    /// The item of a lane. The one that is asked for first is often the only one; with the second come all.
    pub(super) fn lane_item(&self, id: ExportId, number: u32) -> Result<Option<&Item>, StoreError> {
        let key = keys::lane(self.owner, id, number);
        if !self.reads.items.contains_key(&key) {
            let lanes = self.export_row(id)?.map_or(0, |row| row.export.lanes);
            let mut all: Vec<_> = (0..lanes).map(|number| keys::lane(self.owner, id, number)).collect();
            all.retain(|key| !self.reads.items.contains_key(key));
            let wanted = if all.len() < lanes as usize { all } else { vec![key] };
            return Err(self.ask(|missing| missing.items.extend(wanted)));
        }
        self.item(&key)
    }

    /// By the export as it was read: what this write claims was fresh before it.
    pub(super) fn is_fresh(&self, id: ExportId, step: Step) -> Result<bool, StoreError> {
        let item = self.item(&keys::export(self.owner, id))?;
        let read = item.map(|item| ExportRow::read(self.owner, item)).transpose()?;
        let Some(row) = read else { return Ok(true) };
        let lane = match row.export.lane_of(step).filter(|_| lanes::has_lanes(&row.export)) {
            Some(number) => self.read_lane(id, number)?,
            None => None,
        };
        Ok(rows::is_fresh(&row.export, lane.as_ref(), step))
    }

    pub(super) fn change_of_lane(
        &self,
        id: ExportId,
        number: u32,
        lane: Option<&Lane>,
    ) -> Result<Option<Change>, StoreError> {
        let key = keys::lane(self.owner, id, number);
        let Some(lane) = lane else {
            let read = self.reads.items.get(&key).and_then(Option::as_ref);
            return Ok(read.map(|read| Change::Delete(key, Condition::unchanged(Some(read)))));
        };
        let of = self.export_row(id)?.ok_or_else(|| refused("write a lane", "its export is not there"))?;
        Ok(Some(self.put(key, lanes::write_lane(&of, lane, self.limits)?)))
    }
}
