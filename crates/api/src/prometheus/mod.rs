//! The HTTP API of Prometheus on the lab's engines.
