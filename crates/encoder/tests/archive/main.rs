//! Whole files: put together from parts, checked, damaged in every way, checked again.

mod damage;
mod golden;
mod hostile;
mod large;
mod support;
mod volumes;
