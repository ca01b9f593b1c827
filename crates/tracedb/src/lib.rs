//! The trace store: rows, indexes, write-ahead log, segments.
