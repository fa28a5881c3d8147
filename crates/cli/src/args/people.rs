//! The command line of users, members, tokens and memberships.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use domain::ids::{Slug, TokenId, UserId};
use domain::people::{Email, Role, Scope};

/// `outhaul user`.
#[derive(Debug, Subcommand)]
pub enum User {
    /// Create a user; the password is the first line of stdin, or OUTHAUL_PASSWORD (8 to 256 bytes)
    Create(Address),
    /// Let a user sign in no more, and end every login
    Disable(Leaving),
    /// Let a disabled user sign in again
    Enable(Address),
    /// Delete a user for ever; the address can be used again
    Delete(Leaving),
}

/// Whom a command is about.
#[derive(Debug, Args)]
pub struct Address {
    /// E-mail address
    pub email: Email,
}

/// Who is to go.
#[derive(Debug, Args)]
pub struct Leaving {
    /// E-mail address
    pub email: Email,
    /// Also where an organisation is left without an admin who can sign in
    #[arg(long)]
    pub force: bool,
}

/// `outhaul trail`.
#[derive(Debug, Args)]
pub struct Trail {
    /// Of this organisation
    #[arg(long, value_name = "SLUG", required_unless_present = "user", conflicts_with = "user")]
    pub org: Option<Slug>,
    /// Of this user
    #[arg(long, value_name = "ID")]
    pub user: Option<UserId>,
    /// Most events
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub limit: u32,
}

/// `outhaul member`.
#[derive(Debug, Subcommand)]
pub enum Member {
    /// Add a user to an organisation, or change the role
    Add {
        /// Organisation
        slug: Slug,
        /// E-mail address of the user
        email: Email,
        /// member, or admin: who also says who belongs to it, and brings messages in
        #[arg(long, value_name = "ROLE", default_value = "member")]
        role: Role,
    },
    /// Remove a user from an organisation
    Remove {
        /// Organisation
        slug: Slug,
        /// E-mail address of the user
        email: Email,
    },
}

/// `outhaul token`.
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Make a token for an organisation's own programs; it is shown once
    Create {
        /// Organisation
        slug: Slug,
        /// What it is good for: messages:write (repeat for more)
        #[arg(long = "scope", value_name = "SCOPE", required = true)]
        scopes: Vec<Scope>,
    },
    /// Revoke a token
    Revoke {
        /// Organisation
        slug: Slug,
        /// Id of the token, as `token create` showed it
        id: TokenId,
    },
}

/// `outhaul membership`.
#[derive(Debug, Subcommand)]
pub enum Membership {
    /// Add or replace memberships, all of a file or none
    Import {
        /// CSV with the columns of an export and email, in any order
        #[arg(value_name = "FILE.csv")]
        file: PathBuf,
    },
}
