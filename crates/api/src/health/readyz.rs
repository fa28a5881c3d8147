//! `GET /readyz`: whether everything that requests and steps need answers in time; of a worker, what its steps need.

use std::fmt::Display;
use std::sync::Arc;

use axum::extract::State;
use domain::ids::UserId;
use domain::owner::Owner;
use uuid::Uuid;

use super::PATIENCE;
use crate::App;
use crate::problem::Problem;

/// Nobody has this id: the answer does not matter, only that there is one.
const NOBODY: UserId = UserId(Uuid::nil());

/// Asks every store, the lake and the artifacts at once; a problem names those that are away.
#[utoipa::path(get, path = "/readyz", operation_id = "readyz", tag = "operations", security(()),
    responses((status = 200, description = "Requests can be answered", body = String, content_type = "text/plain", example = "ok\n")))]
pub(crate) async fn readyz(State(app): State<Arc<App>>) -> Result<&'static str, Problem> {
    let ports = &app.ports;
    let (steps, accounts, audit) = futures::join!(
        of_steps(&app),
        asked("accounts", ports.accounts.account(NOBODY)),
        asked("audit", async { ports.audit.events(&Owner::User(NOBODY), None, 1).await }),
    );
    answer(steps.into_iter().chain([accounts, audit]))
}

/// The same for a worker, who has no right to see logins and the audit trail, and no use for them.
pub(crate) async fn of_a_worker(State(app): State<Arc<App>>) -> Result<&'static str, Problem> {
    answer(of_steps(&app).await)
}

/// Who does not answer, of those that steps need. The queue is not among them: without it the sweeper finds the work.
async fn of_steps(app: &App) -> [Option<&'static str>; 5] {
    let ports = &app.ports;
    futures::join!(
        asked("jobs", ports.jobs.ping()),
        asked("directory", ports.directory.ping_directory()),
        asked("memberships", ports.memberships.memberships_page(NOBODY, None, 1)),
        asked("lake", ports.lake.ping()),
        asked("artifacts", ports.artifacts.ping()),
    )
    .into()
}

fn answer(away: impl IntoIterator<Item = Option<&'static str>>) -> Result<&'static str, Problem> {
    let away: Vec<&str> = away.into_iter().flatten().collect();
    if away.is_empty() {
        return Ok("ok\n");
    }
    Err(Problem::unavailable().detail(format!("away: {}", away.join(", "))))
}

/// The name of who did not answer.
async fn asked<T, E: Display>(
    name: &'static str,
    question: impl Future<Output = Result<T, E>>,
) -> Option<&'static str> {
    match tokio::time::timeout(PATIENCE, question).await {
        Ok(Ok(_)) => return None,
        Ok(Err(error)) => tracing::warn!(name, %error, "does not answer as it should"),
        Err(_) => tracing::warn!(name, milliseconds = PATIENCE.as_millis(), "does not answer in time"),
    }
    Some(name)
}
