//! Exports, downloads, memberships and ingest over HTTP: the service in process, over a real lake, real artifacts and
//! real workers.

mod asking;
mod bringing;
mod fetching;
mod listing;
mod removing;
mod support;
mod tenants;
