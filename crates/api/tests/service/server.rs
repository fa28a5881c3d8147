//! The listener: heads that are too large, connections that wait, a stop that lets requests end.

use std::net::SocketAddr;
use std::sync::Arc;

use api::Options;
use domain::limits::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::support::World;

struct Running {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    server: JoinHandle<Result<(), api::ServeError>>,
    _world: World,
}

async fn start(limits: Limits) -> Running {
    let world = World::with(Options { limits, ..Options::default() }).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let server = tokio::spawn(api::serve(listener, Arc::clone(&world.app), stopped));
    Running { address, stop, server, _world: world }
}

/// Everything that comes until the other end closes.
async fn talk(address: SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A reset after the answer is an end, too.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn it_answers_and_stops() {
    let running = start(Limits::default()).await;
    let answer = talk(running.address, "GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("ok\n"), "{answer}");
    running.stop.send(true).unwrap();
    running.server.await.unwrap().unwrap();
    assert!(TcpStream::connect(running.address).await.is_err());
}

#[tokio::test]
async fn a_request_that_runs_is_answered_before_the_end() {
    let running = start(Limits::default()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let body = r#"{"refresh_token":"x"}"#;
    let head = "POST /v1/auth/logout HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nexpect: 100-continue\r\n";
    stream.write_all(format!("{head}content-length: {}\r\n\r\n", body.len()).as_bytes()).await.unwrap();
    // The handler asks for the body: it is running now.
    let mut continued = [0; 25];
    stream.read_exact(&mut continued).await.unwrap();
    assert_eq!(&continued, b"HTTP/1.1 100 Continue\r\n\r\n");
    running.stop.send(true).unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 204 No Content\r\n"), "{answer}");
    running.server.await.unwrap().unwrap();
}

#[tokio::test]
async fn heads_have_a_limit() {
    let running = start(Limits { header_bytes: 8 << 10, ..Limits::default() }).await;
    let long = format!("GET /livez HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "a".repeat(16 << 10));
    let many = format!("GET /livez HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(200));
    for request in [long, many] {
        let answer = talk(running.address, &request).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
    running.stop.send(true).unwrap();
    running.server.await.unwrap().unwrap();
}

#[tokio::test]
async fn over_the_limit_a_connection_waits_for_its_turn() {
    let running = start(Limits { connections: 1, ..Limits::default() }).await;
    let mut first = TcpStream::connect(running.address).await.unwrap();
    first.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut begun = [0; 15];
    first.read_exact(&mut begun).await.unwrap();
    let request = "GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let second = tokio::spawn(talk(running.address, request));
    tokio::task::yield_now().await;
    assert!(!second.is_finished());
    drop(first);
    assert!(second.await.unwrap().starts_with("HTTP/1.1 200 OK\r\n"));
    running.stop.send(true).unwrap();
    running.server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_request_names_one_host() {
    let running = start(Limits::default()).await;
    for (head, status) in [
        ("GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n", 400),
        ("GET /livez HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n", 400),
        ("GET /livez HTTP/1.0\r\n\r\n", 200),
        ("GET /livez HTTP/1.1\r\nhost:\r\nconnection: close\r\n\r\n", 200),
    ] {
        let answer = talk(running.address, head).await;
        assert!(answer.split(' ').nth(1) == Some(&status.to_string()), "{head}: {answer}");
        assert_eq!(answer.contains("\"code\":\"malformed_request\""), status == 400, "{answer}");
    }
    running.stop.send(true).unwrap();
    running.server.await.unwrap().unwrap();
}

/// The rest of the body would be taken for the next request.
#[tokio::test]
async fn a_body_that_is_left_unread_ends_the_connection() {
    let running = start(Limits::default()).await;
    let unread = "POST /v1/me/exports HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{";
    let answer = talk(running.address, unread).await.to_lowercase();
    assert!(answer.starts_with("http/1.1 401 ") && answer.contains("\r\nconnection: close\r\n"), "{answer}");
    let login = "POST /v1/auth/logout HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let body = r#"{"refresh_token":"x"}"#;
    let next = "GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let both = format!("{login}content-length: {}\r\n\r\n{body}{next}", body.len());
    let answers = talk(running.address, &both).await;
    assert!(answers.starts_with("HTTP/1.1 204 ") && answers.contains("HTTP/1.1 200 OK\r\n"), "{answers}");
    running.stop.send(true).unwrap();
    running.server.await.unwrap().unwrap();
}

/// HEAD tells what GET would: its length, whatever the status, and never that of the body that is left out.
#[tokio::test]
async fn head_has_the_length_of_get() {
    let running = start(Limits::default()).await;
    for path in ["/livez", "/nothing", "/v1/downloads/x"] {
        let of = async |method: &str| {
            let request = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
            let answer = talk(running.address, &request).await.to_lowercase();
            let length = answer.lines().find_map(|line| line.strip_prefix("content-length: ").map(str::to_owned));
            (length.unwrap_or_else(|| panic!("no length: {answer}")), answer.ends_with("\r\n\r\n"))
        };
        let (get, head) = (of("GET").await, of("HEAD").await);
        assert_eq!((&get.0, false, true), (&head.0, get.1, head.1), "{path}");
        assert_ne!(get.0, "0");
    }
    running.stop.send(true).unwrap();
    running.server.await.unwrap().unwrap();
}

/// A client that asks and never reads does not keep its place.
#[tokio::test]
async fn a_client_that_takes_nothing_loses_its_connection() {
    let running = start(Limits { stalled_seconds: 1, connections: 1, ..Limits::default() }).await;
    let mut stalled = TcpStream::connect(running.address).await.unwrap();
    // Answers of a megabyte each, until neither end has room for more.
    let request = b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: x\r\n\r\n";
    let asking = async { while stalled.write_all(request).await.is_ok() {} };
    tokio::pin!(asking);
    let next = talk(running.address, "GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    tokio::pin!(next);
    let answer = tokio::select! {
        answer = &mut next => answer,
        () = &mut asking => (&mut next).await,
    };
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    running.stop.send(true).unwrap();
    running.server.await.unwrap().unwrap();
}
