//! Plain data of the three signals and the traits of their stores.
//!
//! Everything else in the lab imports this crate and this crate imports nothing of the lab: a query language and a
//! store never know each other, both know the trait here. There is no I/O, no clock and no global state.
//!
//! Start reading at [`labels`], then the signal you care about: [`metrics`], [`logs`] or [`traces`].

pub mod clock;
pub mod duration;
pub mod labels;
pub mod logs;
pub mod matcher;
pub mod metrics;
pub mod store;
pub mod traces;

pub use clock::{Clock, ManualClock};
pub use labels::{Label, Labels, LabelsBuilder};
pub use matcher::{MatchOp, Matcher, MatcherError};
pub use store::StoreError;
