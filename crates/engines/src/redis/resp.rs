//! As much of Redis' protocol (RESP2) as it takes to send a command and read its reply.

use std::io::{self, BufRead, BufReader, Error, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a connection, a write or a reply may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// One command on a connection of its own; a reply that begins with `-` is an error.
pub fn ask(address: &str, password: &str, words: &[&str]) -> io::Result<String> {
    let address: SocketAddr = address.parse().map_err(Error::other)?;
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut stream = BufReader::new(stream);
    if !password.is_empty() {
        stream.get_mut().write_all(&command(&["AUTH", password]))?;
        reply(&mut stream)?;
    }
    stream.get_mut().write_all(&command(words))?;
    reply(&mut stream)
}

fn command(words: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len());
    for word in words {
        bytes += &format!("${}\r\n{word}\r\n", word.len());
    }
    bytes.into_bytes()
}

/// The items of a list stand on lines of their own; nil is empty.
fn reply(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    let mut characters = line.trim_end_matches("\r\n").chars();
    let kind = characters.next().ok_or(io::ErrorKind::UnexpectedEof)?;
    let rest = characters.as_str();
    let count = || rest.parse::<i64>().map_err(Error::other);
    match kind {
        '+' | ':' => Ok(rest.to_owned()),
        '-' => Err(Error::other(rest.to_owned())),
        '$' => bulk(from, count()?),
        '*' => (0..count()?).map(|_| reply(from)).collect::<io::Result<Vec<_>>>().map(|items| items.join("\n")),
        _ => Err(Error::other(format!("a reply that begins with {kind:?}"))),
    }
}

fn bulk(from: &mut impl BufRead, length: i64) -> io::Result<String> {
    let Ok(length) = usize::try_from(length) else { return Ok(String::new()) };
    let mut bytes = vec![0; length + 2];
    from.read_exact(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes[..length]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_read_to_their_end() {
        let mut bytes: &[u8] = b"+PONG\r\n*3\r\n$5\r\nab\r\nc\r\n:7\r\n$-1\r\n-ERR no\r\n";
        assert_eq!(reply(&mut bytes).unwrap(), "PONG");
        assert_eq!(reply(&mut bytes).unwrap(), "ab\r\nc\n7\n");
        assert_eq!(reply(&mut bytes).unwrap_err().to_string(), "ERR no");
        assert!(reply(&mut bytes).is_err());
    }
}
