//! The HTTP API of Tempo on the lab's engines.
