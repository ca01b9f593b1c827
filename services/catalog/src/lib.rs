//! What the shop sells. [`app`] builds the router, [`config`] reads the environment, [`routes`] holds one file per noun.

pub mod app;
pub mod config;
pub mod error;
pub mod routes;
mod stock;
