//! A job store that takes no writes, e.g. on a full disk: the user hears of it, and the command does not wait for ever.

use std::time::Duration;

use anyhow::anyhow;
use tokio::sync::watch;

use crate::exit::{Exit, Failure};
use crate::report::Report;

/// Looks how long there has been trouble.
pub struct TroubleWatch {
    trouble: watch::Receiver<Option<String>>,
    patience: Duration,
    /// By the monotonic clock.
    since: Option<Duration>,
}

impl TroubleWatch {
    /// Without trouble yet.
    pub fn new(trouble: watch::Receiver<Option<String>>, patience: Duration) -> Self {
        Self { trouble, patience, since: None }
    }

    /// Tells the user what is wrong when it begins, and ends the wait when it lasts; `now` is of the monotonic clock.
    ///
    /// # Errors
    /// Exit 6 after all patience.
    pub fn look(&mut self, now: Duration, report: &Report) -> Result<(), Failure> {
        let Some(trouble) = self.trouble.borrow().clone() else {
            self.since = None;
            return Ok(());
        };
        let since = *self.since.get_or_insert_with(|| {
            report.say(format!("no progress: {trouble}"));
            now
        });
        if now - since < self.patience {
            return Ok(());
        }
        let lasts = anyhow!("{trouble}; the same command goes on from here once that is over");
        Err(Failure::new(Exit::Unavailable, lasts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Cli;
    use clap::Parser;

    #[test]
    fn only_trouble_that_lasts_ends_the_wait() {
        let report = Report::new(&Cli::parse_from(["outhaul", "-q", "doctor"]).global);
        let (sender, receiver) = watch::channel(None);
        let mut trouble = TroubleWatch::new(receiver, Duration::from_secs(10));
        let mut look = |seconds| trouble.look(Duration::from_secs(seconds), &report);
        look(0).unwrap();
        sender.send_replace(Some("full".to_owned()));
        look(100).unwrap();
        look(109).unwrap();
        sender.send_replace(None);
        look(111).unwrap();
        sender.send_replace(Some("full again".to_owned()));
        look(112).unwrap();
        look(121).unwrap();
        let ended = look(122).unwrap_err();
        assert_eq!(ended.code, Exit::Unavailable);
        assert!(ended.error.to_string().starts_with("full again; the same command"), "{}", ended.error);
    }
}
