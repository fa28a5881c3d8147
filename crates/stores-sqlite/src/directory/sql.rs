//! Every statement of the directory; a test shows that each goes by an index.

pub(super) const CREATE_ORGANISATION: &str =
    "INSERT INTO organisations (slug, created_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING";

pub(super) const ORGANISATION: &str = "SELECT created_at FROM organisations WHERE slug = ?1";

pub(super) const ORGANISATIONS: &str =
    "SELECT slug, created_at FROM organisations WHERE slug > ?1 ORDER BY slug LIMIT ?2";

pub(super) const BEGUN: &str = "SELECT id FROM users WHERE creation_key = ?1";

pub(super) const BEGIN_USER: &str =
    "INSERT INTO users (id, state, creation_key, created_at) VALUES (?1, 'creating', ?2, ?3)";

pub(super) const USER: &str = "SELECT state, created_at FROM users WHERE id = ?1";

pub(super) const USER_KEY: &str = "SELECT key, state FROM users WHERE id = ?1";

pub(super) const SET_STATE: &str =
    "UPDATE users SET state = ?2, creation_key = iif(?2 = 'creating', creation_key, NULL) WHERE key = ?1";

pub(super) const LEAVE_ALL: &str = "DELETE FROM members WHERE user = ?1";

pub(super) const MEMBER: &str = "SELECT role FROM members WHERE organisation = ?1 AND user = ?2";

pub(super) const OTHER_ADMIN: &str = "SELECT EXISTS (SELECT 1 FROM members JOIN users ON users.key = members.user
     WHERE members.organisation = ?1 AND members.role = 'admin' AND members.user <> ?2 AND users.state = 'active')";

pub(super) const PUT_MEMBER: &str = "INSERT INTO members (organisation, user, role, since) VALUES (?1, ?2, ?3, ?4)
     ON CONFLICT (organisation, user) DO UPDATE SET role = excluded.role";

pub(super) const REMOVE_MEMBER: &str = "DELETE FROM members WHERE organisation = ?1 AND user = ?2";

pub(super) const ROLE: &str = "SELECT members.role FROM users JOIN members ON members.user = users.key
     WHERE users.id = ?2 AND users.state = 'active' AND members.organisation = ?1";

pub(super) const MEMBERS: &str = "SELECT users.id, members.role, members.since
     FROM members JOIN users ON users.key = members.user
     WHERE members.organisation = ?1 AND users.id > ?2 ORDER BY users.id LIMIT ?3";

pub(super) const ORGANISATIONS_OF: &str = "SELECT members.organisation, members.role
     FROM users JOIN members ON members.user = users.key
     WHERE users.id = ?1 ORDER BY members.organisation LIMIT ?2";

pub(super) const CREATE_TOKEN: &str =
    "INSERT INTO organisation_tokens (id, organisation, scopes, secret_sha256, created_at)
     VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";

pub(super) const TOKEN: &str =
    "SELECT organisation, scopes, secret_sha256, created_at FROM organisation_tokens WHERE id = ?1";

pub(super) const REVOKE_TOKEN: &str = "DELETE FROM organisation_tokens WHERE id = ?2 AND organisation = ?1";

#[cfg(test)]
pub(super) const ALL: &[&str] = &[
    CREATE_ORGANISATION,
    ORGANISATION,
    ORGANISATIONS,
    BEGUN,
    BEGIN_USER,
    USER,
    USER_KEY,
    SET_STATE,
    LEAVE_ALL,
    MEMBER,
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
