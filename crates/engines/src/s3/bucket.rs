//! A bucket of one test.

use std::io;
use std::sync::OnceLock;

use super::client::{self, Answer};
use super::seaweedfs::SeaweedFs;
use super::signature::Keys;
use crate::programs::Engine;
use crate::{left_out, random};

/// Endpoint and keys of the S3 server that the test command runs.
pub(super) const SHARED: [&str; 3] = ["OUTHAUL_TEST_S3", "OUTHAUL_TEST_S3_KEY", "OUTHAUL_TEST_S3_SECRET"];
/// Its region; `us-east-1` where it is not told.
const REGION: &str = "OUTHAUL_TEST_S3_REGION";

/// A bucket; dropping it removes it with its objects.
#[derive(Debug)]
pub struct Bucket {
    endpoint: String,
    keys: Keys,
    name: String,
}

impl Bucket {
    /// One on the S3 server of the test command, else on one that is started once for this process.
    pub fn fresh() -> Option<Self> {
        if let [Ok(endpoint), Ok(access_key), Ok(secret_key)] = SHARED.map(std::env::var) {
            let region = std::env::var(REGION).unwrap_or_else(|_| "us-east-1".to_owned());
            return Some(Self::make(endpoint, Keys { access_key, secret_key, region }));
        }
        static OF_THIS_PROCESS: OnceLock<Option<SeaweedFs>> = OnceLock::new();
        match OF_THIS_PROCESS.get_or_init(SeaweedFs::start) {
            Some(server) => Some(server.bucket()),
            None => {
                left_out(Engine::SeaweedFs.name());
                None
            }
        }
    }

    pub(super) fn make(endpoint: String, keys: Keys) -> Self {
        let name = format!("test-{}", &random::word()[..20]);
        let bucket = Self { endpoint, keys, name };
        let made = bucket.ask("PUT", "", &[], b"");
        assert!(made.status == 200, "a bucket was not made: {} {}", made.status, String::from_utf8_lossy(&made.body));
        bucket
    }

    /// `http://127.0.0.1:port`; buckets stand in the path.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The region that signatures name.
    pub fn region(&self) -> &str {
        &self.keys.region
    }

    /// Who may do everything here.
    pub fn access_key(&self) -> &str {
        &self.keys.access_key
    }

    /// The key that signs.
    pub fn secret_key(&self) -> &str {
        &self.keys.secret_key
    }

    /// Sends one signed request behind the back of what is tested; panics without an answer.
    ///
    /// `target` is a key, with an encoded query behind `?`, such as `key?uploads` or `?list-type=2`; `headers` are whole lines.
    pub fn ask(&self, method: &str, target: &str, headers: &[&str], body: &[u8]) -> Answer {
        let answer = self.ask_through(&self.endpoint, method, target, headers, body);
        answer.unwrap_or_else(|error| panic!("{method} {target}: {error}"))
    }

    /// The same through a proxy in front of the server, signed for its address.
    pub fn ask_through(
        &self,
        endpoint: &str,
        method: &str,
        target: &str,
        headers: &[&str],
        body: &[u8],
    ) -> io::Result<Answer> {
        let slash = if target.is_empty() || target.starts_with('?') { "" } else { "/" };
        let target = format!("/{}{slash}{target}", self.name);
        client::ask(endpoint, &self.keys, method, &target, headers, body)
    }

    /// Stores an object, over what is there.
    pub fn put(&self, key: &str, body: &[u8]) {
        let answer = self.ask("PUT", &encoded(key), &[], body);
        assert!(answer.status == 200, "{key}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
    }

    /// An object's bytes, `None` where there is none.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        let answer = self.ask("GET", &encoded(key), &[], b"");
        assert!([200, 404].contains(&answer.status), "{key}: {}", answer.status);
        (answer.status == 200).then_some(answer.body)
    }

    /// Removes an object, if there is one.
    pub fn delete(&self, key: &str) {
        let answer = self.ask("DELETE", key, &[], b"");
        assert!(answer.status == 204, "{key} was not removed: {}", answer.status);
    }

    /// The keys of up to 1,000 objects that begin with `prefix`.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        let prefix = prefix.replace('/', "%2F");
        self.listed(&format!("?list-type=2&prefix={prefix}"), "Contents").expect("objects are listed")
    }

    /// The keys of uploads that were begun and neither completed nor given up.
    pub fn uploads(&self) -> Vec<String> {
        self.listed("?uploads", "Upload").expect("uploads are listed")
    }

    /// The `Key` of each `element` of a list.
    fn listed(&self, target: &str, element: &str) -> Option<Vec<String>> {
        let target = format!("/{}{target}", self.name);
        let answer = client::ask(&self.endpoint, &self.keys, "GET", &target, &[], b"").ok()?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let begin = format!("<{element}>");
        let items = text.split(&begin).skip(1);
        let keys = items.filter_map(|item| Some(item.split_once("<Key>")?.1.split_once("</Key>")?.0.to_owned()));
        (answer.status == 200).then(|| keys.collect())
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        let target = format!("/{}", self.name);
        // A server that was killed takes it along.
        let ask = |method: &str, target: &str| client::ask(&self.endpoint, &self.keys, method, target, &[], b"");
        if ask("DELETE", &target).is_ok_and(|answer| answer.status == 409) {
            // Other servers than SeaweedFS remove only an empty one.
            for key in self.listed("?list-type=2", "Contents").unwrap_or_default() {
                let _ = ask("DELETE", &format!("{target}/{key}"));
            }
            let _ = ask("DELETE", &target);
        }
    }
}

/// A key as it stands in a path: of what keys here are made of, only this sign is another one there (RFC 3986 section 2.1).
fn encoded(key: &str) -> String {
    key.replace('=', "%3D")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(bucket: &Bucket, keys: &Keys, method: &str, target: &str) -> u16 {
        client::ask(&bucket.endpoint, keys, method, target, &[], b"text").expect("an answer").status
    }

    #[test]
    fn signatures_are_checked() {
        let Some(bucket) = Bucket::fresh() else { return };
        bucket.put("key", b"text");
        let target = format!("/{}/key", bucket.name);
        assert_eq!(status(&bucket, &bucket.keys, "GET", &target), 200);
        let wrong = Keys { secret_key: random::word(), ..bucket.keys.clone() };
        assert_eq!(status(&bucket, &wrong, "GET", &target), 403);
        let unknown = Keys { access_key: "SOMEBODY".to_owned(), ..bucket.keys.clone() };
        assert_eq!(status(&bucket, &unknown, "GET", &target), 403);
    }

    #[test]
    fn a_dropped_bucket_is_gone_and_a_missing_one_is_not_made() {
        let (Some(first), Some(second)) = (Bucket::fresh(), Bucket::fresh()) else { return };
        first.put("key", b"text");
        let target = format!("/{}/key", first.name);
        assert_eq!(status(&second, &second.keys, "GET", &target), 200);
        drop(first);
        // The server remembers for a moment which buckets there are.
        let is_gone = |method| {
            (0..100).any(|_| {
                std::thread::sleep(std::time::Duration::from_millis(50));
                status(&second, &second.keys, method, &target) == 404
            })
        };
        assert!(is_gone("GET") && is_gone("PUT"));
    }
}
