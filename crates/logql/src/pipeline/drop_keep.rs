//! `drop` and `keep`: remove labels by name, or by name and value.

use super::fields::{ERROR, ERROR_DETAILS};
use super::{Line, Step};
use crate::ast::LabelPick;

pub(super) struct DropStep(pub(super) Vec<LabelPick>);

impl Step for DropStep {
    fn run(&self, line: &mut Line<'_>) -> bool {
        for pick in &self.0 {
            let drops = match pick {
                LabelPick::Name(_) => true,
                LabelPick::Matching(matcher) => {
                    line.fields.get(&matcher.name).is_some_and(|value| matcher.matches(value))
                }
            };
            if drops {
                line.fields.remove(pick.name());
            }
        }
        true
    }
}

pub(super) struct KeepStep(pub(super) Vec<LabelPick>);

impl Step for KeepStep {
    fn run(&self, line: &mut Line<'_>) -> bool {
        line.fields.retain(|name, value| {
            name == ERROR
                || name == ERROR_DETAILS
                || self.0.iter().any(|pick| match pick {
                    LabelPick::Name(wanted) => wanted == name,
                    LabelPick::Matching(matcher) => matcher.name == name && matcher.matches(value),
                })
        });
        true
    }
}
