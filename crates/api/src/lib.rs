//! The service over HTTP: one endpoint per file, who may ask, problem documents, the OpenAPI document.

pub mod address;
pub mod app;
pub mod auth;
pub mod body;
pub mod caller;
pub mod cursor;
mod docs;
pub mod downloads;
pub mod exports;
mod health;
pub mod keys;
mod members;
pub mod memberships;
pub mod messages;
pub mod metrics;
mod middleware;
mod openapi;
pub mod page;
pub mod paging;
pub mod password;
pub mod path;
pub mod problem;
mod router;
mod server;
pub mod tokens;

pub use app::{App, Options, Ports};
pub use body::JsonBody;
pub use caller::{AdminOf, IngestCaller, MemberOf, SignedIn};
pub use keys::{Keys, KeysError};
pub use path::FromPath;
pub use problem::{Code, FieldError, Problem, ProblemDocument};
pub use router::{openapi, router};
pub use server::{ServeError, serve, serve_operations};
