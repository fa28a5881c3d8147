//! Tokens as they stand on the wire: access, refresh, and those of organisations.

pub mod access;
mod known;
pub mod organisation;
pub mod refresh;
mod wire;

pub use known::KnownTokens;
