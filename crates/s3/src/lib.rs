//! S3: one client for all that lies in a bucket, the artifacts on it, and the lake.

pub mod bucket;
pub mod check;
pub mod error;
mod failpoint;
pub mod lake;
pub mod options;
pub mod store;
pub mod writer;

pub use self::lake::S3Objects;
pub use aws::{Credentials, OptionError, Place, Tries};
pub use bucket::{Bucket, Found, Head, Listed, PartTag, Unfinished, UploadId};
pub use error::S3Error;
pub use failpoint::FAILPOINTS;
pub use options::S3Options;
pub use store::S3Artifacts;
pub use writer::{Blocks, PartSizes, PartWriter};
