//! Objects that grow at their end: cut into blocks, uploaded as parts while more comes.

mod blocks;
mod parts;
mod sizes;

pub use self::blocks::{Blocks, Final, Refused};
pub use self::parts::PartWriter;
pub use self::sizes::{MOST_PARTS, PartSizes};
