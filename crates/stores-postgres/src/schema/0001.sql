-- Times are microseconds since 1970, UTC, by the program's clock; days are counted from 1970-01-01. Slugs go by their bytes.
--
-- Each transaction of the service says for whom it runs; the policies below compare rows with that. Without a setting a
-- comparison gives null, and no row is there. FORCE: they hold for the owner of the tables, too. A list of users stands in a
-- SELECT of its own, so that it is read once for a statement, not once for a row.

CREATE TABLE organisations (
    slug text COLLATE "C" PRIMARY KEY CHECK (octet_length(slug) BETWEEN 1 AND 64),
    created_at bigint NOT NULL
);
ALTER TABLE organisations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON organisations FOR SELECT USING (
    slug = current_setting('outhaul.organisation', true)
    OR current_setting('outhaul.list', true) = 'organisations'
);
CREATE POLICY added ON organisations FOR INSERT WITH CHECK (slug = current_setting('outhaul.organisation', true));

-- An address is never stored here. There is no number beside the id, so none can leave.
CREATE TABLE users (
    id uuid PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('creating', 'active', 'disabled', 'deleted')),
    -- Set while the creation is not finished: what a creation that was begun is found by.
    creation_key bytea UNIQUE CHECK (creation_key IS NULL OR (state = 'creating' AND octet_length(creation_key) = 32)),
    created_at bigint NOT NULL
);

CREATE TABLE members (
    organisation text COLLATE "C" NOT NULL REFERENCES organisations (slug),
    user_id uuid NOT NULL REFERENCES users (id),
    role text NOT NULL CHECK (role IN ('member', 'admin')),
    since bigint NOT NULL,
    PRIMARY KEY (organisation, user_id)
);
CREATE INDEX members_of_user ON members (user_id, organisation, role);
CREATE INDEX members_admins ON members (organisation, user_id) WHERE role = 'admin';
ALTER TABLE members ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
-- In a transaction for an organisation only its members, in one for a user alone their places everywhere.
CREATE POLICY seen ON members FOR SELECT USING (
    organisation = current_setting('outhaul.organisation', true)
    OR (
        coalesce(current_setting('outhaul.organisation', true), '') = ''
        AND user_id = ANY ((SELECT string_to_array(current_setting('outhaul.users', true), ',')::uuid[])::uuid[])
    )
);
CREATE POLICY added ON members FOR INSERT WITH CHECK (
    organisation = current_setting('outhaul.organisation', true)
    AND user_id = ANY ((SELECT string_to_array(current_setting('outhaul.users', true), ',')::uuid[])::uuid[])
);
-- Locks, too, ask for this one: the other admins of an organisation are held while one leaves office.
CREATE POLICY changed ON members FOR UPDATE USING (organisation = current_setting('outhaul.organisation', true))
    WITH CHECK (
        organisation = current_setting('outhaul.organisation', true)
        AND user_id = ANY ((SELECT string_to_array(current_setting('outhaul.users', true), ',')::uuid[])::uuid[])
    );
CREATE POLICY removed ON members FOR DELETE USING (
    user_id = ANY ((SELECT string_to_array(current_setting('outhaul.users', true), ',')::uuid[])::uuid[])
    AND (
        organisation = current_setting('outhaul.organisation', true)
        OR coalesce(current_setting('outhaul.organisation', true), '') = ''
    )
);

-- Below members, since a transaction for an organisation sees the users who belong to it.
ALTER TABLE users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON users FOR SELECT USING (
    id = ANY ((SELECT string_to_array(current_setting('outhaul.users', true), ',')::uuid[])::uuid[])
    OR creation_key = decode(current_setting('outhaul.creation', true), 'hex')
    OR EXISTS (
        SELECT 1 FROM members
        WHERE members.user_id = users.id AND members.organisation = current_setting('outhaul.organisation', true)
    )
);
CREATE POLICY added ON users FOR INSERT WITH CHECK (
    id = ANY ((SELECT string_to_array(current_setting('outhaul.users', true), ',')::uuid[])::uuid[])
);
CREATE POLICY changed ON users FOR UPDATE USING (
    id = ANY ((SELECT string_to_array(current_setting('outhaul.users', true), ',')::uuid[])::uuid[])
);

-- Scopes stand one behind the other, with a space between.
CREATE TABLE organisation_tokens (
    id uuid PRIMARY KEY,
    organisation text COLLATE "C" NOT NULL REFERENCES organisations (slug),
    scopes text NOT NULL,
    secret_sha256 bytea NOT NULL CHECK (octet_length(secret_sha256) = 32),
    created_at bigint NOT NULL
);
CREATE INDEX tokens_of_organisation ON organisation_tokens (organisation);
ALTER TABLE organisation_tokens ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
-- A token comes with nothing but its id; it says itself whose it is.
CREATE POLICY seen ON organisation_tokens FOR SELECT USING (
    organisation = current_setting('outhaul.organisation', true)
    OR id = nullif(current_setting('outhaul.token', true), '')::uuid
);
CREATE POLICY added ON organisation_tokens FOR INSERT WITH CHECK (
    organisation = current_setting('outhaul.organisation', true)
);
CREATE POLICY removed ON organisation_tokens FOR DELETE USING (
    organisation = current_setting('outhaul.organisation', true)
);

CREATE TABLE memberships (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    name text NOT NULL,
    recurring_price_hundredths bigint NOT NULL,
    currency text NOT NULL,
    valid_from integer NOT NULL,
    valid_until integer,
    state text NOT NULL,
    payment_method text NOT NULL,
    billing_interval text NOT NULL,
    billing_periods bigint NOT NULL
);
CREATE INDEX memberships_of_user ON memberships (user_id, valid_from, id);
ALTER TABLE memberships ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON memberships FOR SELECT USING (
    user_id = ANY ((SELECT string_to_array(current_setting('outhaul.users', true), ',')::uuid[])::uuid[])
);
CREATE POLICY added ON memberships FOR INSERT WITH CHECK (
    user_id = ANY ((SELECT string_to_array(current_setting('outhaul.users', true), ',')::uuid[])::uuid[])
);
CREATE POLICY changed ON memberships FOR UPDATE USING (
    user_id = ANY ((SELECT string_to_array(current_setting('outhaul.users', true), ',')::uuid[])::uuid[])
);
