//! A terminal that does not show what is typed, while a password is.

use std::io::{self, IsTerminal, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// Stands for a silent terminal; at its end the terminal is as it was.
pub(super) struct Silence(Termios);

/// Asks for a password on the terminal and lets it show nothing; nothing happens where stdin is no terminal.
pub(super) fn begin(prompt: &str) -> Option<Silence> {
    let input = io::stdin();
    if !input.is_terminal() {
        return None;
    }
    let usual = tcgetattr(&input).ok()?;
    let mut silent = usual.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    // The line end still shows, so that whoever types sees that it was taken.
    silent.local_modes.insert(LocalModes::ECHONL);
    tcsetattr(&input, OptionalActions::Flush, &silent).ok()?;
    let mut stderr = io::stderr();
    // Whoever cannot read the question may still answer it.
    let _ = write!(stderr, "{prompt}").and_then(|()| stderr.flush());
    Some(Silence(usual))
}

impl Drop for Silence {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}
