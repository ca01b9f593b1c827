//! The log store: streams, chunks, write-ahead log, segments.
