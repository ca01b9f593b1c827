//! Recording and alerting rules.
//!
//! Start reading at [`Manager`]: it owns the groups, evaluates each on its own interval against a store, writes what the rules
//! record, keeps the state of alerts and hands alerts to a [`Notify`] (usually the [`Notifier`], which posts to Alertmanagers).
//! [`view`] is what it shows of itself; [`testing`] runs the test files of promtool.

mod alerting;
mod error;
mod group;
mod manager;
mod notify;
mod recording;
mod restore;
mod rule;
pub mod template;
pub mod testing;
pub mod view;

pub use error::RuleError;
pub use manager::{Manager, Options, RuleStats};
pub use notify::{Alert, Notifier, NotifierOptions, NotifierStats, Notify, Relabel, Silent, Target};
