//! What the shop sells.

fn main() {}
