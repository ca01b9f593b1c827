//! Upstream-compatible HTTP: prometheus, loki, tempo, alertmanager.

pub mod alertmanager;
pub mod loki;
pub mod prometheus;
pub mod tempo;
