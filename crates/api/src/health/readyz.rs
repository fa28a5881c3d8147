//! `GET /readyz`: whether every store that requests need answers within 2 s.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use domain::ids::UserId;
use stores::StoreError;
use uuid::Uuid;

use crate::App;
use crate::problem::Problem;

/// How long each store has to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks the stores. The queue is not among them: without it the sweeper finds the work.
#[utoipa::path(get, path = "/readyz", operation_id = "readyz", tag = "operations", security(()),
    responses((status = 200, description = "Requests can be answered", body = String, content_type = "text/plain", example = "ok\n")))]
pub(crate) async fn readyz(State(app): State<Arc<App>>) -> Result<&'static str, Problem> {
    let ports = &app.ports;
    // An account that nobody has: the answer does not matter, only that there is one.
    let accounts = async { ports.accounts.account(UserId(Uuid::nil())).await.map(drop) };
    let stores = futures::future::join3(
        asked("jobs", ports.jobs.ping()),
        asked("directory", ports.directory.ping_directory()),
        asked("accounts", accounts),
    );
    match stores.await {
        (true, true, true) => Ok("ok\n"),
        _ => Err(Problem::unavailable()),
    }
}

async fn asked(store: &'static str, ping: impl Future<Output = Result<(), StoreError>>) -> bool {
    let answered = matches!(tokio::time::timeout(PATIENCE, ping).await, Ok(Ok(())));
    if !answered {
        tracing::warn!(store, "a store does not answer");
    }
    answered
}
