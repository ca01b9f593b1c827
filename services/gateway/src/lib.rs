//! The shop's front door. [`app`] builds the router, [`config`] reads the environment, [`routes`] holds one file per noun;
//! [`upstream`] calls the other services within a deadline.

pub mod app;
pub mod config;
pub mod error;
pub mod routes;
pub mod upstream;
