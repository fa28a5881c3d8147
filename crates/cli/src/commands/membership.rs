//! `outhaul membership`: what users subscribe to.

mod read;

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, anyhow};
use domain::audit::Action;
use domain::ids::UserId;
use domain::membership::Membership;
use domain::owner::Owner;
use domain::random::uuid_v7;
use serde::Serialize;
use stores::MembershipsImported;
use stores::memberships::MEMBERSHIPS_PER_USER_LIMIT;

use self::read::{Row, RowError, read};
use super::trail;
use crate::args::people;
use crate::config::Config;
use crate::exit::{Exit, Failure, OrExit};
use crate::report::{Report, count, grouped};
use crate::wiring::Installation;

/// Largest file, since all its rows are imported at once (bytes).
const FILE_LIMIT_BYTES: u64 = 256 << 20;

#[derive(Default, Serialize)]
struct Output {
    new: u64,
    replaced: u64,
    refused: Vec<RowError>,
    refused_count: u64,
}

/// Imports all rows of a file, or lists what is wrong with it and imports none.
pub async fn run(config: &Config, args: people::Membership, report: &Report) -> Result<Exit, Failure> {
    let people::Membership::Import { file } = args;
    let input = content(&file)?;
    let installation = Installation::open(config).await?;
    let mut refused = Refused { listed: Vec::new(), count: 0, limit: config.ingest.refused_listed };
    let rows = read(&input, |error| refused.add(error)).with_context(|| format!("cannot read {}", file.display()))?;
    let rows = with_users(&installation, rows, &mut refused).await?;
    let mut output = Output::default();
    if refused.count == 0 {
        let (lines, rows): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let users: BTreeSet<UserId> = rows.iter().map(|row| row.user).collect();
        match installation.memberships.import_memberships(rows).await? {
            MembershipsImported::Done { new, replaced } => {
                (output.new, output.replaced) = (new, replaced);
                // One name for the whole import, in the trail of each user it was about.
                let import = uuid_v7(installation.clock.now(), installation.random.as_ref()).to_string();
                let owners = users.into_iter().map(Owner::User);
                trail::add(&installation, owners, Action::MembershipsImported, &import).await?;
            }
            other => refused.add(refusal(other, &lines)),
        }
    }
    (output.refused, output.refused_count) = (refused.listed, refused.count);
    report.result(&output, || output.in_words());
    Ok(if output.refused_count == 0 { Exit::Done } else { Exit::Refused })
}

fn content(path: &Path) -> Result<Vec<u8>, Failure> {
    let naming = || path.display().to_string();
    if !path.is_file() {
        return Err(Failure::new(Exit::NotFound, anyhow!("{} is not a file", path.display())));
    }
    let mut input = Vec::new();
    let file = File::open(path).with_context(naming)?;
    file.take(FILE_LIMIT_BYTES + 1).read_to_end(&mut input).with_context(naming)?;
    if input.len() as u64 > FILE_LIMIT_BYTES {
        let limit = FILE_LIMIT_BYTES >> 20;
        return Err(anyhow!("{} has over {limit} MiB: import it in several files", path.display()))
            .or_exit(Exit::Refused);
    }
    Ok(input)
}

/// The first refused rows, and how many there are.
struct Refused {
    listed: Vec<RowError>,
    count: u64,
    limit: usize,
}

impl Refused {
    fn add(&mut self, error: RowError) {
        self.count += 1;
        if self.listed.len() < self.limit {
            self.listed.push(error);
        }
    }
}

/// The rows with the users whom their addresses name.
async fn with_users(
    installation: &Installation,
    rows: Vec<Row>,
    refused: &mut Refused,
) -> Result<Vec<(u64, Membership)>, Failure> {
    let mut users = HashMap::<String, Option<UserId>>::new();
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let key = row.email.key();
        let user = match users.get(&key) {
            Some(user) => *user,
            None => {
                let user = installation.accounts.account_of(&row.email).await?.map(|account| account.id);
                *users.entry(key).or_insert(user)
            }
        };
        match user {
            None => refused.add(RowError::new(row.line, "email", NO_USER)),
            Some(user) if row.user_id.is_some_and(|given| given != user) => {
                refused.add(RowError::new(row.line, "user_id", "is not the user of this address"));
            }
            Some(user) => found.push((row.line, row.membership(user))),
        }
    }
    Ok(found)
}

const NO_USER: &str = "is no user's address";

fn refusal(imported: MembershipsImported, lines: &[u64]) -> RowError {
    match imported {
        MembershipsImported::OfAnotherUser(row) => RowError::new(lines[row], "id", "is another user's membership"),
        // Deleted between the look at the address and now.
        MembershipsImported::NoUser(row) => RowError::new(lines[row], "email", NO_USER),
        MembershipsImported::TooMany(row) => {
            let limit = grouped(u64::from(MEMBERSHIPS_PER_USER_LIMIT));
            RowError::new(lines[row], "email", format!("this user would have over {limit} memberships"))
        }
        MembershipsImported::Done { .. } => unreachable!("nothing was refused"),
    }
}

impl Output {
    fn in_words(&self) -> String {
        if self.refused_count == 0 {
            let all = count(self.new + self.replaced, "membership", "memberships");
            return format!("{all} imported, {} of them new", grouped(self.new));
        }
        let mut lines: Vec<_> = self.refused.iter().map(RowError::to_string).collect();
        let unlisted = self.refused_count - self.refused.len() as u64;
        if unlisted > 0 {
            lines.push(format!("and {} more", count(unlisted, "error", "errors")));
        }
        lines.push("nothing was imported".to_owned());
        lines.join("\n")
    }
}
