//! How long anything may take; every wait for PostgreSQL has one of these bounds.

use std::time::Duration;

/// Bounds of what is asked of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// A call from its beginning to its end: the wait for a place in the pool, connecting, each statement, each repeat.
    /// It is measured here, so a server that says nothing at all ends it, too. 1.8 s: a caller has its answer within 2 s.
    pub call: Duration,
    /// A statement, measured by the server (`statement_timeout`): what nobody waits for any more ends there. 2 s.
    pub statement: Duration,
    /// How long the server keeps a transaction whose client says nothing (`idle_in_transaction_session_timeout`), so the
    /// locks of a client that was cut off are gone after this. 2 s.
    pub silence: Duration,
    /// An import from its beginning to its end; each of its statements has the time of a call. 60 s.
    pub import: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            call: Duration::from_millis(1_800),
            statement: Duration::from_secs(2),
            silence: Duration::from_secs(2),
            import: Duration::from_secs(60),
        }
    }
}
