//! The client, the artifacts and a lake on a real S3 server, and on a way to it that breaks.

mod assembly;
mod client;
mod faults;
mod lakes;
mod support;
mod uploads;

use artifacts::artifacts_contract;

artifacts_contract!({
    let Some(made) = support::fresh().await else { return };
    made
});
