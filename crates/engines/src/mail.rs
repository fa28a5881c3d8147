//! A mail server that answers as a test tells it to, on threads of its own; it delivers nothing.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

/// What the server does when a command begins with some word; `""` stands for the greeting, `"."` for the end of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailDoes {
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

/// A running server (RFC 5321), without TLS.
#[derive(Debug)]
pub struct MailServer {
    port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    odd: Option<(&'static str, MailDoes)>,
    commands: Vec<String>,
    letters: Vec<MailText>,
}

/// A text that came whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailText {
    /// Its Message-ID, with the angle brackets.
    pub message_id: String,
    /// Whether it was answered at once that it was taken.
    pub taken: bool,
}

impl MailServer {
    /// One that takes every letter.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let state = Arc::clone(&shared);
                // Whoever hangs keeps its own connection only; one that ends early is what some tests are about.
                thread::spawn(move || connection.and_then(|connection| serve(&connection, &state)));
            }
        });
        Self { port, state }
    }

    /// One that does `then` at `word`, and all else as a good server would.
    pub fn that(word: &'static str, then: MailDoes) -> Self {
        let server = Self::start();
        server.set(word, then);
        server
    }

    /// From now on does `then` at `word`.
    pub fn set(&self, word: &'static str, then: MailDoes) {
        locked(&self.state).odd = Some((word, then));
    }

    /// From now on does everything as a good server would.
    pub fn mend(&self) {
        locked(&self.state).odd = None;
    }

    /// Where it listens, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The commands that came since the last call.
    pub fn commands(&self) -> Vec<String> {
        std::mem::take(&mut locked(&self.state).commands)
    }

    /// Every text that came whole, in order.
    pub fn letters(&self) -> Vec<MailText> {
        locked(&self.state).letters.clone()
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().expect("no panic while it is locked")
}

fn serve(connection: &TcpStream, state: &Mutex<State>) -> io::Result<()> {
    let mut lines = BufReader::new(connection).lines();
    if !answer(connection, does(state, "", "220 localhost"))? {
        return Ok(());
    }
    let mut text: Option<Vec<String>> = None;
    while let Some(line) = lines.next().transpose()? {
        if let Some(text) = text.as_mut().filter(|_| line != ".") {
            text.push(line);
            continue;
        }
        locked(state).commands.push(line.clone());
        let command = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        let does = does(state, &command, usual(&command));
        if let Some(text) = text.take() {
            let letter = MailText { message_id: message_id(&text), taken: does == MailDoes::Says(usual(".")) };
            locked(state).letters.push(letter);
        }
        text = matches!(does, MailDoes::Says(line) if line.starts_with("354")).then(Vec::new);
        if !answer(connection, does)? {
            return Ok(());
        }
    }
    Ok(())
}

fn does(state: &Mutex<State>, word: &str, usual: &'static str) -> MailDoes {
    match locked(state).odd {
        Some((odd, then)) if odd == word => then,
        _ => MailDoes::Says(usual),
    }
}

fn usual(command: &str) -> &'static str {
    match command {
        "EHLO" => "250-localhost\r\n250 AUTH PLAIN",
        "AUTH" => "235 welcome",
        "DATA" => "354 go on",
        "QUIT" => "221 bye",
        _ => "250 fine",
    }
}

fn message_id(text: &[String]) -> String {
    let header = text.iter().take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix("Message-ID: "));
    header.unwrap_or_default().to_owned()
}

/// Does it; false where the conversation is over.
fn answer(mut connection: &TcpStream, does: MailDoes) -> io::Result<bool> {
    match does {
        MailDoes::Says(line) => write!(connection, "{line}\r\n")?,
        MailDoes::Drops => return Ok(false),
        // Until the other side gives up.
        MailDoes::Hangs => drop(io::copy(&mut connection, &mut io::sink())?),
        MailDoes::Dribbles => loop {
            write!(connection, "250-more\r\n")?;
            thread::park_timeout(Duration::from_millis(50));
        },
        MailDoes::SaysSlowly(line) => {
            for byte in line.bytes().chain(*b"\r\n") {
                connection.write_all(&[byte])?;
                thread::park_timeout(Duration::from_millis(10));
            }
        }
    }
    Ok(!matches!(does, MailDoes::Hangs))
}
