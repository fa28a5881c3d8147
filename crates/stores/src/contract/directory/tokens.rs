//! Tokens of organisations.

use std::collections::BTreeSet;

use domain::ids::TokenId;
use domain::people::Scope;

use super::*;
use crate::OrganisationToken;

fn token(number: u32, organisation: &str) -> OrganisationToken {
    OrganisationToken {
        id: TokenId(user(number).0),
        organisation: slug(organisation),
        scopes: BTreeSet::from([Scope::MessagesWrite]),
        secret_sha256: [number as u8; 32],
        created_at: START,
    }
}

/// A token is found as it was made, and made for organisations that are there.
pub async fn tokens_are_of_their_organisation<D: Directory, K>(
    make: impl AsyncFn(Arc<dyn Clock>) -> (K, D),
) -> Checked {
    let world = World::peopled(make, &["a", "b"], 0).await?;
    let directory = &world.store;
    let without_scopes = OrganisationToken { scopes: BTreeSet::new(), ..token(2, "b") };
    assert!(directory.create_token(&token(1, "a")).await?);
    assert!(directory.create_token(&without_scopes).await?);
    assert!(!directory.create_token(&token(3, "nobody")).await?);
    assert_eq!(directory.token(TokenId(user(1).0)).await?, Some(token(1, "a")));
    assert_eq!(directory.token(TokenId(user(2).0)).await?, Some(without_scopes));
    assert_eq!(directory.token(TokenId(user(3).0)).await?, None);
    // The answer to the first call was lost; another secret under the same id changes nothing.
    assert!(directory.create_token(&OrganisationToken { secret_sha256: [9; 32], ..token(1, "a") }).await?);
    assert_eq!(directory.token(TokenId(user(1).0)).await?, Some(token(1, "a")));
    Ok(())
}

/// By its own organisation only, and for ever.
pub async fn a_token_is_revoked<D: Directory, K>(make: impl AsyncFn(Arc<dyn Clock>) -> (K, D)) -> Checked {
    let world = World::peopled(make, &["a", "b"], 0).await?;
    let directory = &world.store;
    directory.create_token(&token(1, "a")).await?;
    assert!(!directory.revoke_token(&slug("b"), TokenId(user(1).0)).await?);
    assert!(directory.token(TokenId(user(1).0)).await?.is_some());
    assert!(directory.revoke_token(&slug("a"), TokenId(user(1).0)).await?);
    assert!(!directory.revoke_token(&slug("a"), TokenId(user(1).0)).await?);
    assert_eq!(directory.token(TokenId(user(1).0)).await?, None);
    Ok(())
}
