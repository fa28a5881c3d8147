//! Servers end with the process that asked for them, also when that is killed.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use engines::{Database, Redis};

use crate::wait_until;

/// Makes this test the process that is killed.
const IS_CHILD: &str = "ENGINES_TEST_IS_CHILD";

#[test]
fn servers_end_with_a_killed_process() {
    if std::env::var_os(IS_CHILD).is_some() {
        be_killed();
        return;
    }
    let mut child = Command::new(std::env::current_exe().expect("this test"));
    child.args(["--exact", "dying::servers_end_with_a_killed_process", "--nocapture"]);
    child.env(IS_CHILD, "1").env_remove("OUTHAUL_TEST_POSTGRES").stdout(Stdio::piped());
    let mut child = child.spawn().expect("it runs");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut lines = lines.map(|line| line.expect("text")).skip_while(|line| !line.contains("servers: "));
    let told = lines.next().unwrap_or_default();
    assert!(told.contains("servers: "), "it ended before it had told");
    let words: Vec<_> = told.split("servers: ").nth(1).unwrap_or_default().split(' ').map(str::to_owned).collect();
    child.kill().expect("it runs");
    child.wait().expect("it was started here");
    // One that lacked an engine has said so, and what.
    let [folder, addresses @ ..] = words.as_slice() else { return };
    for address in addresses {
        wait_until("nobody listens", || TcpStream::connect(address).is_err());
    }
    wait_until("the folder is gone", || !Path::new(folder).exists());
}

/// Says what it started and waits; without an engine it says nothing of servers and ends.
fn be_killed() {
    let (Some(redis), Some(database)) = (Redis::start(&[]), Database::fresh()) else {
        return println!("servers: ");
    };
    let folder = redis.ask(&["CONFIG", "GET", "dir"]);
    let folder = folder.lines().nth(1).expect("a value");
    println!("servers: {folder} {} {}", redis.address(), database.address());
    loop {
        std::thread::park();
    }
}
