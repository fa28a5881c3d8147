//! The worker: claims steps, carries them out, records what came of them.

mod error;
mod held;
mod hints;
mod lanes;
mod manifest;
mod observer;
mod output;
pub mod part;
mod ports;
mod progress;
pub mod reconcile;
mod source;
mod steps;
mod sweeper;
mod trouble;
mod volumes;
mod worker;

pub use error::{StepError, message};
pub use observer::{LetterOutcome, Observer};
pub use parts::names::{file_name, manifest_name, with_volume};
pub use ports::{Mail, Ports, WorkerOptions};
pub use progress::Progress;
pub use steps::FAILPOINTS;
pub use worker::Worker;
