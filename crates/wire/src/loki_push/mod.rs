//! loki_push.
