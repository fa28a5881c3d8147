//! `GET /v1/me/memberships`: the memberships of whoever is signed in, page by page.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::ids::{MembershipId, UserId};
use domain::membership::{BillingInterval, Currency, Membership, MembershipState, PaymentMethod, price};
use domain::time::Day;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::cursor::{Cursor, CursorError};
use crate::paging::Paging;
use crate::problem::Problem;
use crate::{App, SignedIn};

/// The routes of this module.
pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::default().routes(routes!(list))
}

/// Some memberships, by their first day.
#[derive(Debug, Serialize, ToSchema)]
struct MembershipPage {
    /// The memberships.
    items: Vec<MembershipView>,
    /// Where the next page begins; null on the last one.
    next_cursor: Option<String>,
}

/// One membership, with the fields of the file.
#[derive(Debug, Serialize, ToSchema)]
struct MembershipView {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// What it is called.
    name: String,
    /// Whose it is.
    #[schema(format = Uuid)]
    user_id: String,
    /// What is paid each interval: decimal with two places.
    #[schema(example = "12.50")]
    recurring_price: String,
    /// ISO 4217.
    #[schema(example = "EUR")]
    currency: String,
    /// Its first day.
    #[schema(format = Date)]
    valid_from: String,
    /// Its last day; null where it has no end.
    #[schema(format = Date)]
    valid_until: Option<String>,
    /// `pending`, `active`, `expired` or `cancelled`.
    #[schema(example = "active")]
    state: &'static str,
    /// `cash`, `card`, `sepa` or `invoice`.
    #[schema(example = "card")]
    payment_method: &'static str,
    /// `weekly`, `monthly` or `yearly`.
    #[schema(example = "monthly")]
    billing_interval: &'static str,
    /// How many intervals have been billed.
    billing_periods: u32,
}

impl From<&Membership> for MembershipView {
    fn from(row: &Membership) -> Self {
        Self {
            id: row.id.to_string(),
            name: row.name.clone(),
            user_id: row.user.to_string(),
            recurring_price: price(row.recurring_price_hundredths),
            currency: row.currency.as_str().to_owned(),
            valid_from: row.valid_from.to_string(),
            valid_until: row.valid_until.map(|day| day.to_string()),
            state: row.state.name(),
            payment_method: row.payment_method.name(),
            billing_interval: row.billing_interval.name(),
            billing_periods: row.billing_periods,
        }
    }
}

#[utoipa::path(
    get,
    path = "/v1/me/memberships",
    tag = "me",
    operation_id = "list_my_memberships",
    summary = "My memberships, by their first day",
    params(Paging),
    responses((status = 200, description = "A page of memberships.", body = MembershipPage)),
    security(("access_token" = []))
)]
async fn list(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    paging: Paging,
) -> Result<Json<MembershipPage>, Problem> {
    let after = paging.place(|cursor| match cursor {
        Cursor::Membership(valid_from, id) => Ok(place(signed_in.user, valid_from, id)),
        _ => Err(CursorError),
    })?;
    let limit = paging.items(&app);
    let mut rows = app.ports.memberships.memberships_page(signed_in.user, after.as_ref(), limit + 1).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|last| Cursor::Membership(last.valid_from, last.id).encode());
    Ok(Json(MembershipPage { items: rows.iter().map(MembershipView::from).collect(), next_cursor: next }))
}

/// A row that stands where the last page ended: only its first day and its id place it.
fn place(user: UserId, valid_from: Day, id: MembershipId) -> Membership {
    Membership {
        id,
        name: String::new(),
        user,
        recurring_price_hundredths: 0,
        currency: "XXX".parse::<Currency>().expect("the code for no currency (ISO 4217)"),
        valid_from,
        valid_until: None,
        state: MembershipState::Pending,
        payment_method: PaymentMethod::Cash,
        billing_interval: BillingInterval::Monthly,
        billing_periods: 0,
    }
}
