//! The worker: claims steps, carries them out, records what came of them.

mod error;
mod held;
mod lanes;
mod manifest;
mod names;
mod output;
pub mod part;
pub mod plan;
mod plan_object;
mod progress;
pub mod reconcile;
mod steps;
mod sweeper;
mod trouble;
mod volumes;
mod worker;

pub use error::{StepError, message};
pub use names::{file_name, manifest_name, with_volume};
pub use progress::Progress;
pub use steps::FAILPOINTS;
pub use worker::{Ports, Worker, WorkerOptions};
