//! Running the worker and watching one export until it is settled.

use std::time::Duration;

use domain::export::{Export, State};
use indicatif::ProgressBar;
use worker::Progress;

use crate::exit::Failure;
use crate::interrupt::Switch;
use crate::report::{Report, size};
use crate::wiring::Installation;

use super::trouble::TroubleWatch;

/// How often the bar is drawn, and how often the store is asked while other processes work.
const LOOK: Duration = Duration::from_millis(200);

const BAR: &str = "{spinner} {bar:32} {human_pos}/{human_len} rows  {msg}  {eta} left";

/// What ends the watch early.
pub struct Until {
    /// An interrupt.
    pub interrupted: Switch,
    /// How long the job store may refuse every write.
    pub patience: Duration,
}

/// The export once it is settled, or `None` after an interrupt, when every lease has been given back; and the rows that
/// this process encoded for it or others.
///
/// # Errors
/// Exit 6 once the job store has refused every write for too long; the export is left as it stands.
pub async fn until_settled(
    installation: &Installation,
    export: &Export,
    until: &Until,
    report: &Report,
) -> Result<(Option<Export>, u64), Failure> {
    let (worker, progress) = installation.worker().await?;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut recorded = worker.recorded();
    let work = tokio::spawn({
        let worker = worker.clone();
        async move { worker.run(stopped).await }
    });
    worker.wake(&export.owner).await;
    let bar = report.bar(0, BAR);
    let mut trouble = TroubleWatch::new(worker.trouble(), until.patience);
    let settled = loop {
        if *until.interrupted.borrow() {
            break Ok(None);
        }
        let now = installation.jobs.get(&export.owner, export.id).await?;
        let Some(now) = now else { break Ok(Some(export.clone())) };
        draw(&bar, &now, &progress);
        if now.state.is_settled() {
            break Ok(Some(now));
        }
        if let Err(failure) = trouble.look(installation.clock.monotonic(), report) {
            break Err(failure);
        }
        // Woken by each result of our own worker; the time-out draws the bar and sees what others did.
        let _ = tokio::time::timeout(LOOK, recorded.changed()).await;
    };
    stop.send_replace(true);
    work.await?;
    bar.finish_and_clear();
    Ok((settled?, progress.encoded_rows()))
}

fn draw(bar: &ProgressBar, export: &Export, progress: &Progress) {
    if let Some(plan) = export.plan {
        bar.set_length(plan.rows);
    }
    let rows = export.rows.max(progress.encoded_rows() + progress.reused_rows());
    bar.set_position(rows.min(bar.length().unwrap_or(rows)));
    let doing = match export.state {
        State::Queued => "waits for a place".to_owned(),
        _ => size(progress.stored_bytes()),
    };
    bar.set_message(doing);
}
