//! What a doctor asks the catalog: whether it answers, knows us, has the table, and would take a commit.

use domain::clock::Clock;
use domain::finding::Finding;
use lake::catalog::TABLE;
use serde_json::json;

use crate::body::{self, NewCommit};
use crate::client::Client;
use crate::error::RestError;
use crate::table::{self, Table};

/// More difference between the clocks of the server and of this machine is worth a word (seconds).
const CLOCK_SECONDS: i64 = 60;

/// Everything, in the order in which it is used.
pub(crate) async fn check(client: &Client, clock: &dyn Clock) -> Vec<Finding> {
    let mut findings = Vec::new();
    let server_ms = match client.config().await {
        Ok((config, answer)) => {
            let prefix = config.overrides.get("prefix").or_else(|| config.defaults.get("prefix"));
            let prefix = prefix.map_or("none".to_owned(), |prefix| format!("'{prefix}'"));
            findings
                .push(Finding::ok("catalog reachable", format!("it speaks Iceberg's REST protocol, prefix {prefix}")));
            answer.server_ms()
        }
        Err(error) => return vec![Finding::fail("catalog reachable", error.to_string())],
    };
    findings.extend(server_ms.map(|server_ms| about_clock(server_ms, clock)));
    match table::load(client).await {
        Err(error) => findings.push(Finding::fail("catalog rights", about(&error))),
        Ok(None) => {
            findings.push(Finding::warn("catalog table", format!("{TABLE} is not made yet: the first start does")))
        }
        Ok(Some(table)) => findings.extend([about_table(&table), about_commits(client).await]),
    }
    findings
}

fn about_table(Table { metadata, .. }: &Table) -> Finding {
    let text = format!("format version {}, {} snapshots", metadata.format_version(), metadata.snapshots().len());
    Finding::ok("catalog table", text)
}

/// Sends a commit that changes nothing and cannot be made: who may not commit hears something else than who lost.
async fn about_commits(client: &Client) -> Finding {
    const WHAT: &str = "catalog rights";
    let nobodys = json!({"type": "assert-table-uuid", "uuid": "00000000-0000-0000-0000-000000000000"});
    let commit = NewCommit { requirements: vec![nobodys], updates: Vec::new() };
    match client.change(&table::path(client), &commit).await {
        Ok(answer) if answer.status == 409 => Finding::ok(WHAT, "the table is read, and commits are taken"),
        Ok(answer) if (200..300).contains(&answer.status) => {
            Finding::fail(WHAT, "it takes a commit whose requirements do not hold: do not use it")
        }
        Ok(answer) => Finding::fail(WHAT, about(&body::refused(&answer))),
        Err(error) => Finding::fail(WHAT, error.to_string()),
    }
}

fn about(error: &RestError) -> String {
    match error {
        RestError::Answered { status: 401 | 403, .. } => {
            format!("{error}; the service needs to read and to commit to the table, and to make it once")
        }
        _ => error.to_string(),
    }
}

fn about_clock(server_ms: i64, clock: &dyn Clock) -> Finding {
    let apart = (server_ms - clock.now().0.div_euclid(1_000)) / 1_000;
    let text =
        format!("the server's clock is {} s {} ours", apart.abs(), if apart < 0 { "behind" } else { "ahead of" });
    let is_near = apart.abs() <= CLOCK_SECONDS;
    if is_near { Finding::ok("catalog clock", text) } else { Finding::warn("catalog clock", text) }
}
