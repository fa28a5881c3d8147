//! The first key of all that is an owner's own, in every table.

use domain::owner::Owner;
use stores::StoreError;

use crate::error::corrupt;

/// `ORG#slug` or `USER#uuid`.
pub(crate) fn owner(owner: &Owner) -> String {
    match owner {
        Owner::Organisation(slug) => format!("ORG#{slug}"),
        Owner::User(id) => format!("USER#{id}"),
    }
}

/// Whose items have this first key.
pub(crate) fn owner_of(pk: &str) -> Result<Owner, StoreError> {
    let parsed = match pk.split_once('#') {
        Some(("ORG", slug)) => slug.parse().map(Owner::Organisation),
        Some(("USER", id)) => id.parse().map(Owner::User),
        _ => return Err(corrupt("an owner", "its key has another form")),
    };
    parsed.map_err(|error| corrupt("an owner", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_read_as_they_are_written() {
        for name in ["org.acme", "org.a-1.b_2", "user.00000000-0000-7000-8000-000000000001"] {
            let of: Owner = name.parse().unwrap();
            assert_eq!(owner_of(&owner(&of)).unwrap(), of);
        }
        assert!(owner_of("ORG").is_err() && owner_of("TEAM#a").is_err());
    }
}
