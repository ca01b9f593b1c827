//! `decolorize`: removes ANSI colour sequences.

use super::{Line, Step};
use std::borrow::Cow;

pub(super) struct DecolorizeStep;

impl Step for DecolorizeStep {
    fn run(&self, line: &mut Line<'_>) -> bool {
        if let Some(plain) = without_colour(&line.text) {
            line.text = Cow::Owned(plain);
        }
        true
    }
}

/// The text without `ESC [ … m` and its relatives; `None` when there are none.
pub fn without_colour(text: &str) -> Option<String> {
    text.contains('\u{1b}').then(|| {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('\u{1b}') {
            out.push_str(&rest[..at]);
            let after = &rest[at + 1..];
            let length = sequence(after);
            if length == 0 {
                out.push('\u{1b}');
            }
            rest = &after[length..];
        }
        out.push_str(rest);
        out
    })
}

/// Length of the control sequence behind an escape: `[`, parameters, one final letter.
fn sequence(after: &str) -> usize {
    let Some(body) = after.strip_prefix('[') else { return 0 };
    let parameters = body.bytes().take_while(|b| b.is_ascii_digit() || matches!(b, b';' | b'?')).count();
    match body.as_bytes().get(parameters) {
        Some(last) if last.is_ascii_alphabetic() => parameters + 2,
        _ => 0,
    }
}
