//! The people of the demo: two organisations, an admin and a member each, and what one of them subscribes to.

use anyhow::{Context, anyhow};
use api::password::{Password, hash};
use domain::ids::{MembershipId, Slug, UserId};
use domain::membership::{BillingInterval, Membership, MembershipState, PaymentMethod};
use domain::people::{Email, Role};
use domain::time::Day;
use serde::Serialize;
use stores::MembershipsImported;
use stores::people::{Created, People};
use uuid::Uuid;

use crate::exit::Failure;
use crate::report::Report;
use crate::wiring::Installation;

/// The organisations.
pub const ORGANISATIONS: [&str; 2] = ["org-0001", "org-0002"];

const PEOPLE: [(&str, usize, Role); 4] =
    [("u1", 0, Role::Admin), ("u2", 0, Role::Member), ("u3", 1, Role::Admin), ("u4", 1, Role::Member)];

/// Somebody who can sign in.
#[derive(Clone, Debug, Serialize)]
pub struct Person {
    /// What the demo calls them.
    pub name: &'static str,
    /// Where they belong.
    pub organisation: &'static str,
    /// As what.
    pub role: &'static str,
    /// What they sign in with.
    pub email: String,
    /// New at each run.
    pub password: String,
}

/// Makes them, or gives those of an earlier run new passwords.
pub async fn make(installation: &Installation, report: &Report) -> Result<Vec<Person>, Failure> {
    let mut made = Vec::new();
    for (name, place, role) in PEOPLE {
        let organisation = ORGANISATIONS[place];
        let person = Person {
            name,
            organisation,
            role: role.name(),
            email: format!("{name}@example.org"),
            password: password(installation),
        };
        let id = put(installation, &person).await?;
        let slug: Slug = organisation.parse()?;
        installation.directory.put_member(&slug, id, role).await?;
        if name == "u1" {
            subscribe(installation, id).await?;
        }
        report.say(format!("{name}: {} of {organisation}, {}", role.name(), person.email));
        made.push(person);
    }
    Ok(made)
}

/// 80 random bits; the demo's service may be reachable by others.
fn password(installation: &Installation) -> String {
    let mut bytes = [0; 10];
    installation.random.fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn put(installation: &Installation, person: &Person) -> Result<UserId, Failure> {
    let email: Email = person.email.parse()?;
    let mut salt = [0; 16];
    installation.random.fill(&mut salt);
    let hashed = hash(&person.password.parse::<Password>()?, salt);
    let people = People {
        directory: installation.directory.as_ref(),
        accounts: installation.accounts.as_ref(),
        clock: installation.clock.as_ref(),
        random: installation.random.as_ref(),
    };
    match people.create(&email, &hashed).await? {
        Created::New(id) => Ok(id),
        Created::Known(id) | Created::EmailTaken(id) => {
            installation.accounts.set_password_hash(id, &hashed).await?;
            Ok(id)
        }
    }
}

/// Three memberships, the same at every run.
async fn subscribe(installation: &Installation, user: UserId) -> Result<(), Failure> {
    let rows = [
        ("Reading room", 1_250, 2023, MembershipState::Expired, PaymentMethod::Cash, 12),
        ("Grüne Garage, north", 7_900, 2024, MembershipState::Active, PaymentMethod::Sepa, 3),
        ("\"Early\" swimmers", 420, 2025, MembershipState::Pending, PaymentMethod::Card, 0),
    ];
    let membership = |(number, row): (usize, (&str, i64, i32, MembershipState, PaymentMethod, u32))| {
        let (name, price, year, state, payment_method, billing_periods) = row;
        let day = |month, day| Day::from_civil(year, month, day).context("a day of the calendar");
        anyhow::Ok(Membership {
            id: MembershipId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001 + number as u128)),
            name: name.to_owned(),
            user,
            recurring_price_hundredths: price,
            currency: "EUR".parse()?,
            valid_from: day(1, 1)?,
            valid_until: (state != MembershipState::Active).then(|| day(12, 31)).transpose()?,
            state,
            payment_method,
            billing_interval: BillingInterval::Monthly,
            billing_periods,
        })
    };
    let rows = rows.into_iter().enumerate().map(membership).collect::<Result<Vec<_>, _>>()?;
    match installation.memberships.import_memberships(rows).await? {
        MembershipsImported::Done { .. } => Ok(()),
        refused => Err(anyhow!("the memberships were refused: {refused:?}").into()),
    }
}
