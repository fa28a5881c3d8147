//! What a doctor wants to know of the tables: nothing is changed, rights are tried by writes whose conditions cannot hold.

use domain::finding::{Finding, Verdict};

use crate::adapter::DynamoStores;
use crate::db::{Change, Condition, Db, Query, Update};
use crate::error::DynamoError;
use crate::item::{Key, Write, number};
use crate::migrate::difference;
use crate::tables::{ACCOUNTS, ALL, AUDIT, JOBS, OPEN, TTL, Table};

/// Clocks that are further apart are named (seconds).
const CLOCK_WARN_SECONDS: i64 = 60;

impl DynamoStores {
    /// Asks for the tables, what they must be like, and what we may do there.
    pub async fn check(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        match self.db.describe(&JOBS).await {
            Ok(_) => findings.push(Finding::ok("dynamodb reachable", "the server answers")),
            Err(error) => return vec![Finding::fail("dynamodb reachable", error.to_string()), self.check_clock()],
        }
        let mut are_there = true;
        for table in ALL {
            let finding = self.db.check_table(&table).await;
            are_there &= finding.verdict != Verdict::Fail;
            findings.push(finding);
            findings.push(self.db.check_recovery(&table).await);
        }
        if are_there {
            for table in ALL.into_iter().filter(|table| table.has_ttl) {
                findings.push(self.db.check_ttl(&table).await);
            }
            findings
                .push(said("dynamodb rights", self.db.try_rights().await.map(|()| "all that is needed".to_owned())));
        }
        findings.push(self.check_clock());
        findings
    }

    fn check_clock(&self) -> Finding {
        let seconds = self.db.calls.time.ahead() / 1_000_000;
        let side = if seconds < 0 { "behind" } else { "ahead of" };
        let text = format!("the server's clock is {} s {side} ours", seconds.abs());
        let verdict = if seconds.abs() > CLOCK_WARN_SECONDS { Verdict::Warn } else { Verdict::Ok };
        Finding { what: "dynamodb clock", verdict, text }
    }
}

impl Db {
    async fn check_table(&self, table: &Table) -> Finding {
        let (what, name) = ("dynamodb table", self.name(table));
        match self.describe(table).await {
            Ok(Some(there)) => match difference(table, &there) {
                None => Finding::ok(what, format!("{name} has the keys and indexes that are needed")),
                Some(difference) => Finding::fail(what, format!("{name} {difference}")),
            },
            Ok(None) => Finding::fail(what, format!("{name} is not there: run `outhaul migrate`")),
            Err(error) => Finding::fail(what, format!("{name}: {error}")),
        }
    }

    async fn check_ttl(&self, table: &Table) -> Finding {
        let (what, name) = ("dynamodb removal", self.name(table));
        match self.ttl_of(table).await {
            Ok(Some(attribute)) if attribute == TTL => Finding::ok(what, format!("{name} removes what is over")),
            Ok(Some(other)) => {
                Finding::fail(what, format!("{name} removes by the attribute {other}, and not by {TTL}"))
            }
            Ok(None) => Finding::warn(what, format!("{name} removes nothing and grows: run `outhaul migrate`")),
            Err(error) => Finding::warn(what, format!("{name}: {error}")),
        }
    }

    async fn check_recovery(&self, table: &Table) -> Finding {
        let (what, name) = ("dynamodb recovery", self.name(table));
        match self.is_recoverable(table).await {
            Ok(Some(true)) => Finding::ok(what, format!("{name} can be restored to any second")),
            Ok(Some(false)) => Finding::warn(what, format!("{name} cannot be restored: run `outhaul migrate`")),
            Ok(None) => Finding::warn(what, "the server knows no recovery to a point in time"),
            Err(error) => Finding::warn(what, format!("{name}: {error}")),
        }
    }

    /// Each call once, in each table that needs it.
    async fn try_rights(&self) -> Result<(), DynamoError> {
        let key = Key::new("DOCTOR", "DOCTOR");
        // No item has this version, and none lies there.
        let never = Condition::Version(0);
        for table in [JOBS, ACCOUNTS] {
            self.get(&table, &key).await?;
            self.get_all(&table, std::slice::from_ref(&key)).await?;
            self.shelves(table, "doctor", 0, 1).await?;
            let put = Change::Put(Write::new(&key).item(), never.clone());
            let other = Key::new("DOCTOR", "OTHER");
            let delete = Change::Delete(Key::new("DOCTOR", "GONE"), never.clone());
            self.commit(&table, &[put, delete, Change::Check(other, never.clone())]).await?;
            let update = Update { expression: "SET v = :v", condition: "v = :v", values: vec![(":v", number(0))] };
            self.update(&table, &key, &update).await?;
            self.remove_all(&table, std::slice::from_ref(&key)).await?;
        }
        self.query(&Query::index(JOBS, OPEN, "DOCTOR", 0, 0), 1).await?;
        self.query(&Query::range(AUDIT, "DOCTOR", " ", "~"), 1).await?;
        self.put(&AUDIT, &Write::new(&key).item(), &never).await.map(drop)
    }
}

fn said(what: &'static str, found: Result<String, DynamoError>) -> Finding {
    match found {
        Ok(text) => Finding::ok(what, text),
        Err(error) => Finding::fail(what, error.to_string()),
    }
}
