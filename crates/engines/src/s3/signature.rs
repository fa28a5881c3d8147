//! AWS Signature Version 4 for requests without a signed body: what it takes to make a bucket.
//!
//! Source: Amazon S3 API reference, "Authenticating Requests (AWS Signature Version 4)", header-based, payload unsigned.

use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

/// The body is not part of the signature.
pub const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
const SIGNED_HEADERS: &str = "host;x-amz-content-sha256;x-amz-date";
/// Bytes of a block of SHA-256.
const BLOCK: usize = 64;

/// Who signs, for which region.
#[derive(Clone)]
pub struct Keys {
    pub access_key: String,
    pub secret_key: String,
    pub region: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({})", self.region)
    }
}

/// The header `Authorization` of a request whose `x-amz-date` is `now`; `path` and `query` are encoded already.
pub fn sign(keys: &Keys, service: &str, method: &str, host: &str, path: &str, query: &str, now: &str) -> String {
    let mut pairs: Vec<_> = query.split('&').filter(|pair| !pair.is_empty()).map(with_equals_sign).collect();
    pairs.sort_unstable();
    let headers = format!("host:{host}\nx-amz-content-sha256:{UNSIGNED}\nx-amz-date:{now}\n");
    let request = [method, path, &pairs.join("&"), &headers, SIGNED_HEADERS, UNSIGNED].join("\n");
    let day = &now[..8];
    let scope = format!("{day}/{}/{service}/aws4_request", keys.region);
    let text = format!("AWS4-HMAC-SHA256\n{now}\n{scope}\n{}", hex(&Sha256::digest(request)));
    let first = format!("AWS4{}", keys.secret_key).into_bytes();
    let steps = [day, &keys.region, service, "aws4_request", &text];
    let signature = steps.iter().fold(first, |key, step| hmac(&key, step.as_bytes()).to_vec());
    format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={SIGNED_HEADERS}, Signature={}",
        keys.access_key,
        hex(&signature)
    )
}

fn with_equals_sign(pair: &str) -> String {
    if pair.contains('=') { pair.to_owned() } else { format!("{pair}=") }
}

/// RFC 2104; keys here are shorter than a block.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let pad = |with: u8| -> [u8; BLOCK] { std::array::from_fn(|at| key.get(at).copied().unwrap_or(0) ^ with) };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Now as `20130524T000000Z`.
#[expect(clippy::disallowed_methods, reason = "a real server compares the time with its own")]
pub fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    basic_format(seconds)
}

/// ISO 8601's basic format of seconds since 1970.
fn basic_format(seconds: u64) -> String {
    let (mut days, second) = (seconds / 86_400, seconds % 86_400);
    let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}{:02}{:02}T{hour:02}{minute:02}{second:02}Z", month + 1, days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_authenticated_as_the_rfc_says() {
        // RFC 4231, test case 2.
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex(&hmac(b"Jefe", b"what do ya want for nothing?")), expected);
    }

    #[test]
    fn an_instant_is_written_in_basic_format() {
        let cases = [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (1_709_251_199, "20240229T235959Z"),
            (4_107_542_400, "21000301T000000Z"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(basic_format(seconds), expected);
        }
    }
}
