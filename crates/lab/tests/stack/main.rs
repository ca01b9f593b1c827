//! The embedded stack from outside: the real `lab` binary, real services, real ports. Stacks run side by side, each in a
//! `.lab` folder and on ports of its own.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the failure report")]

mod harness;
mod life;
mod signals;
mod verify;
