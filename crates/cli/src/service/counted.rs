//! What the worker of this process does, among the counts that the API shows.

use std::sync::Arc;
use std::time::Duration;

use api::metrics::{Mail, Metrics};
use worker::{LetterOutcome, Observer};

/// Counts what a worker does.
#[derive(Debug)]
pub struct Counted(pub Arc<Metrics>);

impl Observer for Counted {
    fn segment_built(&self, took: Duration, rows: u64, bytes: u64) {
        self.0.segment(took, rows, bytes);
    }

    fn swept(&self) {
        self.0.sweep();
    }

    fn letter(&self, outcome: LetterOutcome) {
        self.0.mail(match outcome {
            LetterOutcome::Sent => Mail::Sent,
            LetterOutcome::Retried => Mail::Retried,
            LetterOutcome::Failed => Mail::Failed,
        });
    }
}
