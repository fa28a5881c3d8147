//! An S3 server that checks signatures (SeaweedFS) and is an Iceberg REST catalog too, with buckets and warehouses of one test each.

mod bucket;
mod client;
mod seaweedfs;
mod signature;
mod warehouse;

pub use self::bucket::Bucket;
pub use self::client::Answer;
pub use self::seaweedfs::SeaweedFs;
pub use self::warehouse::Warehouse;
