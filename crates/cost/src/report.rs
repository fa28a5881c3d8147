//! An analysis in words, for machines, as a picture, as a page.

pub mod chart;
pub mod csv;
pub mod json;
pub mod page;
mod table;
pub mod text;
