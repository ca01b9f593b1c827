//! process_output.
