//! Ctrl-C and SIGTERM: the work in hand ends early, is given back, and the process leaves with 130.

use std::sync::{Arc, OnceLock};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::exit::Exit;

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

/// A switch for a process that stays, and how it leaves once the switch has turned: 0 after SIGTERM, which asks for
/// just that. A second signal ends the process at once.
pub fn stop() -> std::io::Result<(Switch, Arc<OnceLock<Exit>>)> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let (sender, receiver) = watch::channel(false);
    let exit = Arc::new(OnceLock::new());
    let told = Arc::clone(&exit);
    tokio::spawn(async move {
        loop {
            let exit = tokio::select! {
                _ = interrupt.recv() => Exit::Interrupted,
                _ = terminate.recv() => Exit::Done,
            };
            if told.set(exit).is_err() {
                std::process::exit(130);
            }
            sender.send_replace(true);
        }
    });
    Ok((receiver, exit))
}

/// Waits for an interrupt.
pub async fn came(switch: &mut Switch) {
    // Without a sender no interrupt can come any more.
    if switch.wait_for(|interrupted| *interrupted).await.is_err() {
        std::future::pending::<()>().await;
    }
}
