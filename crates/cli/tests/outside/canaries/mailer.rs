//! A mail server that fails in every way it can, and repeats in its answers all that it was told.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What it refuses, one after the other, conversation by conversation.
const KINDS: [&str; 4] = ["AUTH", "MAIL", "RCPT", "."];

/// The server, until the end of the process.
pub struct Mailer {
    pub port: u16,
    refused: Arc<AtomicUsize>,
}

impl Mailer {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let refused = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&refused);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that hangs up is what a failing server is for.
                let _ = talk(&stream, KINDS[count.load(Ordering::SeqCst) % KINDS.len()], &count);
            }
        });
        Self { port, refused }
    }

    /// Waits until each way to fail was taken.
    pub fn wait_for_all_kinds(&self) {
        for _ in 0..1200 {
            if self.refused.load(Ordering::SeqCst) >= KINDS.len() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("only {} letters were tried", self.refused.load(Ordering::SeqCst));
    }
}

fn talk(stream: &TcpStream, refuses: &str, refused: &AtomicUsize) -> io::Result<()> {
    let (mut lines, mut out) = (BufReader::new(stream).lines(), stream);
    let mut heard = String::new();
    write!(out, "220 mail.example.org\r\n")?;
    while let Some(line) = lines.next().transpose()? {
        heard = format!("{heard} {line}");
        let word = line.split(' ').next().unwrap_or_default().to_uppercase();
        if word == "DATA" && refuses != "DATA" {
            write!(out, "354 go on\r\n")?;
            while let Some(line) = lines.next().transpose()?.filter(|line| line != ".") {
                heard = format!("{heard} {line}");
            }
        }
        let is_end = word == "DATA" && refuses == ".";
        if word == refuses || is_end {
            refused.fetch_add(1, Ordering::SeqCst);
            // An answer is a line of at most 512 bytes (RFC 5321 section 4.5.3.1.5).
            let told: String = heard.chars().rev().take(400).collect::<Vec<_>>().into_iter().rev().collect();
            write!(out, "451 cannot take {told}\r\n")?;
            continue;
        }
        match word.as_str() {
            "EHLO" => write!(out, "250-mail.example.org\r\n250 AUTH PLAIN LOGIN\r\n")?,
            "AUTH" => write!(out, "235 yes\r\n")?,
            "QUIT" => return write!(out, "221 bye\r\n"),
            _ => write!(out, "250 yes\r\n")?,
        }
    }
    Ok(())
}
