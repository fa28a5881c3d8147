//! For whom a transaction runs: each call says it, from its typed values, and the policies of the tables compare rows with it.

use domain::ids::{Slug, TokenId, UserId};
use postgres::Settings;

/// The organisation whose rows are there.
const ORGANISATION: &str = "outhaul.organisation";
/// The users whose rows are there: ids with commas between. One in every call but an import.
const USERS: &str = "outhaul.users";
/// The creation that is gone on with: the key in hexadecimal digits.
const CREATION: &str = "outhaul.creation";
/// The token that is looked up before anybody knows whose it is.
const TOKEN: &str = "outhaul.token";
/// `organisations`: the list of all organisations is there, and nothing else.
const LIST: &str = "outhaul.list";

/// The rows of an organisation.
pub(crate) fn organisation(organisation: &Slug) -> Settings {
    Settings::none().with(ORGANISATION, organisation)
}

/// The rows of one user.
pub(crate) fn user(user: UserId) -> Settings {
    Settings::none().with(USERS, user)
}

/// The rows of an organisation, and what the directory knows of a user.
pub(crate) fn member(of: &Slug, user: UserId) -> Settings {
    organisation(of).with(USERS, user)
}

/// The rows of some users: for imports, which are of many.
pub(crate) fn users(users: &[UserId]) -> Settings {
    let ids: Vec<String> = users.iter().map(UserId::to_string).collect();
    Settings::none().with(USERS, ids.join(","))
}

/// The user who is being created under a key, whatever their id is, or the new one.
pub(crate) fn creation(new: UserId, key: &[u8; 32]) -> Settings {
    let digits = key.iter().map(|byte| format!("{byte:02x}"));
    user(new).with(CREATION, digits.collect::<String>())
}

/// One token, whosever it is.
pub(crate) fn token(token: TokenId) -> Settings {
    Settings::none().with(TOKEN, token)
}

/// The list of organisations.
pub(crate) fn list() -> Settings {
    Settings::none().with(LIST, "organisations")
}
