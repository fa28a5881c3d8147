//! A mail server that answers as a test tells it to, on a thread of its own.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// What the server does when a command begins with some word; `""` stands for the greeting, `"."` for the end of a text.
#[derive(Clone, Copy)]
pub enum Does {
    /// Answers this line.
    Says(&'static str),
    /// Ends the connection.
    Drops,
    /// Never answers, and keeps the connection.
    Hangs,
    /// Answers one line of an unfinished answer after the other, without an end.
    Dribbles,
    /// Answers, one byte at a time.
    SaysSlowly(&'static str),
}

/// A running server.
pub struct Scripted {
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    commands: Receiver<String>,
}

impl Scripted {
    /// Serves one connection after the other; each does `then` at `word`, and all else as a good server would.
    pub fn start(word: &'static str, then: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let (told, commands) = channel();
        thread::spawn(move || {
            for connection in listener.incoming() {
                let told = told.clone();
                // Whoever hangs keeps its own connection only; one that ends early is what some tests are about.
                thread::spawn(move || connection.and_then(|connection| serve(&connection, word, then, &told)));
            }
        });
        Self { port, commands }
    }

    /// The commands that came so far.
    pub fn commands(&self) -> Vec<String> {
        self.commands.try_iter().collect()
    }
}

fn serve(connection: &TcpStream, word: &str, then: Does, told: &Sender<String>) -> std::io::Result<()> {
    let mut lines = BufReader::new(connection).lines();
    if !answer(connection, if word.is_empty() { then } else { Does::Says("220 localhost") })? {
        return Ok(());
    }
    let mut is_text = false;
    while let Some(line) = lines.next().transpose()? {
        let command = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        if is_text && line != "." {
            continue;
        }
        // Nobody may be listening any more.
        let _ = told.send(line.clone());
        let usual = match command.as_str() {
            "EHLO" => "250-localhost\r\n250 AUTH PLAIN",
            "AUTH" => "235 welcome",
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            _ => "250 fine",
        };
        let does = if !word.is_empty() && command == word { then } else { Does::Says(usual) };
        is_text = matches!(does, Does::Says(line) if line.starts_with("354"));
        if !answer(connection, does)? {
            return Ok(());
        }
    }
    Ok(())
}

/// Does it; false where the conversation is over.
fn answer(mut connection: &TcpStream, does: Does) -> std::io::Result<bool> {
    match does {
        Does::Says(line) => write!(connection, "{line}\r\n")?,
        Does::Drops => return Ok(false),
        // Until the other side gives up.
        Does::Hangs => drop(std::io::copy(&mut connection, &mut std::io::sink())?),
        Does::Dribbles => loop {
            write!(connection, "250-more\r\n")?;
            thread::park_timeout(std::time::Duration::from_millis(50));
        },
        Does::SaysSlowly(line) => {
            for byte in line.bytes().chain(*b"\r\n") {
                connection.write_all(&[byte])?;
                thread::park_timeout(std::time::Duration::from_millis(10));
            }
        }
    }
    Ok(!matches!(does, Does::Hangs))
}
