//! The `lab` command and daemon.

fn main() {}
