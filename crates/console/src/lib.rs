//! The web console: Grafana-compatible API and assets.
