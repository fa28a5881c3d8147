//! Calls to a real S3 server that are broken on their way.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use engines::{AwsFaults, Bucket, Fault, Rule};

const BODY: &[u8] = b"0123456789";

fn stored() -> Option<(Bucket, AwsFaults)> {
    let bucket = Bucket::fresh()?;
    bucket.put("key", BODY);
    let faults = AwsFaults::to(bucket.endpoint());
    Some((bucket, faults))
}

/// The status and body of a signed call through the proxy, or `None` without a whole answer.
fn call(bucket: &Bucket, faults: &AwsFaults, method: &str, target: &str) -> Option<(u16, Vec<u8>)> {
    let answer = bucket.ask_through(&faults.endpoint(), method, target, &[], b"other");
    answer.ok().map(|answer| (answer.status, answer.body))
}

#[test]
fn without_rules_signatures_stay_valid_and_calls_are_counted() {
    let Some((bucket, faults)) = stored() else { return };
    assert_eq!(call(&bucket, &faults, "GET", "key"), Some((200, BODY.to_vec())));
    assert_eq!(call(&bucket, &faults, "PUT", "new?x-id=PutObject"), Some((200, Vec::new())));
    assert_eq!(bucket.get("new").as_deref(), Some(b"other".as_slice()));
    assert_eq!(call(&bucket, &faults, "GET", "key").map(|(status, _)| status), Some(200));
    let tries: Vec<_> = faults.tries().into_iter().map(|(call, tries)| (call.operation(), tries)).collect();
    assert_eq!(tries, [("GetObject", 2), ("PutObject", 1)]);
    assert_eq!((faults.most_tries(), faults.broken()), (1, 0));
}

#[test]
fn a_server_that_is_asked_too_much_says_so() {
    let Some((bucket, faults)) = stored() else { return };
    faults.add(Rule::new(Fault::SLOW_DOWN).on("GetObject").times(2));
    faults.add(Rule::new(Fault::Answer(200, "InternalError")).when(|call| call.path().ends_with("/complete")));
    for _ in 0..2 {
        let (status, body) = call(&bucket, &faults, "GET", "key").expect("an answer");
        let body = String::from_utf8(body).expect("text");
        assert!(status == 503 && body.contains("<Code>SlowDown</Code>"), "{status} {body}");
    }
    assert_eq!(call(&bucket, &faults, "GET", "key"), Some((200, BODY.to_vec())));
    assert_eq!((faults.most_tries(), faults.broken()), (3, 2));
    let (status, body) = call(&bucket, &faults, "PUT", "complete").expect("an answer");
    assert!(status == 200 && body.starts_with(b"<?xml"), "{status}");
    assert_eq!(bucket.get("complete"), None);
    faults.clear();
    faults.count_anew();
    assert_eq!((faults.tries().len(), call(&bucket, &faults, "GET", "key").map(|(status, _)| status)), (0, Some(200)));
}

#[test]
fn answers_are_cut_lost_and_delayed() {
    let Some((bucket, faults)) = stored() else { return };
    faults.add(Rule::new(Fault::CutBody { after_bytes: 4 }).on("GetObject").times(1));
    faults.add(Rule::new(Fault::LoseAnswer).on("PutObject").times(1));
    faults.add(Rule::new(Fault::LoseRequest).on("DeleteObject").times(1));
    assert_eq!(call(&bucket, &faults, "GET", "key"), None);
    assert_eq!(call(&bucket, &faults, "PUT", "new"), None);
    assert_eq!(bucket.get("new").as_deref(), Some(b"other".as_slice()));
    assert_eq!(call(&bucket, &faults, "DELETE", "new"), None);
    assert!(bucket.get("new").is_some());
    assert_eq!(faults.broken(), 3);
    faults.add(Rule::new(Fault::Delay(Duration::from_millis(10))));
    assert_eq!(call(&bucket, &faults, "GET", "key"), Some((200, BODY.to_vec())));
    assert_eq!((faults.broken(), faults.most_tries()), (3, 2));
}

#[test]
fn one_bit_is_another_one_and_the_seed_says_which() {
    let Some((bucket, faults)) = stored() else { return };
    let flipped = |seed: u64| {
        faults.clear();
        faults.add(Rule::new(Fault::FlipBit).on("GetObject").percent(100, seed));
        call(&bucket, &faults, "GET", "key").expect("an answer").1
    };
    let first = flipped(1);
    let bits: u32 = first.iter().zip(BODY).map(|(is, was)| (is ^ was).count_ones()).sum();
    assert_eq!((first.len(), bits), (BODY.len(), 1));
    assert!((2..20).any(|seed| flipped(seed) != first));
    assert_eq!(flipped(1), first);
}

#[test]
fn a_connection_serves_one_call_behind_the_other() {
    let Some((bucket, faults)) = stored() else { return };
    let endpoint = faults.endpoint();
    let host = endpoint.strip_prefix("http://").expect("plain HTTP");
    let mut stream = BufReader::new(TcpStream::connect(host).expect("it listens"));
    stream.get_ref().set_read_timeout(Some(Duration::from_secs(20))).expect("a time");
    faults.add(Rule::new(Fault::SLOW_DOWN).on("HeadObject"));
    let path = format!("/{}/key", bucket.name());
    // Without a signature each is refused, with a body that is whole.
    for (method, body, status) in [("GET", "", "403"), ("HEAD", "", "503"), ("PUT", "text", "403"), ("GET", "", "403")]
    {
        let expect = if body.is_empty() { "" } else { "Expect: 100-continue\r\n" };
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{expect}Content-Length: {}\r\n\r\n", body.len());
        stream.get_mut().write_all(head.as_bytes()).expect("open");
        if !body.is_empty() {
            assert_eq!(read_answer(&mut stream, "HEAD").0, "100");
            stream.get_mut().write_all(body.as_bytes()).expect("open");
        }
        let (found, answer) = read_answer(&mut stream, method);
        assert_eq!(found, status, "{answer}");
        assert_eq!(answer.contains("</Error>"), method != "HEAD", "{answer}");
    }
}

/// Status and body of the next answer.
fn read_answer(from: &mut impl BufRead, method: &str) -> (String, String) {
    let (mut head, mut line) = (String::new(), String::new());
    while !head.ends_with("\r\n\r\n") {
        line.clear();
        assert!(from.read_line(&mut line).expect("open") > 0, "{head}");
        head += &line;
    }
    let status = head.split(' ').nth(1).expect("a status").to_owned();
    let lower = head.to_ascii_lowercase();
    let length =
        lower.split_once("content-length: ").map_or("0", |(_, rest)| rest.split("\r\n").next().expect("a line"));
    let length: usize = if method == "HEAD" { 0 } else { length.parse().expect("a number") };
    let mut body = vec![0; length];
    from.read_exact(&mut body).expect("whole");
    (status, String::from_utf8(body).expect("text"))
}
