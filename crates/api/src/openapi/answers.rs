//! Answers that follow from what an operation is: who may call it, what it takes, where its ids stand.

use std::collections::BTreeSet;

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Ref, Type};
use utoipa::openapi::{ContentBuilder, Header, RefOr, Response};

use crate::problem::Code;

/// Operations that ask no store and cannot fail.
const ALWAYS: [&str; 2] = ["livez", "metrics"];

/// Adds what is missing: answers with a problem document, and headers.
pub(super) fn complete(path: &str, operation: &mut Operation) {
    for status in implied(path, operation) {
        operation.responses.responses.entry(status.to_string()).or_insert_with(|| RefOr::T(Response::new("")));
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response {
            fill(status.parse().unwrap_or(0), response);
        }
    }
}

/// The statuses that an operation may answer whatever else it does.
fn implied(path: &str, operation: &Operation) -> BTreeSet<u16> {
    let mut statuses = BTreeSet::new();
    if !operation.operation_id.as_deref().is_some_and(|id| ALWAYS.contains(&id)) {
        statuses.extend([500, 503]);
    }
    // An operation without a token says so by an empty requirement.
    let asks = serde_json::to_value(&operation.security).unwrap_or_default().to_string().contains("token");
    if asks {
        statuses.insert(401);
    }
    if path.contains('{') {
        statuses.insert(404);
    }
    let json = matches!(&operation.request_body, Some(RefOr::T(body)) if body.content.contains_key("application/json"));
    if json {
        statuses.extend([400, 408, 413, 415, 422]);
    }
    let takes = |place: &ParameterIn| matches!(place, ParameterIn::Query | ParameterIn::Header);
    let is_taken = |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(own) if takes(&own.parameter_in));
    if operation.parameters.iter().flatten().any(is_taken) {
        statuses.insert(422);
    }
    statuses
}

fn fill(status: u16, response: &mut Response) {
    let text = |description: &str| -> Header {
        let schema = ObjectBuilder::new().schema_type(Type::String);
        HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
    };
    response.headers.entry("x-request-id".to_owned()).or_insert_with(|| text("Names this request in the log").into());
    if status < 400 {
        return;
    }
    if response.description.is_empty() {
        response.description = titles(status);
    }
    if response.content.is_empty() {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemDocument"))).build();
        response.content.insert("application/problem+json".to_owned(), content.into());
    }
    if status == 401 {
        response
            .headers
            .entry("www-authenticate".to_owned())
            .or_insert_with(|| text("The scheme to use, Bearer").into());
    }
    if status == 429 || status == 503 {
        response.headers.entry("retry-after".to_owned()).or_insert_with(|| text("When to ask again (seconds)").into());
    }
}

fn titles(status: u16) -> String {
    let codes = Code::ALL.iter().filter(|code| code.status().as_u16() == status);
    codes.map(|code| code.title()).collect::<Vec<_>>().join("; or: ")
}
