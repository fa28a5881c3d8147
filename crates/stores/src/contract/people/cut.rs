//! Stores whose calls are cut off where a test says: as if the process had ended there.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::ids::{FamilyId, Slug, TokenId, UserId};
use domain::people::{Email, Role, UserState};
use domain::refresh::Family;

use crate::{
    Account, AccountCreated, Accounts, Directory, Member, MemberChange, Organisation, OrganisationToken, StoreError,
    User,
};

type Answer<T> = Result<T, StoreError>;

/// Counts the calls to all stores of a test, and cuts one of them off.
#[derive(Default)]
pub(super) struct Scissors(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    /// Calls until the one that is cut off.
    left: Option<u32>,
    /// Whether the store still does what that one asks.
    done: bool,
    begun: BTreeSet<UserId>,
}

impl Scissors {
    /// Cuts the `call`th call from now off: its answer is lost, and if not `done` it never reached the store.
    pub(super) fn cut(&self, call: u32, done: bool) {
        let mut counts = self.0.lock().expect("no panic while counting");
        (counts.left, counts.done) = (Some(call), done);
    }

    /// Cuts nothing off any more.
    pub(super) fn put_away(&self) {
        self.0.lock().expect("no panic while counting").left = None;
    }

    /// Every user that was ever begun.
    pub(super) fn begun(&self) -> Vec<UserId> {
        self.0.lock().expect("no panic while counting").begun.iter().copied().collect()
    }

    fn note(&self, begun: UserId) {
        self.0.lock().expect("no panic while counting").begun.insert(begun);
    }

    /// Whether this call is cut off, and whether it is done all the same.
    fn next(&self) -> Option<bool> {
        let mut counts = self.0.lock().expect("no panic while counting");
        let left = counts.left.as_mut()?;
        *left = left.saturating_sub(1);
        (*left == 0).then_some(counts.done)
    }
}

/// A store behind scissors.
pub(super) struct Cut<S> {
    inner: S,
    scissors: Arc<Scissors>,
}

impl<S> Cut<S> {
    pub(super) fn new(inner: S, scissors: &Arc<Scissors>) -> Self {
        Self { inner, scissors: Arc::clone(scissors) }
    }

    async fn call<T>(&self, call: impl Future<Output = Answer<T>> + Send) -> Answer<T> {
        let cut = self.scissors.next();
        if cut == Some(false) {
            return Err(cut_off());
        }
        let answer = call.await;
        if cut.is_some() { Err(cut_off()) } else { answer }
    }
}

fn cut_off() -> StoreError {
    StoreError::Unavailable { doing: "run to its end", source: "cut off".into() }
}

#[async_trait]
impl Directory for Cut<Arc<dyn Directory>> {
    async fn create_organisation(&self, slug: &Slug) -> Answer<bool> {
        self.call(self.inner.create_organisation(slug)).await
    }

    async fn organisation(&self, slug: &Slug) -> Answer<Option<Organisation>> {
        self.call(self.inner.organisation(slug)).await
    }

    async fn organisations(&self, after: Option<&Slug>, limit: u32) -> Answer<Vec<Organisation>> {
        self.call(self.inner.organisations(after, limit)).await
    }

    async fn begin_user(&self, id: UserId, key: &[u8; 32]) -> Answer<UserId> {
        let begin = async {
            let begun = self.inner.begin_user(id, key).await?;
            self.scissors.note(begun);
            Ok(begun)
        };
        self.call(begin).await
    }

    async fn user(&self, id: UserId) -> Answer<Option<User>> {
        self.call(self.inner.user(id)).await
    }

    async fn set_user_state(&self, id: UserId, from: &[UserState], to: UserState) -> Answer<bool> {
        self.call(self.inner.set_user_state(id, from, to)).await
    }

    async fn put_member(&self, organisation: &Slug, user: UserId, role: Role) -> Answer<MemberChange> {
        self.call(self.inner.put_member(organisation, user, role)).await
    }

    async fn remove_member(&self, organisation: &Slug, user: UserId) -> Answer<MemberChange> {
        self.call(self.inner.remove_member(organisation, user)).await
    }

    async fn role(&self, organisation: &Slug, user: UserId) -> Answer<Option<Role>> {
        self.call(self.inner.role(organisation, user)).await
    }

    async fn members(&self, organisation: &Slug, after: Option<UserId>, limit: u32) -> Answer<Vec<Member>> {
        self.call(self.inner.members(organisation, after, limit)).await
    }

    async fn organisations_of(&self, user: UserId, limit: u32) -> Answer<Vec<(Slug, Role)>> {
        self.call(self.inner.organisations_of(user, limit)).await
    }

    async fn create_token(&self, token: &OrganisationToken) -> Answer<bool> {
        self.call(self.inner.create_token(token)).await
    }

    async fn token(&self, id: TokenId) -> Answer<Option<OrganisationToken>> {
        self.call(self.inner.token(id)).await
    }

    async fn revoke_token(&self, organisation: &Slug, id: TokenId) -> Answer<bool> {
        self.call(self.inner.revoke_token(organisation, id)).await
    }

    async fn ping_directory(&self) -> Answer<()> {
        self.call(self.inner.ping_directory()).await
    }
}

#[async_trait]
impl Accounts for Cut<Arc<dyn Accounts>> {
    async fn create_account(&self, id: UserId, email: &Email, password_hash: &str) -> Answer<AccountCreated> {
        self.call(self.inner.create_account(id, email, password_hash)).await
    }

    async fn account_of(&self, email: &Email) -> Answer<Option<Account>> {
        self.call(self.inner.account_of(email)).await
    }

    async fn account(&self, id: UserId) -> Answer<Option<Account>> {
        self.call(self.inner.account(id)).await
    }

    async fn set_password_hash(&self, id: UserId, password_hash: &str) -> Answer<bool> {
        self.call(self.inner.set_password_hash(id, password_hash)).await
    }

    async fn delete_account(&self, id: UserId) -> Answer<bool> {
        self.call(self.inner.delete_account(id)).await
    }

    async fn begin_family(&self, family: &Family) -> Answer<bool> {
        self.call(self.inner.begin_family(family)).await
    }

    async fn family(&self, id: FamilyId) -> Answer<Option<Family>> {
        self.call(self.inner.family(id)).await
    }

    async fn rotate_family(&self, generation: u32, next: &Family) -> Answer<bool> {
        self.call(self.inner.rotate_family(generation, next)).await
    }

    async fn end_family(&self, id: FamilyId) -> Answer<bool> {
        self.call(self.inner.end_family(id)).await
    }

    async fn end_families_of(&self, user: UserId) -> Answer<u64> {
        self.call(self.inner.end_families_of(user)).await
    }

    async fn end_all_families(&self) -> Answer<u64> {
        self.call(self.inner.end_all_families()).await
    }

    async fn purge_families(&self) -> Answer<u64> {
        self.call(self.inner.purge_families()).await
    }
}
