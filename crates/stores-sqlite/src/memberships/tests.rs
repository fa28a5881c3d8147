//! The suite over one file.

use super::*;
use crate::testing::{goes_by_indexes, open};

stores::memberships_contract!(open);

#[tokio::test]
async fn every_statement_goes_by_an_index() {
    goes_by_indexes(sql::ALL).await;
}
