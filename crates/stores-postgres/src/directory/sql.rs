//! Every statement of the directory; a test shows that each goes by an index.

pub(super) const CREATE_ORGANISATION: &str =
    "INSERT INTO organisations (slug, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";

pub(super) const ORGANISATION: &str = "SELECT created_at FROM organisations WHERE slug = $1";

pub(super) const ORGANISATIONS: &str =
    "SELECT slug, created_at FROM organisations WHERE slug > $1 ORDER BY slug LIMIT $2";

pub(super) const BEGUN: &str = "SELECT id FROM users WHERE creation_key = $1";

pub(super) const BEGIN_USER: &str = "INSERT INTO users (id, state, creation_key, created_at)
     VALUES ($1, 'creating', $2, $3) ON CONFLICT (creation_key) DO NOTHING";

pub(super) const USER: &str = "SELECT state, created_at FROM users WHERE id = $1";

/// Whoever else wants to change the same user, or a place of theirs, waits.
pub(super) const HOLD_USER: &str = "SELECT state FROM users WHERE id = $1 FOR NO KEY UPDATE";

pub(super) const SET_STATE: &str = "UPDATE users
     SET state = $2, creation_key = CASE WHEN $2 = 'creating' THEN creation_key END WHERE id = $1";

pub(super) const LEAVE_ALL: &str = "DELETE FROM members WHERE user_id = $1";

pub(super) const MEMBER: &str = "SELECT role FROM members WHERE organisation = $1 AND user_id = $2";

/// No admin of the organisation leaves office meanwhile.
pub(super) const HOLD_ADMINS: &str = "SELECT user_id FROM members
     WHERE organisation = $1 AND role = 'admin' ORDER BY user_id FOR NO KEY UPDATE";

pub(super) const OTHER_ADMIN: &str = "SELECT EXISTS (SELECT 1 FROM members JOIN users ON users.id = members.user_id
     WHERE members.organisation = $1 AND members.role = 'admin' AND members.user_id <> $2 AND users.state = 'active')";

pub(super) const PUT_MEMBER: &str = "INSERT INTO members (organisation, user_id, role, since) VALUES ($1, $2, $3, $4)
     ON CONFLICT (organisation, user_id) DO UPDATE SET role = excluded.role";

pub(super) const REMOVE_MEMBER: &str = "DELETE FROM members WHERE organisation = $1 AND user_id = $2";

pub(super) const ROLE: &str = "SELECT members.role FROM users JOIN members ON members.user_id = users.id
     WHERE users.id = $2 AND users.state = 'active' AND members.organisation = $1";

pub(super) const MEMBERS: &str = "SELECT user_id, role, since FROM members
     WHERE organisation = $1 AND user_id > $2 ORDER BY user_id LIMIT $3";

pub(super) const ORGANISATIONS_OF: &str =
    "SELECT organisation, role FROM members WHERE user_id = $1 ORDER BY organisation LIMIT $2";

pub(super) const CREATE_TOKEN: &str =
    "INSERT INTO organisation_tokens (id, organisation, scopes, secret_sha256, created_at)
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";

pub(super) const TOKEN: &str =
    "SELECT organisation, scopes, secret_sha256, created_at FROM organisation_tokens WHERE id = $1";

pub(super) const REVOKE_TOKEN: &str = "DELETE FROM organisation_tokens WHERE id = $2 AND organisation = $1";

#[cfg(test)]
pub(super) const ALL: &[&str] = &[
    CREATE_ORGANISATION,
    ORGANISATION,
    ORGANISATIONS,
    BEGUN,
    BEGIN_USER,
    USER,
    HOLD_USER,
    SET_STATE,
    LEAVE_ALL,
    MEMBER,
    HOLD_ADMINS,
    OTHER_ADMIN,
    PUT_MEMBER,
    REMOVE_MEMBER,
    ROLE,
    MEMBERS,
    ORGANISATIONS_OF,
    CREATE_TOKEN,
    TOKEN,
    REVOKE_TOKEN,
];
