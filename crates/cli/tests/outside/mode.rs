//! Installations on each set of engines.

use engines::{Bucket, Database, Redis, Tables, Warehouse};

use crate::inbox::Inbox;
use crate::support::Outhaul;

/// So many segments that two workers have something to do.
const SEGMENT_ROWS: u32 = 400;

/// An installation and the engines that live as long as it.
pub struct Mode {
    /// The program with its settings.
    pub outhaul: Outhaul,
    /// Ends with it.
    pub engines: Engines,
}

/// What runs beside it.
#[derive(Default)]
pub struct Engines {
    /// Wakes and limits.
    pub redis: Option<Redis>,
    /// Exports, accounts and the audit trail.
    pub tables: Option<Tables>,
    /// Users and the catalog.
    pub database: Option<Database>,
    /// Messages and artifacts.
    pub bucket: Option<Bucket>,
    /// The catalog.
    pub warehouse: Option<Warehouse>,
    /// Letters.
    pub inbox: Option<Inbox>,
}

impl Mode {
    /// Everything in the data folder.
    pub fn embedded() -> Self {
        let outhaul = Outhaul::new()
            .with("OUTHAUL_LIMITS__SEGMENT_ROWS_TARGET", SEGMENT_ROWS)
            .with("OUTHAUL_LIMITS__SWEEP_MILLISECONDS", 200);
        Self { outhaul, engines: Engines::default() }
    }

    /// Everything in the bucket that can lie in one, messages and artifacts.
    pub fn with_bucket(self) -> Option<Self> {
        let bucket = Bucket::fresh()?;
        let endpoint = bucket.endpoint().to_owned();
        Some(self.with_bucket_at(bucket, &endpoint))
    }

    /// The same, reached at `endpoint`.
    pub fn with_bucket_at(mut self, bucket: Bucket, endpoint: &str) -> Self {
        self.outhaul = self
            .outhaul
            .with("OUTHAUL_ARTIFACTS__KIND", "s3")
            .with("OUTHAUL_LAKE__FILES", "s3")
            .with("OUTHAUL_S3__BUCKET", bucket.name())
            .with("OUTHAUL_S3__PREFIX", "outhaul/test")
            .with("OUTHAUL_S3__REGION", bucket.region())
            .with("OUTHAUL_S3__ENDPOINT", endpoint)
            .with("OUTHAUL_S3__PATH_STYLE", true)
            .with("OUTHAUL_S3__ACCESS_KEY", bucket.access_key())
            .with("OUTHAUL_S3__SECRET_KEY", bucket.secret_key());
        self.engines.bucket = Some(bucket);
        self
    }

    /// Users, members, memberships and the catalog on a server.
    pub fn with_postgres(self) -> Option<Self> {
        let database = Database::fresh()?;
        let address = database.address().to_owned();
        Some(self.with_postgres_at(database, &address))
    }

    /// The same on a server of its own, reached at `address`.
    pub fn with_postgres_at(mut self, database: Database, address: &str) -> Self {
        let (host, port) = address.rsplit_once(':').unwrap();
        let (owner, service) = (database.owner(), database.role("outhaul"));
        self.outhaul = self
            .outhaul
            .with("OUTHAUL_DIRECTORY__KIND", "postgres")
            .with("OUTHAUL_LAKE__CATALOG", "postgres")
            .with("OUTHAUL_POSTGRES__HOST", host)
            .with("OUTHAUL_POSTGRES__PORT", port)
            .with("OUTHAUL_POSTGRES__TLS", "none")
            .with("OUTHAUL_POSTGRES__DATABASE", database.name())
            .with("OUTHAUL_POSTGRES__USER", service.name())
            .with("OUTHAUL_POSTGRES__PASSWORD", service.password())
            .with("OUTHAUL_POSTGRES__OWNER", owner.name())
            .with("OUTHAUL_POSTGRES__OWNER_PASSWORD", owner.password());
        self.engines.database = Some(database);
        self
    }

    /// The catalog behind Iceberg's REST protocol. Goes with a bucket.
    pub fn with_rest_catalog(mut self) -> Option<Self> {
        let warehouse = Warehouse::fresh()?;
        self.outhaul = self
            .outhaul
            .with("OUTHAUL_LAKE__CATALOG", "rest")
            .with("OUTHAUL_CATALOG_REST__URI", warehouse.catalog())
            .with("OUTHAUL_CATALOG_REST__WAREHOUSE", warehouse.name())
            .with("OUTHAUL_CATALOG_REST__PLACE", "catalog")
            .with("OUTHAUL_CATALOG_REST__CLIENT_ID", warehouse.client_id())
            .with("OUTHAUL_CATALOG_REST__CLIENT_SECRET", warehouse.client_secret());
        self.engines.warehouse = Some(warehouse);
        Some(self)
    }

    /// Wakes and limits in a Redis of its own.
    pub fn with_redis(self) -> Option<Self> {
        let redis = Redis::start(&[("maxmemory-policy", "noeviction")])?;
        let url = redis.url();
        Some(self.with_redis_at(redis, &url))
    }

    /// The same, reached at `url`.
    pub fn with_redis_at(mut self, redis: Redis, url: &str) -> Self {
        self.outhaul = self
            .outhaul
            .with("OUTHAUL_QUEUE__KIND", "redis")
            .with("OUTHAUL_QUEUE__URL", url)
            .with("OUTHAUL_QUEUE__PASSWORD", redis.password())
            // What comes, comes by the queue.
            .with("OUTHAUL_LIMITS__SWEEP_MILLISECONDS", 5_000);
        self.engines.redis = Some(redis);
        self
    }

    /// Exports, accounts and the audit trail in tables of DynamoDB Local.
    pub fn with_dynamodb(self) -> Option<Self> {
        Tables::local().map(|tables| self.with_tables(tables))
    }

    /// The same, reached at `endpoint`.
    pub fn with_dynamodb_at(self, endpoint: &str) -> Self {
        self.with_tables(Tables::on(endpoint))
    }

    fn with_tables(mut self, tables: Tables) -> Self {
        self.outhaul = self
            .outhaul
            .with("OUTHAUL_JOBS__KIND", "dynamodb")
            .with("OUTHAUL_DYNAMODB__ENDPOINT", tables.endpoint())
            .with("OUTHAUL_DYNAMODB__PREFIX", tables.prefix())
            .with("OUTHAUL_DYNAMODB__REGION", tables.region())
            .with("OUTHAUL_DYNAMODB__ACCESS_KEY", tables.access_key())
            .with("OUTHAUL_DYNAMODB__SECRET_KEY", tables.secret_key());
        self.engines.tables = Some(tables);
        self
    }

    /// Letters by SES, to an emulator that keeps them.
    pub fn with_ses(mut self) -> Option<Self> {
        let inbox = Inbox::open()?;
        self.outhaul = self
            .outhaul
            .with("OUTHAUL_MAIL__KIND", "ses")
            .with("OUTHAUL_MAIL__FROM", format!("Exports <{}>", inbox.sender()));
        for (name, value) in inbox.settings() {
            self.outhaul = self.outhaul.with(&format!("OUTHAUL_SES__{name}"), value);
        }
        self.engines.inbox = Some(inbox);
        Some(self)
    }
}
