//! What the tests of both ports need: a migrated database of their own.

use std::sync::{Arc, Mutex, PoisonError};

use domain::clock::{Clock, ManualClock};
use domain::ids::{MembershipId, UserId};
use domain::membership::{BillingInterval, Membership, MembershipState, PaymentMethod};
use domain::random::Random;
use domain::time::{Day, Micros};
use engines::{Database, Role};
use postgres::PostgresOptions;

use crate::{PostgresStores, migrate};

/// A database that was made to see whether there is a server.
static SPARE: Mutex<Option<Database>> = Mutex::new(None);

/// Whether there is a server.
pub(crate) fn is_there() -> bool {
    let made = Database::fresh();
    let is_there = made.is_some();
    *SPARE.lock().unwrap_or_else(PoisonError::into_inner) = made;
    is_there
}

/// A database, and who works on it.
pub(crate) struct World {
    pub(crate) engine: Database,
    pub(crate) service: Role,
}

impl World {
    pub(crate) async fn fresh() -> Option<Self> {
        let spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner).take();
        let engine = match spare {
            Some(engine) => engine,
            None => Database::fresh()?,
        };
        Some(Self::on(engine).await)
    }

    pub(crate) async fn on(engine: Database) -> Self {
        let service = engine.role("service");
        let owner: PostgresOptions = engine.url_of_owner().parse().expect("a url");
        migrate(&owner, service.name(), &manual()).await.expect("a new database");
        Self { engine, service }
    }

    pub(crate) async fn stores(&self, clock: Arc<dyn Clock>) -> PostgresStores {
        let options: PostgresOptions = self.service.url().parse().expect("a url");
        PostgresStores::open(&options, clock, Arc::new(Halves)).await.expect("it was migrated")
    }

    /// Statements of the service, in one transaction that says what `settings` say; what each answers, or what the server
    /// says against it.
    pub(crate) fn as_service(&self, settings: &[(&str, &str)], statements: &str) -> Result<Vec<String>, String> {
        let set = settings.iter().map(|(name, value)| format!("SET LOCAL {name} = '{value}';\n"));
        let script = format!("BEGIN;\n{}{statements};\nCOMMIT;", set.collect::<String>());
        let answered = self.engine.sql_as(&self.service, &script)?;
        Ok(answered.lines().map(str::to_owned).collect())
    }
}

/// A new store, and what keeps it.
pub(crate) async fn open(clock: Arc<dyn Clock>) -> (World, PostgresStores) {
    let world = World::fresh().await.expect("there is a server");
    let stores = world.stores(clock).await;
    (world, stores)
}

pub(crate) fn manual() -> ManualClock {
    ManualClock::at(Micros(1_700_000_000_000_000))
}

/// No statement reads a whole table, whatever its values are.
pub(crate) async fn goes_by_indexes(statements: &[&str]) {
    let Some(world) = World::fresh().await else { return };
    for statement in statements {
        let values = (1..).take_while(|number| statement.contains(&format!("${number}"))).count();
        let nulls = vec!["NULL"; values].join(", ");
        let nulls = if values == 0 { nulls } else { format!("({nulls})") };
        let explain = format!(
            "SET search_path = outhaul; SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan;
             PREPARE asked AS {statement};
             EXPLAIN EXECUTE asked{nulls};"
        );
        let plan = world.engine.sql_as(&world.service, &explain).expect("a plan");
        assert!(!plan.contains("Seq Scan"), "{statement}\n{plan}");
    }
}

/// Not random at all.
pub(crate) struct Halves;

impl Random for Halves {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0x7f);
    }
}

/// A yearly membership.
pub(crate) fn membership(id: MembershipId, user: UserId) -> Membership {
    Membership {
        id,
        name: "Chess".to_owned(),
        user,
        recurring_price_hundredths: 1,
        currency: "EUR".parse().expect("a currency"),
        valid_from: Day(0),
        valid_until: None,
        state: MembershipState::Active,
        payment_method: PaymentMethod::Cash,
        billing_interval: BillingInterval::Yearly,
        billing_periods: 1,
    }
}
