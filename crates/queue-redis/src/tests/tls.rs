//! The way to Redis over TLS.

use super::{PATIENCE, SHORT, options, redis, wake, within, words};
use ::queue::Queue;

use crate::{RedisOptions, RedisOptionsError};

#[tokio::test]
async fn over_tls_with_an_authority_of_its_own() {
    let Some(server) = engines::Redis::start_with_tls(&[]) else { return };
    let address = server.tls_address().expect("TLS was asked for");
    let plain = options(&server, &address);
    let trusting = RedisOptions { tls: true, ca_file: server.authority_file().map(Into::into), ..plain.clone() };
    let queue = redis(&trusting).queue();
    queue.push(wake("acme")).await.unwrap();
    assert_eq!(queue.take(PATIENCE).await.unwrap(), Some(wake("acme").encode()));
    assert_eq!(queue.take(SHORT).await.unwrap(), None);
    // The same by another name that the certificate does not have, and spoken to in the open.
    let nameless = RedisOptions { host: "127.0.0.2".to_owned(), ..trusting };
    for options in [nameless, plain] {
        let error = within(PATIENCE, redis(&options).queue().push(wake("acme"))).await.unwrap_err();
        assert!(error.retryable() && !words(&error).contains(server.password()), "{}", words(&error));
    }
}

#[test]
fn what_cannot_be_trusted_is_said_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let check = |text: Option<&str>, expected: fn(&RedisOptionsError) -> bool| {
        let file = folder.path().join("ca.pem");
        let _ = std::fs::remove_file(&file);
        if let Some(text) = text {
            std::fs::write(&file, text).unwrap();
        }
        let options = RedisOptions { ca_file: Some(file), ..RedisOptions::parse("rediss://localhost").unwrap() };
        let error = crate::Redis::new(&options, std::sync::Arc::new(super::Middle)).err().expect("no such authority");
        assert!(expected(&error) && error.to_string().starts_with("ca_file: "), "{error}");
    };
    check(None, |error| matches!(error, RedisOptionsError::CaFile(_)));
    check(Some(""), |error| matches!(error, RedisOptionsError::Certificates));
    check(Some("-----BEGIN CERTIFICATE-----\nx"), |error| matches!(error, RedisOptionsError::Certificates));
    let garbled = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    check(Some(garbled), |error| matches!(error, RedisOptionsError::Certificates));
}
