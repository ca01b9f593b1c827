//! The HTTP API of Alertmanager on the lab's engines.
