//! One signed request on a connection of its own, and its answer, whole.

use std::io::{self, Error, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::signature::{self, Keys, UNSIGNED};

/// How long each read or write may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status of HTTP.
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    /// The body, empty for HEAD.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value; its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// Sends a request to an endpoint `http://host:port`; `target` is the path with an encoded query behind `?`, `headers` are whole lines.
pub fn ask(
    endpoint: &str,
    keys: &Keys,
    method: &str,
    target: &str,
    headers: &[&str],
    body: &[u8],
) -> io::Result<Answer> {
    ask_for("s3", endpoint, keys, method, target, headers, body)
}

/// The same of another service on the same port.
pub fn ask_for(
    service: &str,
    endpoint: &str,
    keys: &Keys,
    method: &str,
    target: &str,
    headers: &[&str],
    body: &[u8],
) -> io::Result<Answer> {
    let host = endpoint.strip_prefix("http://").ok_or_else(|| Error::other("an endpoint that is not http"))?;
    let host = host.trim_end_matches('/');
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let now = signature::now();
    let authorization = signature::sign(keys, service, method, host, path, query, &now);
    // A request of HTTP/1.0 is answered in one piece, and its connection closed.
    let mut head = format!(
        "{method} {target} HTTP/1.0\r\nHost: {host}\r\nContent-Length: {}\r\nx-amz-content-sha256: {UNSIGNED}\r\n\
         x-amz-date: {now}\r\nAuthorization: {authorization}\r\n",
        body.len()
    );
    for line in headers {
        head += &format!("{line}\r\n");
    }
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all((head + "\r\n").as_bytes())?;
    stream.write_all(body)?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let answer = read(&bytes).ok_or_else(|| Error::other("an answer that is not HTTP"))?;
    let told = answer.header("Content-Length").and_then(|length| length.parse().ok());
    if method != "HEAD" && told.is_some_and(|length: usize| length != answer.body.len()) {
        return Err(Error::other("an answer whose body is cut short"));
    }
    Ok(answer)
}

fn read(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, head, body: bytes[end + 4..].to_vec() })
}
