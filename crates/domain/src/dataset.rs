//! What can be exported: its columns, in the order of the contract.

/// Something that can be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dataset {
    /// An organisation's messages, from the lake.
    Messages,
    /// A user's memberships, from the directory's store.
    Memberships,
}

impl Dataset {
    /// All datasets.
    pub const ALL: [Self; 2] = [Self::Messages, Self::Memberships];

    /// The name in requests, manifests and keys.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Memberships => "memberships",
        }
    }

    /// Counts every change of columns or their meaning; part of each part's key.
    pub const fn schema_version(self) -> u32 {
        match self {
            Self::Messages | Self::Memberships => 1,
        }
    }

    /// Whether equal keys mean equal rows, so that a finished part can be used again.
    pub const fn has_content_versions(self) -> bool {
        matches!(self, Self::Messages)
    }

    /// Whether a small file comes with the letter that says that it is ready.
    pub const fn comes_with_the_letter(self) -> bool {
        matches!(self, Self::Memberships)
    }

    /// All columns, in the order in which they stand in a file.
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Messages => &MESSAGE_COLUMNS,
            Self::Memberships => &MEMBERSHIP_COLUMNS,
        }
    }
}

/// Columns of `messages` in contract order.
pub const MESSAGE_COLUMNS: [&str; 9] =
    ["message_id", "channel", "thread", "sender", "sent_at", "edited_at", "kind", "text", "attributes"];

/// Columns of `memberships` in contract order.
pub const MEMBERSHIP_COLUMNS: [&str; 11] = [
    "id",
    "name",
    "user_id",
    "recurring_price",
    "currency",
    "valid_from",
    "valid_until",
    "state",
    "payment_method",
    "billing_interval",
    "billing_periods",
];
