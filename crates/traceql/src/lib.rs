//! TraceQL: parse, check, evaluate.
