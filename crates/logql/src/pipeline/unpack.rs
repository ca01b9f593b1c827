//! `unpack`: undoes Promtail's `pack` stage. String values become labels and `_entry` becomes the line.

use super::fields::JSON_ERROR;
use super::json::{self, Type};
use super::{Line, Step};
use std::borrow::Cow;

const ENTRY: &str = "_entry";
/// Loki's words; the number is how its JSON library calls an object.
const NO_OBJECT: &str = "expecting json object(6), but it is not";

pub(super) struct UnpackStep;

impl Step for UnpackStep {
    fn run(&self, line: &mut Line<'_>) -> bool {
        if line.text.is_empty() || line.hints.skip_parsers {
            return true;
        }
        if !line.text.starts_with('{') {
            line.fields.set_error(JSON_ERROR, NO_OBJECT);
            return true;
        }
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut entry = None;
        let walked = json::each_field(&line.text, &mut |key, value| {
            if value.kind == Type::String {
                if key == ENTRY {
                    entry = Some(value.text().into_owned());
                } else {
                    let mut name = String::new();
                    json::sanitize(&key, &mut name);
                    pairs.push((name, value.text().into_owned()));
                }
            }
            Ok(true)
        });
        if let Err(details) = walked {
            line.fields.set_error(JSON_ERROR, details);
            return true;
        }
        // Without an entry the line was not packed: nothing changes.
        if let Some(entry) = entry {
            for (name, value) in &pairs {
                line.fields.extract(name, value, line.hints);
            }
            line.text = Cow::Owned(entry);
        }
        true
    }
}
