//! One call as its request says, and how often each was tried.

use std::collections::BTreeMap;

use super::http::Head;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// `GET`, `PUT` and so on.
    pub method: String,
    /// Path and query as they were sent.
    pub target: String,
    /// The header Range.
    pub range: Option<String>,
    /// Whether an object is the source of this one.
    is_copy: bool,
    /// What DynamoDB is asked to do, which stands in a header.
    action: Option<&'static str>,
    invocation: Option<String>,
}

/// What the header x-amz-target holds before the name of what DynamoDB is asked to do.
const DYNAMODB: &str = "DynamoDB_20120810.";
const ACTIONS: [&str; 15] = [
    "BatchGetItem",
    "BatchWriteItem",
    "CreateTable",
    "DeleteItem",
    "DescribeContinuousBackups",
    "DescribeTable",
    "DescribeTimeToLive",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "TransactWriteItems",
    "UpdateContinuousBackups",
    "UpdateItem",
    "UpdateTimeToLive",
];

impl Call {
    pub(super) fn of(head: &Head) -> Self {
        let mut words = head.first_line().split(' ').map(str::to_owned);
        let header = |name| head.header(name).map(str::to_owned);
        Self {
            method: words.next().unwrap_or_default(),
            target: words.next().unwrap_or_default(),
            range: header("range"),
            is_copy: head.header("x-amz-copy-source").is_some(),
            action: head.header("x-amz-target").and_then(|target| target.strip_prefix(DYNAMODB)).map(known_action),
            invocation: header("amz-sdk-invocation-id"),
        }
    }

    /// The target without its query, with the bucket in front.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// A parameter of the query as it was sent, empty where it has no value.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// Whether DynamoDB is asked.
    pub(super) fn is_of_dynamodb(&self) -> bool {
        self.action.is_some()
    }

    /// The name that the API has for a call of DynamoDB or on objects, such as `PutItem`, `GetObject` or `UploadPartCopy`;
    /// `Other` for the rest.
    pub fn operation(&self) -> &'static str {
        if let Some(action) = self.action {
            return action;
        }
        let has = |name: &str| self.parameter(name).is_some();
        let key = self.path().trim_start_matches('/').split_once('/').map_or("", |(_, key)| key);
        match (self.method.as_str(), key.is_empty()) {
            ("PUT", false) if has("partNumber") && self.is_copy => "UploadPartCopy",
            ("PUT", false) if has("partNumber") => "UploadPart",
            ("PUT", false) if self.is_copy => "CopyObject",
            ("PUT", false) => "PutObject",
            ("POST", false) if has("uploads") => "CreateMultipartUpload",
            ("POST", false) if has("uploadId") => "CompleteMultipartUpload",
            ("DELETE", false) if has("uploadId") => "AbortMultipartUpload",
            ("DELETE", false) => "DeleteObject",
            ("GET", false) if has("uploadId") => "ListParts",
            ("GET", false) => "GetObject",
            ("HEAD", false) => "HeadObject",
            ("GET", true) if has("uploads") => "ListMultipartUploads",
            ("GET", true) if has("list-type") || has("prefix") => "ListObjects",
            ("POST", true) if has("delete") => "DeleteObjects",
            _ => "Other",
        }
    }
}

fn known_action(name: &str) -> &'static str {
    ACTIONS.into_iter().find(|action| *action == name).unwrap_or("Other")
}

/// Counts of tries, by call.
#[derive(Debug, Default)]
pub struct Tries(BTreeMap<Key, Count>);

/// What tries of one call have in common.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Invocation(String),
    Request(Call),
}

#[derive(Debug)]
struct Count {
    call: Call,
    all: u32,
    /// Since the last answer that was as it should be.
    run: u32,
    longest_run: u32,
}

impl Tries {
    pub fn begin(&mut self, call: &Call) {
        let new = || Count { call: call.clone(), all: 0, run: 0, longest_run: 0 };
        let count = self.0.entry(Key::of(call)).or_insert_with(new);
        count.all += 1;
        count.run += 1;
        count.longest_run = count.longest_run.max(count.run);
    }

