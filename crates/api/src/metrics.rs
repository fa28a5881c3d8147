//! What is counted (Prometheus): few names, few labels, never an organisation or a person.

use std::iter;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use domain::export::State;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use stores::jobs::Census;

/// Upper bounds of the times of requests (seconds).
const REQUEST_BOUNDS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
/// Upper bounds of the times of segments (seconds).
const SEGMENT_BOUNDS: [f64; 9] = [0.1, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 1_800.0];

type FloatGauge = Gauge<f64, AtomicU64>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    path: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    state: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MailLabels {
    outcome: Mail,
}

/// What came of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mail {
    /// The mail server took it.
    Sent,
    /// It will be tried again.
    Retried,
    /// It was given up.
    Failed,
}

impl EncodeLabelValue for Mail {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        let name = match self {
            Self::Sent => "sent",
            Self::Retried => "retried",
            Self::Failed => "failed",
        };
        EncodeLabelValue::encode(&name, encoder)
    }
}

/// All counts of one process. The API feeds the requests, whoever runs a worker the rest.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Histogram,
    segment_seconds: Histogram,
    rows: Counter,
    bytes: Counter,
    sweeps: Counter,
    mails: Family<MailLabels, Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("outhaul"),
            requests: Family::default(),
            request_seconds: Histogram::new(REQUEST_BOUNDS),
            segment_seconds: Histogram::new(SEGMENT_BOUNDS),
            rows: Counter::default(),
            bytes: Counter::default(),
            sweeps: Counter::default(),
            mails: Family::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    /// One request was answered; `path` is the route's pattern.
    pub fn answered(&self, method: &'static str, path: &str, status: u16, took: Duration) {
        self.requests.get_or_create(&RequestLabels { method, path: path.to_owned(), status }).inc();
        self.request_seconds.observe(took.as_secs_f64());
    }

    /// A segment was built.
    pub fn segment(&self, took: Duration, rows: u64, bytes: u64) {
        self.segment_seconds.observe(took.as_secs_f64());
        self.rows.inc_by(rows);
        self.bytes.inc_by(bytes);
    }

    /// The sweeper looked for due steps.
    pub fn sweep(&self) {
        self.sweeps.inc();
    }

    /// A letter was tried.
    pub fn mail(&self, outcome: Mail) {
        self.mails.get_or_create(&MailLabels { outcome }).inc();
    }

    /// All counts in the OpenMetrics text format 1.0, with those of the job store where it gave some.
    pub fn text(&self, census: Option<&Census>) -> String {
        let mut text = String::new();
        let of_the_store = census.map(counted);
        let written =
            iter::once(&self.registry).chain(&of_the_store).try_for_each(|part| encode_registry(&mut text, part));
        written.and_then(|()| encode_eof(&mut text)).expect("writing to a string does not fail");
        text
    }

    fn register(&mut self) {
        let r = &mut self.registry;
        r.register("requests", "Requests answered", self.requests.clone());
        r.register_with_unit(
            "request",
            "Time until the head of an answer",
            Unit::Seconds,
            self.request_seconds.clone(),
        );
        r.register_with_unit("segment", "Time to build a segment", Unit::Seconds, self.segment_seconds.clone());
        r.register("rows", "Rows written into parts", self.rows.clone());
        r.register_with_unit("written", "Uncompressed bytes written into parts", Unit::Bytes, self.bytes.clone());
        r.register("sweeps", "Looks for due steps", self.sweeps.clone());
        r.register("mails", "Letters by outcome", self.mails.clone());
    }
}

/// What the job store counted at this moment; it is the same in each process that asks.
fn counted(census: &Census) -> Registry {
    let (exports, claimable, oldest) =
        (Family::<StateLabels, Gauge>::default(), Gauge::<i64>::default(), FloatGauge::default());
    for (state, count) in State::NAMES.into_iter().zip(census.exports) {
        exports.get_or_create(&StateLabels { state }).set(i64::try_from(count).unwrap_or(i64::MAX));
    }
    claimable.set(i64::try_from(census.claimable_segments).unwrap_or(i64::MAX));
    oldest.set(census.oldest_due.as_secs_f64());
    let mut registry = Registry::with_prefix("outhaul");
    registry.register("exports", "Exports by state", exports);
    registry.register("claimable_segments", "Segments that could be worked on now", claimable);
    registry.register_with_unit("oldest_due_step", "How long the step due longest has waited", Unit::Seconds, oldest);
    registry
}
