//! What `/readyz` and `/metrics` say while something is away.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use api::{Options, Ports};
use async_trait::async_trait;
use axum::http::{Method, StatusCode};
use domain::audit::Event;
use domain::export::{Export, Lease, Outcome, Seen};
use domain::ids::{EventId, ExportId, WorkerId};
use domain::owner::Owner;
use stores::jobs::Census;
use stores::{Audit, Claimed, Created, Due, Jobs, NewExport, Recorded, Retried, SegmentState, StoreError, Then};

use crate::support::World;

/// How a store is away.
#[derive(Clone, Copy)]
enum Away {
    Fails,
    Hangs,
}

impl Away {
    async fn answer<T>(self) -> Result<T, StoreError> {
        match self {
            Self::Fails => Err(StoreError::Unavailable { doing: "ask", source: "canary".into() }),
            Self::Hangs => pending().await,
        }
    }
}

#[async_trait]
impl Audit for Away {
    async fn add_event(&self, _: &Event) -> Result<(), StoreError> {
        self.answer().await
    }

    async fn events(&self, _: &Owner, _: Option<EventId>, _: u32) -> Result<Vec<Event>, StoreError> {
        self.answer().await
    }
}

#[async_trait]
impl Jobs for Away {
    async fn create(&self, _: NewExport) -> Result<Created, StoreError> {
        self.answer().await
    }
    async fn get(&self, _: &Owner, _: ExportId) -> Result<Option<Export>, StoreError> {
        self.answer().await
    }
    async fn list(&self, _: &Owner, _: Option<ExportId>, _: u32) -> Result<Vec<Export>, StoreError> {
        self.answer().await
    }
    async fn unsettled(&self, _: &Owner) -> Result<Vec<Export>, StoreError> {
        self.answer().await
    }
    async fn claim(&self, _: &Owner, _: WorkerId, _: u32) -> Result<Option<Claimed>, StoreError> {
        self.answer().await
    }
    async fn beat(&self, _: &[Lease]) -> Result<Vec<bool>, StoreError> {
        self.answer().await
    }
    async fn record(&self, _: &Lease, _: Outcome, _: Then) -> Result<Recorded, StoreError> {
        self.answer().await
    }
    async fn look(&self, _: &Owner) -> Result<Vec<(ExportId, Seen)>, StoreError> {
        self.answer().await
    }
    async fn take_over(&self, _: &Owner, _: ExportId, _: &Seen) -> Result<bool, StoreError> {
        self.answer().await
    }
    async fn cancel(&self, _: &Owner, _: ExportId) -> Result<Option<Export>, StoreError> {
        self.answer().await
    }
    async fn retry(&self, _: &Owner, _: ExportId) -> Result<Option<Retried>, StoreError> {
        self.answer().await
    }
    async fn due(&self, _: u32) -> Result<Due, StoreError> {
        self.answer().await
    }
    async fn segments(&self, _: &Owner, _: ExportId, _: u32, _: u32) -> Result<Vec<SegmentState>, StoreError> {
        self.answer().await
    }
    async fn purge(&self, _: u64) -> Result<u64, StoreError> {
        self.answer().await
    }
    async fn census(&self) -> Result<Census, StoreError> {
        self.answer().await
    }
    async fn ping(&self) -> Result<(), StoreError> {
        self.answer().await
    }
}

async fn world(change: impl FnOnce(&mut Ports)) -> World {
    World::built(Options::default(), 1, change).await
}

#[track_caller]
fn check(answer: &crate::support::Answer, away: &str) {
    answer.is_problem(503, "unavailable");
    assert_eq!(answer.header("retry-after"), Some("2"));
    assert_eq!(answer.json()["detail"], format!("away: {away}"));
}

#[tokio::test]
async fn who_is_away_is_named_within_two_seconds() {
    let world = world(|ports| (ports.jobs, ports.audit) = (Arc::new(Away::Hangs), Arc::new(Away::Fails))).await;
    let answer = tokio::time::timeout(Duration::from_secs(2), world.call(Method::GET, "/readyz", None)).await;
    check(&answer.expect("an answer in time"), "jobs, audit");
}

#[tokio::test]
async fn a_lake_that_is_gone_is_named() {
    let world = world(|_| {}).await;
    assert_eq!(world.call(Method::GET, "/readyz", None).await.status, StatusCode::OK);
    let metadata = world.folder.path().join("lake");
    let aside = world.folder.path().join("aside");
    std::fs::rename(&metadata, &aside).unwrap();
    check(&world.call(Method::GET, "/readyz", None).await, "lake");
    std::fs::rename(&aside, &metadata).unwrap();
    assert_eq!(world.call(Method::GET, "/readyz", None).await.status, StatusCode::OK);
}

/// What this process counted is told all the same.
#[tokio::test]
async fn without_the_job_store_its_counts_are_left_out() {
    for away in [Away::Fails, Away::Hangs] {
        let world = world(|ports| ports.jobs = Arc::new(away)).await;
        world.call(Method::GET, "/livez", None).await;
        let answer = world.call(Method::GET, "/metrics", None).await;
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(text.contains("outhaul_requests_total") && text.ends_with("# EOF\n"), "{text}");
        assert!(!text.contains("outhaul_exports") && !text.contains("oldest_due"), "{text}");
    }
}
