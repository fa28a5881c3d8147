//! What every handler works with: the ports, the keys, the options.

use std::collections::BTreeMap;
use std::sync::Arc;

use artifacts::Artifacts;
use domain::audit::{Action, Actor, Event};
use domain::clock::Clock;
use domain::ids::{EventId, Slug};
use domain::limits::Limits;
use domain::membership::Currency;
use domain::owner::Owner;
use domain::random::Random;
use domain::time::Micros;
use lake::Lake;
use lake::ingest::InputLimits;
use queue::{Limiter, Queue};
use stores::{Accounts, Audit, Directory, Jobs, Memberships, StoreError};
use tokio::sync::Semaphore;

use crate::Keys;
use crate::address::Network;
use crate::auth::Hasher;
use crate::exports::forecast::Rates;
use crate::metrics::Metrics;
use crate::tokens::KnownTokens;
use crate::tokens::access::AUDIENCE;

/// What stands behind the service.
pub struct Ports {
    /// All exports.
    pub jobs: Arc<dyn Jobs>,
    /// Who exists and who belongs where.
    pub directory: Arc<dyn Directory>,
    /// Addresses, password hashes, refresh families.
    pub accounts: Arc<dyn Accounts>,
    /// What users subscribe to.
    pub memberships: Arc<dyn Memberships>,
    /// Who asked, linked, changed and removed.
    pub audit: Arc<dyn Audit>,
    /// Wakes for the workers.
    pub queue: Arc<dyn Queue>,
    /// Limits by account and by address.
    pub limiter: Arc<dyn Limiter>,
    /// Parts, archives, manifests.
    pub artifacts: Arc<dyn Artifacts>,
    /// The messages.
    pub lake: Arc<Lake>,
    /// What the time is.
    pub clock: Arc<dyn Clock>,
    /// Ids and secrets come from here.
    pub random: Arc<dyn Random>,
}

/// What one installation may set.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the service is reached from outside, without a slash at the end.
    pub public_url: String,
    /// Who issues access tokens; empty for the public address.
    pub issuer: String,
    /// Who they are for.
    pub audience: String,
    /// Every limit by name.
    pub limits: Limits,
    /// Whether manifests carry SHA-256 too.
    pub sha256: bool,
    /// What one message may be.
    pub input_limits: InputLimits,
    /// Rows of each body of messages are sorted in memory up to this size, then on disk (bytes).
    pub sort_memory_bytes: usize,
    /// What experience says of sizes, speed and price.
    pub rates: Rates,
    /// What single organisations pay instead for a started gigabyte (hundredths of a currency).
    pub prices: BTreeMap<Slug, (i64, Currency)>,
    /// Proxies whose `X-Forwarded-For` is believed; nobody by default.
    pub trusted_proxies: Vec<Network>,
    /// Whether links lead to the storage itself, where it can answer them.
    pub presigned: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:8470".to_owned(),
            issuer: String::new(),
            audience: AUDIENCE.to_owned(),
            limits: Limits::default(),
            sha256: false,
            input_limits: InputLimits::default(),
            sort_memory_bytes: 48 << 20,
            rates: Rates::default(),
            prices: BTreeMap::new(),
            trusted_proxies: Vec::new(),
            presigned: true,
        }
    }
}

impl Options {
    /// Who issues access tokens.
    pub fn issuer(&self) -> &str {
        if self.issuer.is_empty() { &self.public_url } else { &self.issuer }
    }

    /// The rates that hold for an owner.
    pub fn rates_of(&self, owner: &Owner) -> Rates {
        let own = match owner {
            Owner::Organisation(slug) => self.prices.get(slug).copied(),
            Owner::User(_) => None,
        };
        Rates { price_a_gigabyte: own.or(self.rates.price_a_gigabyte), ..self.rates }
    }
}

/// The service without its listener.
pub struct App {
    /// What stands behind it.
    pub ports: Ports,
    /// Signing keys and the server's secret.
    pub keys: Keys,
    /// Access tokens that were read before.
    pub tokens: KnownTokens,
    /// What the installation set.
    pub options: Options,
    /// What is counted; a worker in the same process feeds it too.
    pub metrics: Arc<Metrics>,
    /// Compares passwords, a few at a time.
    pub hasher: Hasher,
    /// Takes messages in, a few bodies at a time: each sorts in memory.
    pub ingests: Semaphore,
}

impl App {
    /// Puts the service together.
    pub fn new(ports: Ports, keys: Keys, options: Options) -> Arc<Self> {
        let hasher = Hasher::new(options.limits.password_hashes_at_once);
        let ingests = Semaphore::new(options.limits.ingests_at_once.max(1) as usize);
        let (tokens, metrics) = (KnownTokens::default(), Arc::default());
        Arc::new(Self { ports, keys, tokens, options, metrics, hasher, ingests })
    }

    /// Every limit by name.
    pub fn limits(&self) -> &Limits {
        &self.options.limits
    }

    /// The wall clock.
    pub fn now(&self) -> Micros {
        self.ports.clock.now()
    }

    /// Adds an event to the audit trail. Whoever asks is told when that fails, so that nothing is done unseen twice.
    pub async fn remember(
        &self,
        actor: Actor,
        owner: Owner,
        action: Action,
        subject: impl Into<String>,
    ) -> Result<(), StoreError> {
        let at = self.now();
        let id = EventId::new(at, self.ports.random.as_ref());
        self.ports.audit.add_event(&Event { id, at, actor, owner, action, subject: subject.into() }).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organisation_may_have_a_price_of_its_own() {
        let eur: Currency = "EUR".parse().unwrap();
        let acme: Slug = "acme".parse().unwrap();
        let rates = Rates { price_a_gigabyte: Some((50, eur)), ..Rates::default() };
        let options = Options { rates, prices: BTreeMap::from([(acme.clone(), (40, eur))]), ..Options::default() };
        let price = |slug: Slug| options.rates_of(&Owner::Organisation(slug)).price_a_gigabyte;
        assert_eq!(price(acme), Some((40, eur)));
        assert_eq!(price("other".parse().unwrap()), Some((50, eur)));
    }
}
