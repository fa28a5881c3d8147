//! What the audit trail remembers: who did what to whose data, never the data itself.

use crate::ids::{EventId, TokenId, UserId};
use crate::owner::Owner;
use crate::time::Micros;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id; ids sort by time.
    pub id: EventId,
    /// When.
    pub at: Micros,
    /// Who.
    pub actor: Actor,
    /// Whose data it is about.
    pub owner: Owner,
    /// What was done.
    pub action: Action,
    /// To what: the id of an export, a user, a token or a batch; never a name or an address.
    pub subject: String,
}

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A user, signed in.
    User(UserId),
    /// A program of the organisation.
    Token(TokenId),
    /// Whoever has the data folder.
    Operator,
}

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// What can be done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action {
            $($(#[$doc])* $variant,)*
        }

        impl Action {
            /// All actions.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in stores and answers.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The action of a name.
            pub fn of(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|action| action.name() == name)
            }
        }
    };
}

actions! {
    /// An export was asked for.
    ExportCreated = "export.created",
    /// An export was cancelled or deleted.
    ExportRemoved = "export.removed",
    /// Failed days of an export are repeated.
    ExportRetried = "export.retried",
    /// A link to a file or part was given out.
    LinkCreated = "link.created",
    /// Messages were brought in.
    MessagesIngested = "messages.ingested",
    /// A member was added, or their role changed.
    MemberPut = "member.put",
    /// A member was removed.
    MemberRemoved = "member.removed",
    /// A token of the organisation was made.
    TokenCreated = "token.created",
    /// A token of the organisation was revoked.
    TokenRevoked = "token.revoked",
    /// An organisation was made.
    OrganisationCreated = "organisation.created",
    /// A user was made.
    UserCreated = "user.created",
    /// A user may sign in no more, and every login of theirs ended.
    UserDisabled = "user.disabled",
    /// A disabled user may sign in again.
    UserEnabled = "user.enabled",
    /// A user was deleted for ever.
    UserDeleted = "user.deleted",
    /// Memberships of a user were added or replaced; the subject is the same in all events of one import.
    MembershipsImported = "memberships.imported",
    /// A user signed in.
    SignedIn = "user.signed_in",
    /// A refresh token was used twice, and its family ended.
    RefreshReused = "user.refresh_reused",
}
