//! The client: links, conditions, clocks, and what a bucket can do.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use artifacts::{ArtifactError, Artifacts, DownloadAs};
use bytes::Bytes;
use domain::finding::Verdict;
use domain::secret::Secret;
use s3::{Credentials, Found, S3Error};

use crate::support::{World, archive, fresh, open, options, sample, store};

/// Follows a link as a browser would; head and body of the answer.
fn follow(link: &str, header: &str) -> (String, Vec<u8>) {
    let (host, target) = link.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET /{target} HTTP/1.1\r\nHost: {host}\r\n{header}Connection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    (String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase(), answer[end + 4..].to_vec())
}

#[tokio::test]
async fn a_link_reads_one_object_and_nothing_else() {
    let Some((_bucket, artifacts)) = fresh().await else { return };
    let bytes = sample(1, 300_000);
    store(&artifacts, &archive(), &bytes).await.unwrap();
    let download = DownloadAs { file_name: "acme-messages.zip", content_type: "application/zip" };
    let link = artifacts.presign(&archive(), &download, 60).await.unwrap().unwrap();
    let (head, body) = follow(&link, "");
    assert!(head.starts_with("http/1.1 200") && body == bytes, "{head}");
    for header in [
        "content-disposition: attachment; filename=\"acme-messages.zip\"",
        "content-type: application/zip",
        "cache-control: private, no-store",
    ] {
        assert!(head.contains(header), "{header} is not in {head}");
    }
    let (head, body) = follow(&link, "Range: bytes=100-199\r\n");
    assert!(head.starts_with("http/1.1 206") && body == bytes[100..200], "{head}");
    let tampered = [
        link.replace("q.zip", "r.zip"),
        link.replace("Expires=60", "Expires=600"),
        link.replace("acme-messages", "other"),
    ];
    for tampered in tampered {
        assert_ne!(tampered, link);
        assert!(follow(&tampered, "").0.starts_with("http/1.1 403"), "{tampered}");
    }
    assert!(artifacts.presign(&archive(), &download, 0).await.is_err());
    assert!(artifacts.presign(&archive(), &download, 8 * 24 * 3_600).await.is_err());
}

#[tokio::test]
async fn what_the_bucket_can_do_is_tried_out() {
    let Some((bucket, artifacts)) = fresh().await else { return };
    let findings = artifacts.bucket().check().await;
    let failed: Vec<_> = findings.iter().filter(|finding| finding.verdict == Verdict::Fail).collect();
    assert!(failed.is_empty(), "{failed:?}");
    let named: Vec<_> = findings.iter().map(|finding| finding.what).collect();
    for what in ["reachable", "write", "read", "list", "If-None-Match", "remove", "checksum of parts", "clock"] {
        assert!(named.contains(&format!("s3 {what}").as_str()), "{what}");
    }
    assert_eq!(bucket.keys(""), [""; 0], "nothing is left behind");
    assert_eq!(bucket.uploads(), [""; 0]);
}

#[tokio::test]
async fn wrong_keys_are_refused_and_not_shown() {
    let Some((bucket, _)) = fresh().await else { return };
    let mut wrong = options(&bucket);
    wrong.place.credentials = Credentials::Keys {
        access_key: bucket.access_key().to_owned(),
        secret_key: Secret::new("c4n4ry-secret"),
        session_token: None,
    };
    let artifacts = open(&wrong, Duration::ZERO).await;
    let error = artifacts.put(&archive(), Bytes::from_static(b"x")).await.unwrap_err();
    let ArtifactError::Io { source, .. } = &error else { panic!("{error:?}") };
    assert!(source.to_string().contains("403"), "{source}");
    assert!(!format!("{error:?} {error} {source} {artifacts:?}").contains("c4n4ry"));
    let findings = artifacts.bucket().check().await;
    assert!(findings.iter().any(|finding| finding.verdict == Verdict::Fail));
    assert!(!format!("{findings:?}").contains("c4n4ry"));
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_corrected_by_the_servers() {
    let Some((bucket, _)) = fresh().await else { return };
    let hour = Duration::from_secs(3_600);
    let artifacts = open(&options(&bucket), hour).await;
    // A HEAD does not say why it is refused.
    assert_eq!(artifacts.size(&archive()).await.unwrap(), None);
    let artifacts = open(&options(&bucket), hour).await;
    artifacts.put(&archive(), Bytes::from_static(b"x")).await.unwrap();
    let ahead = artifacts.bucket().clock_difference() / 1_000_000;
    assert!((-3_610..=-3_590).contains(&ahead), "{ahead}");
    let download = DownloadAs { file_name: "q.zip", content_type: "application/zip" };
    let link = artifacts.presign(&archive(), &download, 60).await.unwrap().unwrap();
    assert!(follow(&link, "").0.starts_with("http/1.1 200"));
}

#[tokio::test]
async fn conditions_hold() {
    let Some((_bucket, artifacts)) = fresh().await else { return };
    let bucket = artifacts.bucket().below("lake");
    assert!(bucket.put_if_absent("a/b", Bytes::from_static(b"one")).await.unwrap());
    assert!(!bucket.put_if_absent("a/b", Bytes::from_static(b"two")).await.unwrap());
    assert_eq!(bucket.get("a/b", 3).await.unwrap(), Some(Found::Whole(Bytes::from_static(b"one"))));
    assert_eq!(bucket.get("a/b", 2).await.unwrap(), Some(Found::Larger(3)));
    assert_eq!(bucket.get("a/c", 2).await.unwrap(), None);
    let etag = bucket.head("a/b").await.unwrap().unwrap().etag;
    assert_eq!(bucket.get_range("a/b", 1..3, Some(&etag)).await.unwrap().as_deref(), Some(&b"ne"[..]));
    assert_eq!(bucket.get_range_of("a/b", 1..2).await.unwrap(), Some((Bytes::from_static(b"n"), 3)));
    assert_eq!(bucket.get_range_of("a/b", 3..3).await.unwrap(), Some((Bytes::new(), 3)));
    assert_eq!(bucket.get_range_of("a/c", 0..1).await.unwrap(), None);
    bucket.put("a/b", Bytes::from_static(b"two")).await.unwrap();
    let changed = bucket.get_range("a/b", 1..3, Some(&etag)).await;
    assert!(matches!(changed, Err(S3Error::Condition { .. })), "{changed:?}");
    let listed = bucket.list("a/", None, 10).await.unwrap();
    assert_eq!(listed.iter().map(|object| (object.key.as_str(), object.bytes)).collect::<Vec<_>>(), [("a/b", 3)]);
    bucket.delete("a/b").await.unwrap();
    bucket.delete("a/b").await.unwrap();
    assert_eq!(bucket.head("a/b").await.unwrap(), None);
}

#[tokio::test]
async fn pages_are_put_together() {
    let Some(world) = World::new() else { return };
    let artifacts = world.artifacts(|_| {}).await;
    let bucket = artifacts.bucket();
    let keys: Vec<String> = (0..25).map(|number| format!("k/{number:02}")).collect();
    for key in &keys {
        bucket.put(key, Bytes::new()).await.unwrap();
    }
    let listed = |after: Option<&'static str>, limit| async move {
        let page = bucket.list("k/", after, limit).await.unwrap();
        page.into_iter().map(|object| object.key).collect::<Vec<_>>()
    };
    assert_eq!(listed(None, 100).await, keys);
    assert_eq!(listed(None, 7).await, keys[..7]);
    assert_eq!(listed(Some("k/06"), 7).await, keys[7..14]);
    assert_eq!(listed(Some("k/24"), 7).await, [""; 0]);
}
