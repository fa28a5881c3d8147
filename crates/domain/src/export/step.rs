//! The steps an export is made of.

use std::fmt;

/// One unit of work that a worker claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Pin the snapshot, cut the range, write the plan.
    Plan,
    /// Build the part of segment n (from 0).
    Segment(u32),
    /// Put the parts together.
    Assemble,
    /// Send the letter that says how it ended.
    Notify,
    /// Remove the files of a finished export whose time is over.
    Expire,
    /// Remove what a failed, cancelled or deleted export left.
    Delete,
}

impl Step {
    /// What kind of step, as logs and records name it.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Segment(_) => "segment",
            Self::Assemble => "assemble",
            Self::Notify => "notify",
            Self::Expire => "expire",
            Self::Delete => "delete",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Segment(number) => write!(f, "segment {number}"),
            other => f.write_str(other.kind()),
        }
    }
}
