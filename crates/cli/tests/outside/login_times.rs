//! Whether there is an account cannot be told from how long a refused sign-in takes.

use std::time::{Duration, Instant};

use crate::server::{Client, Server, member};
use crate::support::{Outhaul, is_deep};
use serde_json::json;

const KNOWN: &str = "u1@example.org";
const PAIRS: usize = 200;

/// Only with the bigger share: times say something on a machine that does nothing else.
#[test]
fn an_unknown_user_takes_as_long_as_a_wrong_password() {
    if !is_deep() {
        return;
    }
    let outhaul = Outhaul::new()
        .with("OUTHAUL_LIMITS__LOGIN_ATTEMPTS_PER_ACCOUNT", 10_000)
        .with("OUTHAUL_LIMITS__LOGIN_ATTEMPTS_PER_ADDRESS", 10_000);
    member(&outhaul, "o", KNOWN, "member");
    let server = Server::start(&outhaul, "serve");
    let client = Client::sign_in(&server, KNOWN);
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for pair in 0..PAIRS {
        known.push(refused(&client, KNOWN));
        unknown.push(refused(&client, &format!("nobody-{pair:03}@example.org")));
    }
    let ratio = median(unknown).as_secs_f64() / median(known).as_secs_f64();
    println!("median of {PAIRS} unknown users against {PAIRS} wrong passwords: {ratio:.3}");
    assert!((0.95..=1.05).contains(&ratio), "{ratio}");
    assert_eq!(server.stop(), Some(0));
}

#[expect(clippy::disallowed_methods, reason = "what is measured is the real time that a client sees")]
fn refused(client: &Client, email: &str) -> Duration {
    let begun = Instant::now();
    let answer = client.send("POST", "/v1/auth/login", &[], &json!({ "email": email, "password": "a wrong password" }));
    let took = begun.elapsed();
    assert_eq!(answer.status, 401);
    took
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
