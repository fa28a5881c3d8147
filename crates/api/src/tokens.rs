//! Tokens as they stand on the wire: access, refresh, and those of organisations.

pub mod access;
pub mod organisation;
pub mod refresh;
mod wire;
