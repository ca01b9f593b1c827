//! LogQL: parse, check, evaluate.
