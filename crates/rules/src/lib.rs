//! Recording and alerting rules.

pub mod view;
