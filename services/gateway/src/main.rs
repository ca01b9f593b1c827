//! The shop's front door.

fn main() {}
