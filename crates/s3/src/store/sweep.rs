//! Removing what processes left that ended: uploads without an object, and objects that were there to try something out.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};

use crate::check::PROBES;
use crate::{Bucket, S3Error};

/// Most uploads looked at in one go; the next sweep goes on.
const LOOKED_AT: usize = 10_000;
/// Uploads that are aborted at once.
const AT_ONCE: usize = 8;

/// Ends uploads that were begun, and removes probes that were written, longer ago than `abandoned_after`, by the server's clock; returns how many.
pub(super) async fn sweep(bucket: &Bucket, abandoned_after: Duration) -> Result<u64, S3Error> {
    let uploads = bucket.unfinished(LOOKED_AT).await?;
    let limit = bucket.now().minus_seconds(abandoned_after.as_secs());
    let old = uploads.into_iter().filter(|upload| upload.begun.is_some_and(|begun| begun <= limit));
    let aborted = stream::iter(old).map(|old| async move { bucket.abort(&old.upload).await });
    let aborted = aborted.buffer_unordered(AT_ONCE).try_fold(0, |count, ()| async move { Ok(count + 1) }).await?;
    let probes = bucket.list(PROBES, None, LOOKED_AT).await?;
    let old = probes.into_iter().filter(|probe| probe.modified.is_some_and(|modified| modified <= limit));
    let removed = stream::iter(old).map(|old| async move { bucket.delete(&old.key).await });
    removed.buffer_unordered(AT_ONCE).try_fold(aborted, |count, ()| async move { Ok(count + 1) }).await
}
