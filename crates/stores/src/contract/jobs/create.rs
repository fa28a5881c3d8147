//! Creating and finding exports.

use std::time::Duration;

use domain::request::Format;

use super::*;
use crate::IdempotencyKey;

fn key(text: &str, hash: u8, user: Option<u32>) -> Option<IdempotencyKey> {
    let user = user.map(|number| UserId(worker(number).0));
    let key = text.parse().expect("the tests use good keys");
    Some(IdempotencyKey { user, key, request_hash: [hash; 32] })
}

/// Those with a place run at once; an owner sees its own, newest first.
pub async fn exports_are_created_and_listed<J: Jobs, K>(
    make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J),
) -> Checked {
    let world = World::new(Limits::default(), make).await;
    let states = ["running", "running", "queued"];
    for (number, state) in (1..).zip(states) {
        let export = world.create(number).await?;
        assert_eq!((export.state.name(), export.created_at), (state, world.clock.now()));
        assert_eq!(export, world.get(number).await?);
    }
    let listed = |exports: Vec<Export>| exports.iter().map(|export| export.id).collect::<Vec<_>>();
    assert_eq!(listed(world.jobs.list(&acme(), None, 2).await?), [id(3), id(2)]);
    assert_eq!(listed(world.jobs.list(&acme(), Some(id(2)), 2).await?), [id(1)]);
    assert_eq!(listed(world.jobs.unsettled(&acme()).await?), [id(1), id(2), id(3)]);
    assert_eq!(world.jobs.get(&owner("acme-2"), id(1)).await?, None);
    assert_eq!(world.jobs.get(&acme(), id(9)).await?, None);
    assert_eq!(world.jobs.list(&owner("acme-2"), None, 9).await?, []);
    // The answer to the first call was lost: the same call finds its own export.
    assert_eq!(world.jobs.create(new(1)).await?, Created::Known(world.get(1).await?));
    let other = NewExport { request: Request { format: Format::Csv, ..request() }, ..new(1) };
    assert_eq!(world.jobs.create(other).await?, Created::KeyConflict);
    world.jobs.ping().await
}

/// The same key finds the export again, for seven days, for one user, for one request.
pub async fn a_key_is_good_for_one_request<J: Jobs, K>(
    make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J),
) -> Checked {
    let world = World::new(Limits::default(), make).await;
    let with = |number, idempotency| NewExport { idempotency, ..new(number) };
    let is_new = |created: Created| matches!(created, Created::New(_));
    assert!(is_new(world.jobs.create(with(1, key("k", 1, None))).await?));
    let known = world.jobs.create(with(2, key("k", 1, None))).await?;
    assert_eq!(known, Created::Known(world.get(1).await?));
    assert_eq!(world.jobs.create(with(2, key("k", 2, None))).await?, Created::KeyConflict);
    assert_eq!(world.jobs.get(&acme(), id(2)).await?, None);
    assert!(is_new(world.jobs.create(with(3, key("k", 2, Some(7)))).await?));
    assert!(is_new(world.jobs.create(with(4, key("l", 2, None))).await?));
    let elsewhere = NewExport { owner: owner("other"), ..with(5, key("k", 2, None)) };
    assert!(is_new(world.jobs.create(elsewhere).await?));
    world.pass(Duration::from_secs(7 * 86_400 - 1));
    assert_eq!(world.jobs.create(with(6, key("k", 2, None))).await?, Created::KeyConflict);
    world.pass(Duration::from_secs(1));
    assert!(is_new(world.jobs.create(with(6, key("k", 2, None))).await?));
    Ok(())
}

/// Only what is created under a limit counts, and only on its UTC day.
pub async fn a_day_has_its_limit<J: Jobs, K>(make: impl AsyncFn(Arc<dyn Clock>, Limits) -> (K, J)) -> Checked {
    let world = World::new(Limits::default(), make).await;
    let limited = |number| NewExport { per_day_limit: Some(2), ..new(number) };
    world.create(1).await?;
    let first = NewExport { idempotency: key("k", 1, None), ..limited(2) };
    assert!(matches!(world.jobs.create(first.clone()).await?, Created::New(_)));
    assert!(matches!(world.jobs.create(NewExport { id: id(3), ..first }).await?, Created::Known(_)));
    assert!(matches!(world.jobs.create(limited(3)).await?, Created::New(_)));
    assert_eq!(world.jobs.create(limited(4)).await?, Created::TooManyToday);
    assert_eq!(world.jobs.get(&acme(), id(4)).await?, None);
    let other = NewExport { owner: owner("other"), ..limited(5) };
    assert!(matches!(world.jobs.create(other).await?, Created::New(_)));
    world.create(6).await?;
    world.pass(Duration::from_secs(86_400));
    assert!(matches!(world.jobs.create(limited(4)).await?, Created::New(_)));
    Ok(())
}
