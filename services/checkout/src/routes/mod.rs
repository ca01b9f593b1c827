//! The routes, one file per noun.

pub mod about;
pub mod orders;
