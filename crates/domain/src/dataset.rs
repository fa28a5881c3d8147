//! What can be exported: its columns, in the order of the contract.

/// Something that can be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dataset {
    /// An organisation's messages, from the lake.
    Messages,
}

impl Dataset {
    /// The name in requests, manifests and keys.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
        }
    }

    /// Counts every change of columns or their meaning; part of each part's key.
    pub const fn schema_version(self) -> u32 {
        match self {
            Self::Messages => 1,
        }
    }

    /// All columns, in the order in which they stand in a file.
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Messages => &MESSAGE_COLUMNS,
        }
    }
}

/// Columns of `messages` in contract order.
pub const MESSAGE_COLUMNS: [&str; 9] =
    ["message_id", "channel", "thread", "sender", "sent_at", "edited_at", "kind", "text", "attributes"];
