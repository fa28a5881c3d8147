//! Errors of S3 as those of the port.

use std::io;

use artifacts::{ArtifactError, ObjectName};

use crate::S3Error;

/// The storage failed while it was doing something.
pub(super) fn failed(doing: &'static str) -> impl Fn(S3Error) -> ArtifactError {
    move |error| ArtifactError::Io { doing, source: io::Error::other(error) }
}

/// The same, where what is wrong with one object speaks of that object.
pub(super) fn of_object(doing: &'static str, name: &ObjectName) -> impl Fn(S3Error) -> ArtifactError {
    move |error| match error {
        S3Error::NoSuchObject { .. } | S3Error::Short { .. } => ArtifactError::Missing { object: name.clone() },
        S3Error::Differs { .. } => {
            ArtifactError::Corrupt { object: name.clone(), what: "CRC-64/NVME that the server keeps" }
        }
        error => failed(doing)(error),
    }
}

/// What ran to no end.
pub(super) fn broken(doing: &'static str) -> ArtifactError {
    ArtifactError::Io { doing, source: io::Error::other("its task ended before it did") }
}
