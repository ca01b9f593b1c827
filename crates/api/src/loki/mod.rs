//! The HTTP API of Loki on the lab's engines.
