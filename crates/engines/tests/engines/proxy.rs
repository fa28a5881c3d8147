//! The proxy in front of a server that sends back what it gets, and of Redis.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use engines::{Proxy, Redis, Wire};

use crate::wait_until;

/// The address of a server that sends back what it gets; it lives as long as this process.
fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || std::io::copy(&mut &stream, &mut &stream));
        }
    });
    address
}

fn client(proxy: &Proxy) -> TcpStream {
    let client = TcpStream::connect(proxy.address()).expect("a proxy always takes connections");
    client.set_read_timeout(Some(Duration::from_secs(20))).expect("a time");
    client
}

/// Sends a text and reads as much back.
fn exchange(mut client: &TcpStream, text: &str) -> std::io::Result<String> {
    client.write_all(text.as_bytes())?;
    let mut back = vec![0; text.len()];
    client.read_exact(&mut back)?;
    Ok(String::from_utf8(back).expect("what was sent"))
}

fn does_answer(mut client: &TcpStream, patience: Duration) -> bool {
    client.set_read_timeout(Some(patience)).expect("a time");
    let read = client.read(&mut [0; 16]);
    client.set_read_timeout(Some(Duration::from_secs(20))).expect("a time");
    match read {
        Ok(length) => length > 0,
        Err(error) => {
            assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
            false
        }
    }
}

#[test]
fn an_open_way_carries_both_directions_to_their_ends() {
    let proxy = Proxy::to(echo());
    let mut client = client(&proxy);
    let text = "0123456789".repeat(100_000);
    let of_thread = client.try_clone().expect("a descriptor");
    let sent = text.clone();
    let sender = std::thread::spawn(move || {
        (&of_thread).write_all(sent.as_bytes()).expect("sent");
        of_thread.shutdown(std::net::Shutdown::Write).expect("open");
    });
    let mut back = String::new();
    client.read_to_string(&mut back).expect("read");
    sender.join().expect("sent");
    assert!(back == text, "{} bytes came back", back.len());
    wait_until("the connection is forgotten", || proxy.living() == 0);
    assert_eq!(proxy.taken(), 1);
}

#[test]
fn a_refused_client_is_closed_and_an_older_one_goes_on() {
    let proxy = Proxy::to(echo());
    let older = client(&proxy);
    assert_eq!(exchange(&older, "one").expect("open"), "one");
    proxy.set(Wire::Refused);
    assert!(exchange(&client(&proxy), "two").is_err());
    assert_eq!(exchange(&older, "three").expect("open"), "three");
    proxy.cut_all();
    assert!(exchange(&older, "four").is_err());
    proxy.set(Wire::Open);
    assert_eq!(exchange(&client(&proxy), "five").expect("open"), "five");
}

#[test]
fn a_half_open_way_moves_nothing_until_it_opens() {
    let proxy = Proxy::to(echo());
    let older = client(&proxy);
    assert_eq!(exchange(&older, "one").expect("open"), "one");
    proxy.set(Wire::HalfOpen);
    let newer = client(&proxy);
    for mut client in [&older, &newer] {
        client.write_all(b"two").expect("it is taken");
        assert!(!does_answer(client, Duration::from_millis(200)));
    }
    proxy.set(Wire::Open);
    for client in [&older, &newer] {
        assert!(does_answer(client, Duration::from_secs(20)));
    }
    proxy.set(Wire::HalfOpen);
    proxy.cut_all();
    assert!(exchange(&older, "three").is_err());
    wait_until("connections are forgotten", || proxy.living() == 0);
}

#[test]
fn a_slow_way_waits_and_is_quick_again_at_once() {
    let proxy = Proxy::to(echo());
    proxy.set(Wire::Slow(Duration::from_millis(1)));
    let client = client(&proxy);
    assert_eq!(exchange(&client, "one").expect("slow"), "one");
    proxy.set(Wire::Slow(Duration::from_secs(3_600)));
    (&client).write_all(b"two").expect("it is taken");
    assert!(!does_answer(&client, Duration::from_millis(200)));
    proxy.set(Wire::Open);
    assert!(does_answer(&client, Duration::from_secs(20)));
}

#[test]
fn an_answer_is_cut_after_its_bytes() {
    let proxy = Proxy::to(echo());
    let older = client(&proxy);
    assert_eq!(exchange(&older, "older").expect("open"), "older");
    proxy.set(Wire::Cut { after_bytes: 3 });
    for mut client in [&older, &client(&proxy)] {
        client.write_all(b"answer").expect("open");
        let mut back = Vec::new();
        // Whether the rest is missed as an end or as an error is the kernel's to say.
        let _ = client.read_to_end(&mut back);
        assert_eq!(back, b"ans");
    }
}

#[test]
fn a_lost_answer_was_done_all_the_same() {
    let Some(redis) = Redis::start(&[]) else { return };
    let proxy = Proxy::to(redis.address());
    let signed_in = format!("AUTH {}\r\n", redis.password());
    let mut client = client(&proxy);
    client.write_all(signed_in.as_bytes()).expect("open");
    assert!(does_answer(&client, Duration::from_secs(20)));
    proxy.set(Wire::Cut { after_bytes: 0 });
    client.write_all(b"SET key value\r\n").expect("open");
    assert!(!matches!(client.read(&mut [0; 16]), Ok(1..)));
    assert_eq!(redis.ask(&["GET", "key"]), "value");
    redis.kill();
    proxy.set(Wire::Open);
    assert!(exchange(&TcpStream::connect(proxy.address()).expect("it listens"), "PING\r\n").is_err());
}
