//! The connections of the proxy: requests go to the server as they came, answers come back as their fate wants it.

use std::collections::HashMap;
use std::io::{self, BufReader, ErrorKind, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::call::{Call, Tries};
use super::http::{Body, Change, Ended, Head, pass};
use super::rules::{Fault, Rules};

/// What all connections know.
#[derive(Debug)]
pub struct Shared {
    server: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub struct State {
    pub rules: Rules,
    pub tries: Tries,
    is_closed: bool,
    taken: u64,
    /// Both ends of each connection, to close them from outside.
    living: HashMap<u64, Vec<TcpStream>>,
}

/// Whether the client may ask again on the same connection.
#[derive(PartialEq, Eq)]
enum Then {
    GoesOn,
    Closes,
}

/// One client, and the server once it is needed.
struct Connection<'a> {
    shared: &'a Shared,
    id: u64,
    client: BufReader<TcpStream>,
    server: Option<BufReader<TcpStream>>,
}

impl Shared {
    pub fn new(server: String) -> Self {
        Self { server, state: Mutex::default() }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        state.living.values().flatten().for_each(close);
    }

    pub fn take_connections(self: Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming() {
            let mut state = self.state();
            if state.is_closed {
                return;
            }
            let Ok(client) = client else { continue };
            let Ok(second) = client.try_clone() else { continue };
            state.taken += 1;
            let id = state.taken;
            state.living.insert(id, vec![second]);
            drop(state);
            let of_thread = Arc::clone(&self);
            std::thread::spawn(move || {
                let client = BufReader::new(client);
                let mut connection = Connection { shared: &of_thread, id, client, server: None };
                // Its peers see how it ends.
                let _ = connection.serve();
                of_thread.state().living.remove(&id).iter().flatten().for_each(close);
            });
        }
    }
}

impl Connection<'_> {
    fn serve(&mut self) -> io::Result<()> {
        self.client.get_ref().set_nodelay(true)?;
        while let Some(request) = Head::read(&mut self.client)? {
            let call = Call::of(&request);
            let fate = {
                let mut state = self.shared.state();
                state.tries.begin(&call);
                state.rules.fate(&call)
            };
            if !fate.delay.is_zero() {
                std::thread::sleep(fate.delay);
            }
            // The server is asked with the body already on its way, so nobody else would say it.
            if request.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
                self.client.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            }
            let then = match fate.fault {
                Some((Fault::LoseRequest, _)) => return Ok(()),
                Some((Fault::Answer(status, code), _)) => self.answer(&request, &call, status, refusal(&call, code))?,
                Some((Fault::Cancelled(reason), _)) => self.answer(&request, &call, 400, cancelled(reason))?,
                fault => self.forward(&request, &call, fault)?,
            };
            if then == Then::Closes {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Answers in the server's stead, once the request is read to its end.
    fn answer(&mut self, request: &Head, call: &Call, status: u16, body: String) -> io::Result<Then> {
        pass(request.body_of_request(), &mut self.client, &mut io::sink(), &mut Change::default())?;
        let body = if call.method == "HEAD" { String::new() } else { body };
        let kind = if call.is_of_dynamodb() { "application/x-amz-json-1.0" } else { "application/xml" };
        let head =
            format!("HTTP/1.1 {status} Answered\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
        self.client.get_mut().write_all((head + &body).as_bytes())?;
        Ok(if request.closes_connection() { Then::Closes } else { Then::GoesOn })
    }

    fn forward(&mut self, request: &Head, call: &Call, fault: Option<(Fault, u64)>) -> io::Result<Then> {
        let mut server = self.server()?;
        let mut sent = server.get_mut().write_all(&request.bytes);
        if sent.is_ok() {
            let body = request.body_of_request();
            sent = pass(body, &mut self.client, server.get_mut(), &mut Change::default()).map(drop);
        }
        if sent.is_err() {
            // A server that refuses a request answers before it has read it; one that waits for the rest must see that none comes.
            let _ = server.get_ref().shutdown(Shutdown::Write);
        }
        let answer = answer_head(&mut server)?;
        let body = answer.body_of_answer(&call.method);
        if matches!(fault, Some((Fault::LoseAnswer, _))) {
            pass(body, &mut server, &mut io::sink(), &mut Change::default())?;
            return Ok(Then::Closes);
        }
        let mut change = change(fault, body);
        self.client.get_mut().write_all(&answer.bytes)?;
        let ended = pass(body, &mut server, self.client.get_mut(), &mut change)?;
        if fault.is_none() && answer.status().is_some_and(|status| status < 500) {
            self.shared.state().tries.succeed(call);
        }
        let closes = request.closes_connection() || answer.closes_connection() || body == Body::ToEnd;
        if closes || sent.is_err() || ended == Ended::Cut {
            return Ok(Then::Closes);
        }
        self.server = Some(server);
        Ok(Then::GoesOn)
    }

    /// The connection to the server of the last request, if it still holds, else a new one.
    fn server(&mut self) -> io::Result<BufReader<TcpStream>> {
        if let Some(server) = self.server.take().filter(|server| is_alive(server.get_ref())) {
            return Ok(server);
        }
        let server = TcpStream::connect(&self.shared.server)?;
        server.set_nodelay(true)?;
        let mut state = self.shared.state();
        let ends = state.living.entry(self.id).or_default();
        ends.truncate(1);
        ends.push(server.try_clone()?);
        Ok(BufReader::new(server))
    }
}

/// An error in the form of the service that is asked.
fn refusal(call: &Call, code: &str) -> String {
    if call.is_of_dynamodb() {
        return format!(
            "{{\"__type\":\"com.amazonaws.dynamodb.v20120810#{code}\",\"message\":\"as the test wants it\"}}"
        );
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>as the test wants it\
         </Message><Resource>{}</Resource><RequestId>0</RequestId></Error>",
        call.path()
    )
}

fn cancelled(reason: &str) -> String {
    format!(
        "{{\"__type\":\"com.amazonaws.dynamodb.v20120810#TransactionCanceledException\",\"Message\":\"as the test wants it\",\
         \"CancellationReasons\":[{{\"Code\":\"{reason}\"}},{{\"Code\":\"None\"}}]}}"
    )
}

/// The head of the answer itself, behind those that only say that one is coming.
fn answer_head(server: &mut BufReader<TcpStream>) -> io::Result<Head> {
    loop {
        let head = Head::read(server)?.ok_or(ErrorKind::UnexpectedEof)?;
        if head.status().is_none_or(|status| status >= 200) {
            return Ok(head);
        }
    }
}

fn change(fault: Option<(Fault, u64)>, body: Body) -> Change {
    match (fault, body) {
        (Some((Fault::CutBody { after_bytes }, _)), _) => Change::cut_at(after_bytes),
        (Some((Fault::FlipBit, _)), Body::Length(0)) => Change::default(),
        (Some((Fault::FlipBit, draw)), Body::Length(length)) => Change::flip(draw % (length * 8)),
        // How long it is shows at its end: the first byte is there for sure.
        (Some((Fault::FlipBit, draw)), Body::Chunked | Body::ToEnd) => Change::flip(draw % 8),
        _ => Change::default(),
    }
}

/// Nothing to read means that the server waits; an end, or bytes that nobody asked for, that it is of no use.
fn is_alive(server: &TcpStream) -> bool {
    let peeked = server.set_nonblocking(true).and_then(|()| server.peek(&mut [0]));
    let waits = matches!(peeked, Err(error) if error.kind() == ErrorKind::WouldBlock);
    waits && server.set_nonblocking(false).is_ok()
}

fn close(stream: &TcpStream) {
    // It may be closed already.
    let _ = stream.shutdown(Shutdown::Both);
}
