//! An S3 server that checks signatures (SeaweedFS), and buckets of one test each.

mod bucket;
mod client;
mod seaweedfs;
mod signature;

pub use self::bucket::Bucket;
pub use self::client::Answer;
pub use self::seaweedfs::SeaweedFs;
