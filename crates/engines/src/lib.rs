//! Real engines for tests: Redis, PostgreSQL, an S3 server and DynamoDB's emulators, proxies that break the way to them, and a mail
//! server that does as it is told.
//!
//! Everything listens on 127.0.0.1, keeps its data in a temporary folder of its own, and is gone when its value is dropped or the
//! process that asked for it ends, however it ends. An engine that is not installed answers `None`, after a line that names the
//! test and what it lacked ([`left_out`]); one that is there and does not start panics with the end of its log.

mod dynamodb;
mod faults;
mod folder;
mod left_out;
mod mail;
mod ports;
mod postgres;
mod programs;
mod proxy;
mod random;
mod redis;
mod s3;
mod server;

pub use self::dynamodb::{DynamoDbLocal, Ministack, Tables};
pub use self::faults::{AwsFaults, Call, Fault, Rule};
pub use self::left_out::{left_out, left_out_of};
pub use self::mail::{MailDoes, MailServer, MailText};
pub use self::postgres::{Database, Postgres, Role};
pub use self::programs::Engine;
pub use self::proxy::{Proxy, Wire};
pub use self::redis::Redis;
pub use self::s3::{Answer, Bucket, SeaweedFs, Warehouse};
