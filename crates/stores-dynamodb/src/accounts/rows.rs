//! Accounts, addresses and logins as items.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::{FamilyId, UserId};
use domain::people::Email;
use domain::refresh::{Family, Rotation};
use domain::time::Micros;
use stores::accounts::EMPTY_PROFILE;
use stores::{Account, StoreError};

use crate::item::{Item, Key, Read, Write};
use crate::tables::shelf;

/// Before all ids of a person's logins, and behind them.
pub(super) const FAMILIES: [&str; 2] = ["FAMILY#", "FAMILY#~"];

pub(super) fn first_of(user: UserId) -> String {
    format!("USER#{user}")
}

pub(super) fn account_key(id: UserId) -> Key {
    Key::new(first_of(id), "ACCOUNT")
}

/// Whose address it is.
pub(super) fn address_key(email: &Email) -> Key {
    Key::new(format!("EMAIL#{}", email.key()), "HOLDER")
}

pub(super) fn family_key(user: UserId, id: FamilyId) -> Key {
    Key::new(first_of(user), format!("FAMILY#{id}"))
}

/// Whose login it is.
pub(super) fn pointer_key(id: FamilyId) -> Key {
    Key::new(format!("FAMILY#{id}"), "HOLDER")
}

/// The pointer to the login that lies under this key.
pub(super) fn pointer_of(family: &Key) -> Key {
    Key::new(family.sk.clone(), "HOLDER")
}

pub(super) fn is_account(item: &Item) -> bool {
    has_second(item, |sk| sk == "ACCOUNT")
}

pub(super) fn is_family(item: &Item) -> bool {
    has_second(item, |sk| sk.starts_with(FAMILIES[0]))
}

fn has_second(item: &Item, fits: impl FnOnce(&str) -> bool) -> bool {
    matches!(item.get("sk"), Some(AttributeValue::S(sk)) if fits(sk))
}

pub(super) fn new_account(id: UserId, email: &Email, password_hash: &str, now: Micros, epoch: &str) -> Item {
    Write::new(&account_key(id))
        .text("id", id.to_string())
        .text("email", email.as_str())
        .text("password_hash", password_hash)
        .text("profile", EMPTY_PROFILE)
        .number("created_at", now.0)
        .text("epoch", epoch)
        .item()
}

pub(super) fn account(item: &Item) -> Result<Account, StoreError> {
    let read = Read::new(item, "an account");
    Ok(Account {
        id: read.parsed("id")?,
        email: read.parsed("email")?,
        password_hash: read.text("password_hash")?.to_owned(),
        profile: read.text("profile")?.to_owned(),
        created_at: Micros(read.number("created_at")?),
    })
}

pub(super) fn address(email: &Email, holder: UserId) -> Item {
    Write::new(&address_key(email)).text("holder", holder.to_string()).item()
}

/// A login with its epoch; it is on the shelf of those that run out, and DynamoDB removes it a while behind that.
pub(super) fn family(family: &Family, epoch: &str) -> Item {
    let item = Write::new(&family_key(family.user, family.id))
        .number("generation", family.generation)
        .bytes("secret_sha256", &family.secret_sha256)
        .number("began_at", family.began_at.0)
        .number("expires_at", family.expires_at.0)
        .text("epoch", epoch)
        .text("shelf", shelf("family", u32::from(family.id.0.as_bytes()[15])))
        .number("shelf_at", family.expires_at.0)
        .number("ttl", ttl(family));
    let item = item.maybe("rotated_from", family.rotation, |item, name, rotation| {
        let item = item.bytes(name, &rotation.secret_sha256).number("rotated_at", rotation.at.0);
        item.maybe("rotation_nonce", rotation.nonce_sha256, |item, name, nonce| item.bytes(name, &nonce))
    });
    item.item()
}

pub(super) fn pointer(family: &Family) -> Item {
    Write::new(&pointer_key(family.id)).text("holder", family.user.to_string()).number("ttl", ttl(family)).item()
}

fn ttl(family: &Family) -> i64 {
    family.expires_at.0.div_euclid(1_000_000) + 1
}

pub(super) fn read_family(item: &Item, user: UserId, id: FamilyId) -> Result<Family, StoreError> {
    let read = Read::new(item, "a login");
    let rotation = read.maybe("rotated_from", |read, name| {
        let (secret_sha256, at) = (read.bytes(name)?, Micros(read.number("rotated_at")?));
        Ok(Rotation { secret_sha256, nonce_sha256: read.maybe("rotation_nonce", Read::bytes)?, at })
    });
    Ok(Family {
        id,
        user,
        generation: read.number("generation")?,
        secret_sha256: read.bytes("secret_sha256")?,
        rotation: rotation?,
        began_at: Micros(read.number("began_at")?),
        expires_at: Micros(read.number("expires_at")?),
    })
}
