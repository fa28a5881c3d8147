//! `outhaul user`: users of this installation.

mod office;
mod silence;

use std::io::BufRead;

use anyhow::{Context, anyhow};
use api::password::{self, Password};
use domain::audit::Action;
use domain::ids::UserId;
use domain::people::{Email, UserState};
use serde::Serialize;
use stores::People;
use stores::people::Created;

use super::trail;
use crate::args::people;
use crate::config::Config;
use crate::exit::{Exit, Failure, OrExit};
use crate::report::Report;
use crate::wiring::Installation;

/// Where a password may stand, so that it is in no command line.
const PASSWORD: &str = "OUTHAUL_PASSWORD";
/// Most of stdin that is read for a password (bytes): enough to see that one is too long.
const LINE_LIMIT_BYTES: u64 = 4_096;

#[derive(Serialize)]
struct Output {
    id: String,
    state: &'static str,
    changed: bool,
}

/// Creates, disables, enables or deletes.
pub async fn run(config: &Config, args: people::User, report: &Report) -> Result<Exit, Failure> {
    // Before anything is opened, so that a bad password leaves nothing behind.
    let password = match &args {
        people::User::Create(_) => Some(given_password()?),
        _ => None,
    };
    let installation = Installation::open(config).await?;
    let (id, state, changed) = match (args, password) {
        (people::User::Create(address), Some(password)) => create(&installation, &address.email, password).await?,
        (people::User::Delete(leaving), _) => delete(&installation, &leaving).await?,
        (people::User::Disable(leaving), _) => disable(&installation, &leaving).await?,
        (people::User::Enable(address) | people::User::Create(address), _) => {
            enable(&installation, &address.email).await?
        }
    };
    let output = Output { id: id.to_string(), state: state.name(), changed };
    report.result(&output, || format!("user {id} is {}{}", state.name(), if changed { "" } else { " already" }));
    Ok(Exit::Done)
}

/// The user of an address.
///
/// # Errors
/// Exit 4 where there is none.
pub async fn find(installation: &Installation, email: &Email) -> Result<UserId, Failure> {
    let account = installation.accounts.account_of(email).await?;
    // The address is not repeated: errors end up in logs.
    account.map(|account| account.id).ok_or_else(not_there)
}

fn not_there() -> Failure {
    Failure::new(Exit::NotFound, anyhow!("no user has this address"))
}

type Changed = (UserId, UserState, bool);

/// An address that is taken is a failure, so that nobody mistakes the account for theirs.
async fn create(installation: &Installation, email: &Email, password: Password) -> Result<Changed, Failure> {
    let mut salt = [0; 16];
    installation.random.fill(&mut salt);
    let hash = tokio::task::spawn_blocking(move || password::hash(&password, salt)).await?;
    match people_of(installation).create(email, &hash).await? {
        Created::New(id) => {
            trail::of_user(installation, id, Action::UserCreated).await?;
            Ok((id, UserState::Active, true))
        }
        Created::Known(_) | Created::EmailTaken(_) => Err(anyhow!("a user with this address is already there").into()),
    }
}

async fn delete(installation: &Installation, leaving: &people::Leaving) -> Result<Changed, Failure> {
    let id = find(installation, &leaving.email).await?;
    office::refuse_last_admin(installation, id, leaving.force).await?;
    let changed = people_of(installation).delete(id).await?;
    trail::of_user(installation, id, Action::UserDeleted).await?;
    Ok((id, UserState::Deleted, changed))
}

async fn disable(installation: &Installation, leaving: &people::Leaving) -> Result<Changed, Failure> {
    let id = find(installation, &leaving.email).await?;
    office::refuse_last_admin(installation, id, leaving.force).await?;
    let changed = set_state(installation, id, UserState::Active, UserState::Disabled).await?;
    // Also where they were disabled before: that call may have ended before any of these.
    installation.accounts.end_families_of(id).await?;
    trail::of_user(installation, id, Action::UserDisabled).await?;
    Ok(changed)
}

async fn enable(installation: &Installation, email: &Email) -> Result<Changed, Failure> {
    let id = find(installation, email).await?;
    let changed = set_state(installation, id, UserState::Disabled, UserState::Active).await?;
    trail::of_user(installation, id, Action::UserEnabled).await?;
    Ok(changed)
}

async fn set_state(
    installation: &Installation,
    id: UserId,
    from: UserState,
    to: UserState,
) -> Result<Changed, Failure> {
    if installation.directory.set_user_state(id, &[from], to).await? {
        return Ok((id, to, true));
    }
    match installation.directory.user(id).await?.map(|user| user.state) {
        Some(state) if state == to => Ok((id, to, false)),
        Some(UserState::Creating) => {
            Err(anyhow!("the creation of this user was not finished: create them again").into())
        }
        Some(UserState::Active | UserState::Disabled) => Err(anyhow!("the user was changed meanwhile").into()),
        Some(UserState::Deleted) | None => Err(not_there()),
    }
}

fn people_of(installation: &Installation) -> People<'_> {
    People {
        directory: installation.directory.as_ref(),
        accounts: installation.accounts.as_ref(),
        clock: installation.clock.as_ref(),
        random: installation.random.as_ref(),
    }
}

/// From the environment, else the first line of stdin.
fn given_password() -> Result<Password, Failure> {
    let text = match std::env::var(PASSWORD) {
        Ok(text) => text,
        Err(std::env::VarError::NotPresent) => {
            let _silence = silence::begin("password: ");
            first_line(std::io::stdin().lock())?
        }
        Err(error @ std::env::VarError::NotUnicode(_)) => {
            // Its text would repeat the password.
            drop(error);
            return Err(Failure::new(Exit::Refused, anyhow!("the password is not UTF-8")));
        }
    };
    text.parse().context("the password").or_exit(Exit::Refused)
}

fn first_line(input: impl BufRead) -> Result<String, Failure> {
    let mut line = Vec::new();
    input.take(LINE_LIMIT_BYTES).read_until(b'\n', &mut line).context("cannot read the password from stdin")?;
    let end = line.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
    line.truncate(end);
    String::from_utf8(line).map_err(|_| Failure::new(Exit::Refused, anyhow!("the password is not UTF-8")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_first_line() {
        for (input, password) in [("secret\n", "secret"), ("a b \r\nsecond\n", "a b "), ("secret", "secret"), ("", "")]
        {
            assert_eq!(first_line(input.as_bytes()).unwrap(), password);
        }
        assert_eq!(first_line(&b"\xff\n"[..]).unwrap_err().code, Exit::Refused);
        assert_eq!(first_line("a".repeat(9_999).as_bytes()).unwrap().len(), 4_096);
    }
}
