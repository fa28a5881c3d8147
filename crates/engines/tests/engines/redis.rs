//! A Redis of the test's own.

use std::net::TcpStream;
use std::process::Command;

use engines::{Redis, left_out};

use crate::wait_until;

#[test]
fn settings_hold_and_a_password_is_asked() {
    let Some(redis) = Redis::start(&[("maxmemory", "2mb"), ("maxmemory-policy", "noeviction")]) else { return };
    assert_eq!(redis.ask(&["CONFIG", "GET", "maxmemory"]), "maxmemory\n2097152");
    assert_eq!(redis.ask(&["CONFIG", "GET", "bind"]), "bind\n127.0.0.1");
    assert!(redis.password().len() >= 32);
    let Some(open) = Redis::start(&[("requirepass", "")]) else { return };
    assert_eq!((open.password(), open.ask(&["PING"]).as_str()), ("", "PONG"));
}

#[test]
fn a_killed_redis_comes_back_empty_at_its_address() {
    let Some(redis) = Redis::start(&[]) else { return };
    redis.ask(&["SET", "key", "value"]);
    redis.kill();
    assert!(redis.try_ask(&["PING"]).is_err());
    redis.start_again();
    assert_eq!(redis.ask(&["GET", "key"]), "");
    redis.start_again();
    assert_eq!(redis.ask(&["PING"]), "PONG");
}

#[test]
fn what_the_settings_keep_is_there_after_a_kill() {
    let Some(redis) = Redis::start(&[("appendonly", "yes"), ("appendfsync", "always")]) else { return };
    redis.ask(&["SET", "key", "value"]);
    redis.kill();
    redis.start_again();
    assert_eq!(redis.ask(&["GET", "key"]), "value");
}

#[test]
fn a_paused_redis_takes_connections_and_says_nothing() {
    let Some(redis) = Redis::start(&[]) else { return };
    redis.pause();
    assert!(TcpStream::connect(redis.address()).is_ok());
    assert!(redis.try_ask(&["PING"]).is_err());
    redis.resume();
    wait_until("it answers again", || redis.try_ask(&["PING"]).is_ok());
}

#[test]
fn a_client_that_trusts_the_authority_gets_in_by_tls() {
    let Some(redis) = Redis::start_with_tls(&[]) else { return };
    let address = redis.tls_address().expect("it was asked for");
    let (host, port) = address.rsplit_once(':').expect("a port");
    let mut client = Command::new("redis-cli");
    client.args(["-h", host, "-p", port, "--no-auth-warning", "--tls", "--cacert"]);
    client.arg(redis.authority_file().expect("it was asked for")).env("REDISCLI_AUTH", redis.password()).arg("PING");
    match client.output() {
        Ok(output) => assert_eq!(String::from_utf8_lossy(&output.stdout), "PONG\n", "{output:?}"),
        Err(_) => left_out("redis-cli"),
    }
}
