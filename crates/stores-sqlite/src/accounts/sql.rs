//! Every statement of the accounts; a test shows that each goes by an index.

pub(super) const HOLDER: &str = "SELECT id FROM accounts WHERE email_key = ?1";

pub(super) const HAS_ACCOUNT: &str = "SELECT id FROM accounts WHERE id = ?1";

pub(super) const CREATE: &str = "INSERT INTO accounts (id, email_key, email, password_hash, profile, created_at)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

pub(super) const BY_EMAIL: &str =
    "SELECT id, email, password_hash, profile, created_at FROM accounts WHERE email_key = ?1";

pub(super) const BY_ID: &str = "SELECT id, email, password_hash, profile, created_at FROM accounts WHERE id = ?1";

pub(super) const SET_PASSWORD: &str = "UPDATE accounts SET password_hash = ?2 WHERE id = ?1";

pub(super) const DELETE: &str = "DELETE FROM accounts WHERE id = ?1";

pub(super) const BEGIN_FAMILY: &str = "INSERT INTO families (id, account, generation, secret_sha256,
         rotation_secret_sha256, rotation_nonce_sha256, rotated_at, began_at, expires_at)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING";

pub(super) const FAMILY: &str = "SELECT account, generation, secret_sha256, rotation_secret_sha256,
         rotation_nonce_sha256, rotated_at, began_at, expires_at
     FROM families WHERE id = ?1 AND expires_at > ?2";

pub(super) const ROTATE: &str = "UPDATE families SET generation = ?4, secret_sha256 = ?5, rotation_secret_sha256 = ?6,
         rotation_nonce_sha256 = ?7, rotated_at = ?8
     WHERE id = ?1 AND generation = ?2 AND expires_at > ?3";

pub(super) const END_FAMILY: &str = "DELETE FROM families WHERE id = ?1";

pub(super) const END_FAMILIES: &str = "DELETE FROM families WHERE account = ?1";

/// Not among [`ALL`]: it means every row.
pub(super) const END_ALL_FAMILIES: &str = "DELETE FROM families";

pub(super) const PURGE: &str = "DELETE FROM families WHERE id IN
     (SELECT id FROM families WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";

#[cfg(test)]
pub(super) const ALL: &[&str] = &[
    HOLDER,
    HAS_ACCOUNT,
    CREATE,
    BY_EMAIL,
    BY_ID,
    SET_PASSWORD,
    DELETE,
    BEGIN_FAMILY,
    FAMILY,
    ROTATE,
    END_FAMILY,
    END_FAMILIES,
    PURGE,
];
