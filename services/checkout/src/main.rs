//! Orders and the simulated charge.

fn main() {}
