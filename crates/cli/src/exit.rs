//! Exit codes, and errors that know theirs.

use std::process::ExitCode;

use clap::error::ErrorKind;

/// The exit codes that scripts may rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Failed.
    Failed = 1,
    /// The command line, or a date or zone in it, cannot be understood.
    Usage = 2,
    /// Input was refused.
    Refused = 3,
    /// Not found, or no access.
    NotFound = 4,
    /// An archive does not hold what its manifest says.
    Unverified = 5,
    /// A backend is not available.
    Unavailable = 6,
    /// Interrupted.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A command that did not come to its end.
#[derive(Debug)]
pub struct Failure {
    /// How the process ends.
    pub code: Exit,
    /// What to tell the user.
    pub error: anyhow::Error,
}

impl Failure {
    /// A failure of one kind.
    pub fn new(code: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self { code, error: error.into() }
    }

    /// A command line that cannot be carried out as it stands.
    pub fn usage(message: impl std::fmt::Display) -> Self {
        Self::new(Exit::Usage, anyhow::anyhow!("{message}"))
    }
}

/// Whatever has no code of its own is a plain failure.
impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(Exit::Failed, error)
    }
}

/// Gives errors a code where they happen.
pub trait OrExit<T> {
    /// The error with this code.
    fn or_exit(self, code: Exit) -> Result<T, Failure>;
}

impl<T, E: Into<anyhow::Error>> OrExit<T> for Result<T, E> {
    fn or_exit(self, code: Exit) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(code, error))
    }
}

/// Prints help, the version or what is wrong with the command line.
pub fn usage(refused: &clap::Error) -> ExitCode {
    // There is nobody left to tell if the terminal is gone.
    let _ = refused.print();
    match refused.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Done.into(),
        _ => Exit::Usage.into(),
    }
}
