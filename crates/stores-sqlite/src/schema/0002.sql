-- Users. Their integer key stays inside; what leaves is the id. An address is never stored here.
CREATE TABLE users (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('creating', 'active', 'disabled', 'deleted')),
    -- Set while the creation is not finished: what a creation that was begun is found by.
    creation_key BLOB UNIQUE CHECK (creation_key IS NULL OR state = 'creating'),
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE members (
    organisation TEXT NOT NULL REFERENCES organisations (slug),
    user INTEGER NOT NULL REFERENCES users (key),
    role TEXT NOT NULL CHECK (role IN ('member', 'admin')),
    since INTEGER NOT NULL,
    PRIMARY KEY (organisation, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_of_user ON members (user, organisation, role);
CREATE INDEX members_admins ON members (organisation, user) WHERE role = 'admin';

-- Tokens of organisations. Scopes stand one behind the other, with a space between.
CREATE TABLE organisation_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisations (slug),
    scopes TEXT NOT NULL,
    secret_sha256 BLOB NOT NULL CHECK (length(secret_sha256) = 32),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_of_organisation ON organisation_tokens (organisation);

-- Days are counted from 1970-01-01. The integer key stays inside.
CREATE TABLE memberships (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user INTEGER NOT NULL REFERENCES users (key),
    name TEXT NOT NULL,
    recurring_price_hundredths INTEGER NOT NULL,
    currency TEXT NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_until INTEGER,
    state TEXT NOT NULL,
    payment_method TEXT NOT NULL,
    billing_interval TEXT NOT NULL,
    billing_periods INTEGER NOT NULL
) STRICT;
CREATE INDEX memberships_of_user ON memberships (user, valid_from, id);

-- Accounts may live in another store than users, so nothing here refers to them.
CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    -- In lower case: addresses that differ in case alone are one.
    email_key TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    profile TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE families (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    generation INTEGER NOT NULL,
    secret_sha256 BLOB NOT NULL,
    rotation_secret_sha256 BLOB,
    rotation_nonce_sha256 BLOB,
    rotated_at INTEGER,
    began_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CHECK ((rotation_secret_sha256 IS NULL) = (rotated_at IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX families_of_account ON families (account);
CREATE INDEX families_over ON families (expires_at);

-- Who did what to whose data. Rows are only ever added.
CREATE TABLE audit (
    owner TEXT NOT NULL,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    -- `user.ID`, `token.ID` or `operator`.
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    PRIMARY KEY (owner, id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN
    SELECT raise(ABORT, 'the audit trail is only added to');
END;
CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit BEGIN
    SELECT raise(ABORT, 'the audit trail is only added to');
END;
