//! Ctrl-C and SIGTERM: the work in hand ends early, is given back, and the process leaves with 130.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// False until an interrupt comes.
pub type Switch = watch::Receiver<bool>;

/// A switch that an interrupt turns to true. A second interrupt ends the process at once.
pub fn switch() -> std::io::Result<Switch> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if sender.send_replace(true) {
                std::process::exit(130);
            }
        }
    });
    Ok(receiver)
}

/// Waits for an interrupt.
pub async fn came(switch: &mut Switch) {
    // Without a sender no interrupt can come any more.
    if switch.wait_for(|interrupted| *interrupted).await.is_err() {
        std::future::pending::<()>().await;
    }
}
