//! An HTTP proxy in front of an S3 server or of DynamoDB that breaks calls by rule and counts how often each was tried.

mod call;
mod http;
mod rules;
mod serve;

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;

pub use self::call::Call;
pub use self::rules::{Fault, Rule};
use self::serve::Shared;

/// A proxy on a port of its own; dropping it closes it and its connections.
///
/// Requests pass unchanged, with the Host that the client signed, so a client takes [`AwsFaults::endpoint`] for the server and its
/// signatures stay valid. Without rules it breaks nothing and only counts.
#[derive(Debug)]
pub struct AwsFaults {
    address: String,
    shared: Arc<Shared>,
}

impl AwsFaults {
    /// One in front of `http://host:port`.
    pub fn to(endpoint: &str) -> Self {
        let server = endpoint.strip_prefix("http://").expect("an endpoint of plain HTTP").trim_end_matches('/');
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address").to_string();
        let shared = Arc::new(Shared::new(server.to_owned()));
        let of_thread = Arc::clone(&shared);
        std::thread::spawn(move || of_thread.take_connections(&listener));
        Self { address, shared }
    }

    /// `http://127.0.0.1:port`, for clients.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Adds a rule. Delays add up; of the other faults the first rule that fits wins.
    pub fn add(&self, rule: Rule) {
        self.shared.state().rules.add(rule);
    }

    /// Forgets the rules; the counts stay.
    pub fn clear(&self) {
        self.shared.state().rules.clear();
    }

    /// How many calls were broken, delays not counted.
    pub fn broken(&self) -> u64 {
        self.shared.state().rules.broken()
    }

    /// Each call since it began or since [`AwsFaults::count_anew`], and how often it was tried.
    ///
    /// Tries belong together that have method, path, query, range and action in common, or the `amz-sdk-invocation-id` of an SDK.
    pub fn tries(&self) -> Vec<(Call, u32)> {
        self.shared.state().tries.all()
    }

    /// The most tries that one call took until it was answered undisturbed and without a status of 5xx, or has taken so far.
    pub fn most_tries(&self) -> u32 {
        self.shared.state().tries.most()
    }

    /// Forgets the counts.
    pub fn count_anew(&self) {
        self.shared.state().tries.clear();
    }
}

impl Drop for AwsFaults {
    fn drop(&mut self) {
        self.shared.close();
        // Wakes the thread that takes connections.
        let _ = TcpStream::connect(&self.address);
    }
}
