//! How an archive reaches whoever asked for it.

use super::{Case, Comparison, Way};
use crate::items::Item;
use crate::units::GB;

/// Most that one request copies on the server's side (bytes).
const COPY_BYTES: u128 = 5 * GB;
/// Beginning and end of an upload.
const UPLOAD_REQUESTS: u128 = 2;

/// Ways out, each for all archives.
pub(super) fn compare(case: &Case) -> Comparison {
    let (archive, exports) = (case.v.exported_archive, case.v.exports());
    let copies = archive.div_ceil(COPY_BYTES) + exports * (1 + UPLOAD_REQUESTS);
    let ways = vec![
        Way {
            name: "over the internet",
            counted: "every archive once",
            amount: case.buy(&[(Item::S3Internet, archive), (Item::S3Get, exports)]),
        },
        Way {
            name: "through CloudFront",
            counted: "every archive once; from S3 to CloudFront is free",
            amount: case.buy(&[(Item::CloudFrontOut, archive), (Item::CloudFrontRequest, exports)]),
        },
        Way {
            name: "into the customer's bucket in the region",
            counted: "copies on the server's side, by 5 GiB; the customer keeps the bytes",
            amount: case.buy(&[(Item::S3Put, copies)]),
        },
    ];
    Comparison { id: "delivery", title: "Handing the archives over", ways }
}
