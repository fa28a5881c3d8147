//! Buckets of the test's own, and a server of its own.

use std::io::{Read, Write};
use std::net::TcpStream;

use engines::{Bucket, SeaweedFs};

#[test]
fn a_bucket_is_empty_and_keeps_what_is_put() {
    let Some(bucket) = Bucket::fresh() else { return };
    assert_eq!(bucket.keys(""), Vec::<String>::new());
    bucket.put("parts/o1/a", b"text");
    bucket.put("plans/b", b"");
    assert_eq!(bucket.get("parts/o1/a").as_deref(), Some(b"text".as_slice()));
    assert_eq!(bucket.get("parts/o1/c"), None);
    assert_eq!((bucket.keys("parts/o1/"), bucket.keys("").len()), (vec!["parts/o1/a".to_owned()], 2));
    let refused = bucket.ask("PUT", "plans/b", &["If-None-Match: *"], b"other");
    assert_eq!(refused.status, 412);
    let range = bucket.ask("GET", "parts/o1/a", &["Range: bytes=1-2"], b"");
    assert_eq!((range.status, range.body.as_slice()), (206, b"ex".as_slice()));
    assert_eq!(range.header("content-range"), Some("bytes 1-2/4"));
    let length = bucket.ask("HEAD", "parts/o1/a", &[], b"").header("content-length").map(str::to_owned);
    assert_eq!(length.as_deref(), Some("4"));
}

#[test]
fn uploads_that_were_only_begun_are_seen() {
    let Some(bucket) = Bucket::fresh() else { return };
    assert_eq!(bucket.ask("POST", "archive.zip?uploads", &[], b"").status, 200);
    assert_eq!(bucket.uploads(), ["archive.zip"]);
}

#[test]
fn nobody_gets_in_without_a_signature() {
    let Some(bucket) = Bucket::fresh() else { return };
    bucket.put("key", b"text");
    let host = bucket.endpoint().strip_prefix("http://").expect("plain HTTP");
    let mut stream = TcpStream::connect(host).expect("it listens");
    write!(stream, "GET /{}/key HTTP/1.0\r\nHost: {host}\r\n\r\n", bucket.name()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    assert_eq!(answer.split(' ').nth(1), Some("403"), "{answer}");
}

#[test]
fn a_killed_server_comes_back_with_its_objects() {
    let Some(server) = SeaweedFs::start() else { return };
    let bucket = server.bucket();
    bucket.put("key", b"text");
    server.kill();
    assert!(bucket.ask_through(server.endpoint(), "GET", "key", &[], b"").is_err());
    server.start_again();
    assert_eq!(bucket.get("key").as_deref(), Some(b"text".as_slice()));
}
