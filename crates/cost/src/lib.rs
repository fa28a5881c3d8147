//! What an installation on AWS costs a month: prices with their sources, assumptions with their names, and arithmetic between them.
//!
//! Nothing here is a float. Quantities are whole bytes, requests and seconds, prices whole billionths of a dollar, and a line of the bill
//! is rounded once, to the cent; every total is a sum of such lines.

pub mod analysis;
pub mod assumptions;
pub mod bill;
pub mod compare;
pub mod items;
pub mod model;
pub mod money;
pub mod prices;
pub mod report;
pub mod scenario;
pub mod sensitivity;
pub mod services;
pub mod sizes;
pub mod units;
pub mod volumes;
