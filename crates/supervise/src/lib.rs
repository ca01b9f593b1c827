//! Child processes: start, watch, restart, reap.
