//! DynamoDB twice: Amazon's own emulator, and one that somebody else wrote.

mod local;
mod ministack;
mod tables;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

pub use self::local::DynamoDbLocal;
pub use self::ministack::Ministack;
pub use self::tables::Tables;

/// How long a server that is up may take to say anything.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether somebody speaks HTTP at `host:port`, whatever they say.
fn answers(address: &str) -> bool {
    let ask = || -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(format!("GET / HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes())?;
        let mut begin = vec![0; 5];
        stream.read_exact(&mut begin)?;
        Ok(begin)
    };
    ask().is_ok_and(|begin| begin == b"HTTP/")
}
