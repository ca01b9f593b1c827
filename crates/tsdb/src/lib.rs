//! The metrics store: head, write-ahead log, segments.
