//! Orders and the simulated charge. [`app`] builds the router, [`config`] reads the environment, [`routes`] holds one file
//! per noun; [`order`] checks what was sent, [`charge`] takes its time.

pub mod app;
pub mod charge;
pub mod config;
pub mod error;
pub mod order;
pub mod routes;
