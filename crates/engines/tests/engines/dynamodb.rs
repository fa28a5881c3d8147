//! Both emulators of DynamoDB start, answer, and end.

use std::net::TcpStream;

use engines::{DynamoDbLocal, Ministack, Tables};

use crate::wait_until;

fn answers(endpoint: &str) -> bool {
    TcpStream::connect(endpoint.trim_start_matches("http://")).is_ok()
}

#[test]
fn a_killed_dynamodb_local_comes_back_where_it_was() {
    let Some(server) = DynamoDbLocal::start() else { return };
    let endpoint = server.endpoint();
    assert!(answers(&endpoint));
    server.kill();
    wait_until("nobody listens", || !answers(&endpoint));
    server.start_again();
    assert_eq!((server.endpoint(), answers(&endpoint)), (endpoint.clone(), true));
    drop(server);
    wait_until("nobody listens", || !answers(&endpoint));
}

#[test]
fn ministack_ends_when_it_is_dropped() {
    let Some(server) = Ministack::start() else { return };
    let endpoint = server.endpoint();
    assert!(answers(&endpoint));
    drop(server);
    wait_until("nobody listens", || !answers(&endpoint));
}

#[test]
fn tables_of_two_tests_have_other_names() {
    for (first, second) in [(Tables::local(), Tables::local()), (Tables::ministack(), Tables::ministack())] {
        let (Some(first), Some(second)) = (first, second) else { continue };
        assert_eq!(first.endpoint(), second.endpoint());
        assert_ne!(first.prefix(), second.prefix());
    }
}
