-- The first two tables are those of pyiceberg's SqlCatalog and Java's JdbcCatalog (schema V1), the others are ours.
-- Times are microseconds since 1970, UTC, by the lake's clock.
CREATE TABLE iceberg_tables (
    catalog_name varchar(255) NOT NULL,
    table_namespace varchar(255) NOT NULL,
    table_name varchar(255) NOT NULL,
    metadata_location varchar(1000),
    previous_metadata_location varchar(1000),
    iceberg_type varchar(5),
    PRIMARY KEY (catalog_name, table_namespace, table_name)
);
CREATE TABLE iceberg_namespace_properties (
    catalog_name varchar(255) NOT NULL,
    namespace varchar(255) NOT NULL,
    property_key varchar(255) NOT NULL,
    property_value varchar(1000) NOT NULL,
    PRIMARY KEY (catalog_name, namespace, property_key)
);

CREATE TABLE commits (
    id uuid PRIMARY KEY,
    attempt bigint NOT NULL,
    committed_at bigint NOT NULL
);

-- Each transaction of the service says for whom it runs; without that no row is there.
CREATE TABLE batches (
    organisation text COLLATE "C" NOT NULL,
    batch_key text COLLATE "C" NOT NULL,
    ingest_id uuid NOT NULL UNIQUE,
    snapshot_id bigint NOT NULL,
    accepted bigint NOT NULL,
    refused bigint NOT NULL,
    committed_at bigint NOT NULL,
    PRIMARY KEY (organisation, batch_key)
);
ALTER TABLE batches ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON batches FOR SELECT USING (organisation = current_setting('outhaul.organisation', true));
CREATE POLICY added ON batches FOR INSERT WITH CHECK (organisation = current_setting('outhaul.organisation', true));

CREATE TABLE pins (
    export_id uuid PRIMARY KEY,
    owner text NOT NULL,
    snapshot_id bigint NOT NULL,
    pinned_at bigint NOT NULL
);
ALTER TABLE pins ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
-- Snapshots expire for the whole table, so somebody has to see all pins.
CREATE POLICY seen ON pins FOR SELECT USING (
    export_id = nullif(current_setting('outhaul.export', true), '')::uuid
    OR current_setting('outhaul.list', true) = 'pins'
);
CREATE POLICY added ON pins FOR INSERT WITH CHECK (
    export_id = nullif(current_setting('outhaul.export', true), '')::uuid
);
CREATE POLICY removed ON pins FOR DELETE USING (
    export_id = nullif(current_setting('outhaul.export', true), '')::uuid
);