    /// The last try was answered as it should be.
    pub fn succeed(&mut self, call: &Call) {
        if let Some(count) = self.0.get_mut(&Key::of(call)) {
            count.run = 0;
        }
    }

    pub fn all(&self) -> Vec<(Call, u32)> {
        self.0.values().map(|count| (count.call.clone(), count.all)).collect()
    }

    pub fn most(&self) -> u32 {
        self.0.values().map(|count| count.longest_run).max().unwrap_or(0)
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl Key {
    fn of(call: &Call) -> Self {
        match &call.invocation {
            Some(invocation) => Self::Invocation(invocation.clone()),
            None => Self::Request(call.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(text: &str) -> Call {
        Call::of(&Head::read(&mut format!("{text}\r\n\r\n").as_bytes()).unwrap().unwrap())
    }

    #[test]
    fn calls_are_named_as_the_api_does() {
        let copied = "x-amz-copy-source: /b/o";
        let cases = [
            ("PUT /b/k HTTP/1.1".to_owned(), "PutObject"),
            (format!("PUT /b/k HTTP/1.1\r\n{copied}"), "CopyObject"),
            ("PUT /b/k?partNumber=1&uploadId=u HTTP/1.1".to_owned(), "UploadPart"),
            (format!("PUT /b/k?uploadId=u&partNumber=1 HTTP/1.1\r\n{copied}"), "UploadPartCopy"),
            ("POST /b/k?uploads HTTP/1.1".to_owned(), "CreateMultipartUpload"),
            ("POST /b/k?uploads= HTTP/1.1".to_owned(), "CreateMultipartUpload"),
            ("POST /b/k?uploadId=u HTTP/1.1".to_owned(), "CompleteMultipartUpload"),
            ("DELETE /b/k?uploadId=u HTTP/1.1".to_owned(), "AbortMultipartUpload"),
            ("DELETE /b/k HTTP/1.1".to_owned(), "DeleteObject"),
            ("GET /b/k HTTP/1.1".to_owned(), "GetObject"),
            ("HEAD /b/k HTTP/1.1".to_owned(), "HeadObject"),
            ("GET /b/?uploads HTTP/1.1".to_owned(), "ListMultipartUploads"),
            ("GET /b?list-type=2 HTTP/1.1".to_owned(), "ListObjects"),
            ("POST /b/?delete HTTP/1.1".to_owned(), "DeleteObjects"),
            ("GET / HTTP/1.1".to_owned(), "Other"),
            ("POST / HTTP/1.1\r\nX-Amz-Target: DynamoDB_20120810.Query".to_owned(), "Query"),
            ("POST / HTTP/1.1\r\nX-Amz-Target: DynamoDB_20120810.Untold".to_owned(), "Other"),
        ];
        for (text, expected) in cases {
            assert_eq!(call(&text).operation(), expected, "{text}");
        }
    }

    #[test]
    fn tries_count_until_one_succeeds() {
        let first = call("GET /b/k HTTP/1.1\r\nRange: bytes=0-1");
        let other_range = call("GET /b/k HTTP/1.1\r\nRange: bytes=2-3");
        let mut tries = Tries::default();
        for _ in 0..3 {
            tries.begin(&first);
        }
        tries.succeed(&first);
        tries.begin(&first);
        tries.begin(&other_range);
        assert_eq!((tries.most(), tries.all()), (3, vec![(first, 4), (other_range, 1)]));
        let of_sdk = |target: &str| call(&format!("GET {target} HTTP/1.1\r\nAmz-Sdk-Invocation-Id: a"));
        tries.clear();
        tries.begin(&of_sdk("/b/k?signed=1"));
        tries.begin(&of_sdk("/b/k?signed=2"));
        assert_eq!((tries.most(), tries.all().len()), (2, 1));
    }
}
