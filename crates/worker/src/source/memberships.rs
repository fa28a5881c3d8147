//! Memberships of a user: one read of the store, one segment.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use domain::calendar::Span;
use domain::content_key::KeyBuilder;
use domain::dataset::MEMBERSHIP_COLUMNS;
use domain::export::Export;
use domain::ids::UserId;
use domain::membership::{Membership, price};
use domain::owner::Owner;
use domain::request::Request;
use domain::time::Day;
use domain::windows::Slice;
use encoder::part::{Container, PartEncoder, PartOptions};
use lake::table::plan::Plan;
use parts::PartRecord;
use parts::plan::{PlanError, PlannedSegment, SegmentPlan};

use super::Source;
use crate::error::StepError;
use crate::output::UploadOutput;
use crate::part::{BuildError, container, profile};
use crate::reconcile::Unreconciled;
use crate::steps::read_plan_or_plan_again;
use crate::worker::Worker;

/// Rows that are made into columns at a time.
const BATCH_ROWS: usize = 8_192;

pub(super) struct OfUser;

#[async_trait]
impl Source for OfUser {
    /// There is no snapshot: all rows come from one consistent read, whose attempt is part of the part's name.
    async fn pin(&self, _: &Worker, _: &Export) -> Result<i64, StepError> {
        Ok(0)
    }

    async fn hold(&self, _: &Worker, _: &Export) -> Result<(), StepError> {
        Ok(())
    }

    async fn plan(&self, _: &Worker, export: &Export, snapshot: i64) -> Result<(Plan, Vec<PlannedSegment>), StepError> {
        let (at, day) = (export.created_at, export.created_at.utc_day());
        let slice = Slice { span: Span { start: at, end: at }, first_day: day, last_day: day, window: None };
        let key = KeyBuilder::new("part")
            .text("owner", &export.owner.to_string())
            .text("dataset", export.request.dataset.name())
            .text("only for", &export.id.to_string())
            .finish();
        Ok((Plan { snapshot_id: snapshot, days: Vec::new() }, vec![PlannedSegment { slice, key }]))
    }

    async fn segment(&self, worker: &Worker, export: &Export, number: u32) -> Result<SegmentPlan, StepError> {
        let range = number..number.saturating_add(1);
        let segments = read_plan_or_plan_again(worker, export, move |plan| plan.segments(range.clone())).await?;
        let segment = segments.into_iter().next().ok_or(PlanError::Damaged("a segment is not there"))?;
        Ok(SegmentPlan { segment, days: Vec::new() })
    }

    async fn build(
        &self,
        worker: &Arc<Worker>,
        export: &Export,
        _: SegmentPlan,
        output: UploadOutput,
        _: Arc<AtomicBool>,
    ) -> Result<(PartRecord, UploadOutput), StepError> {
        let rows = worker.ports.memberships.memberships_of(user(export)?).await?;
        let (request, builder) = (export.request.clone(), Arc::clone(worker));
        let encode = move || {
            let built = encode(&request, &rows, output)?;
            builder.progress.rows_written(rows.len() as u64);
            Ok::<_, BuildError>(built)
        };
        Ok(tokio::task::spawn_blocking(encode).await??)
    }

    fn reconcile(&self, export: &Export, _: Vec<(Day, u64)>, records: &[PartRecord]) -> Result<(), StepError> {
        let whole = records.len() == 1 && records.iter().all(|record| record.rows() == record.part.rows_encoded);
        let what = "a part does not hold as many as were written";
        if whole { Ok(()) } else { Err(Unreconciled { day: export.created_at.utc_day(), what }.into()) }
    }
}

/// Writes the only entry; a zip without rows has none.
fn encode(
    request: &Request,
    rows: &[Membership],
    output: UploadOutput,
) -> Result<(PartRecord, UploadOutput), BuildError> {
    let (columns, container, schema) = (request.columns.indexes(), container(request), schema());
    let options = PartOptions {
        container,
        schema: schema.project(columns)?.into(),
        profile: profile(request),
        sha256: request.shape.sha256,
    };
    let mut part = PartEncoder::new(options, output)?;
    if !rows.is_empty() || container != Container::Zip {
        part.begin_entry(&format!("{}.csv", request.dataset.name()))?;
        for rows in rows.chunks(BATCH_ROWS) {
            part.write(&batch(&schema, rows)?.project(columns)?)?;
        }
        part.end_entry()?;
    }
    let (part, output) = part.finish()?;
    Ok((PartRecord::new(part, Vec::new(), Vec::new(), []), output))
}

/// Every column is text: what stands in the file is decided here.
fn schema() -> SchemaRef {
    let field = |name: &&str| Field::new(*name, DataType::Utf8, *name == "valid_until");
    Arc::new(Schema::new(MEMBERSHIP_COLUMNS.iter().map(field).collect::<Vec<_>>()))
}

fn batch(schema: &SchemaRef, rows: &[Membership]) -> Result<RecordBatch, ArrowError> {
    let text = |cell: fn(&Membership) -> String| -> ArrayRef {
        Arc::new(rows.iter().map(|row| Some(cell(row))).collect::<StringArray>())
    };
    let until: StringArray = rows.iter().map(|row| row.valid_until.map(|day| day.to_string())).collect();
    let columns = vec![
        text(|row| row.id.to_string()),
        text(|row| row.name.clone()),
        text(|row| row.user.to_string()),
        text(|row| price(row.recurring_price_hundredths)),
        text(|row| row.currency.as_str().to_owned()),
        text(|row| row.valid_from.to_string()),
        Arc::new(until),
        text(|row| row.state.name().to_owned()),
        text(|row| row.payment_method.name().to_owned()),
        text(|row| row.billing_interval.name().to_owned()),
        text(|row| row.billing_periods.to_string()),
    ];
    RecordBatch::try_new(Arc::clone(schema), columns)
}

/// The user whose memberships an export reads.
fn user(export: &Export) -> Result<UserId, StepError> {
    match &export.owner {
        Owner::User(user) => Ok(*user),
        // Requests are checked at the door; a record that says otherwise is not ours to guess at.
        Owner::Organisation(_) => Err(PlanError::Damaged("memberships belong to a user").into()),
    }
}
