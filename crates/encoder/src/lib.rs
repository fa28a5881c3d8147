//! Arrow batches in, bytes out: CSV, deflate, ZIP, gzip, hashes, the manifest, and the check of an archive against it.
//!
//! The crate knows no storage, tenant or clock: the same rows give the same bytes, however they are cut into batches.

pub mod archive;
pub mod civil;
pub mod csv;
pub mod deflate;
mod digits;
pub mod gzip;
pub mod hash;
pub mod manifest;
pub mod name;
pub mod part;
pub mod stored;
pub mod verify;
pub mod zip;

/// Counts every change of the bytes that this crate makes from the same rows; part of each part's key.
///
/// The pinned hashes in `tests/archive/golden.rs` change together with it, never alone.
pub const ENCODER_VERSION: u32 = 2;
