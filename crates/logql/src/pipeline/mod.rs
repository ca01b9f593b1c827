//! What happens to one line: the stages of a query, compiled once and run for each line without allocating where the
//! stage allows it. One stage, one file. Start at [`Pipeline`] and at [`fields::Fields`], what a line carries.

mod decolorize;
mod drop_keep;
pub mod fields;
pub mod hints;
pub mod ip;
pub mod json;
mod json_path;
mod label_filter;
mod label_format;
mod line_filter;
mod line_format;
pub mod logfmt;
mod pattern;
mod regexp;
mod template;
mod unpack;

pub use decolorize::without_colour;
pub use template::functions as template_functions;

use crate::ParseError;
use crate::ast::{LineFilter, LineMatch, LineOp, Stage};
use fields::Fields;
use hints::Hints;
use std::borrow::Cow;

/// A line on its way through the stages.
pub struct Line<'a> {
    /// Nanoseconds since the epoch.
    pub t: i64,
    pub text: Cow<'a, str>,
    pub fields: &'a mut Fields,
    pub hints: &'a Hints,
}

/// One compiled stage. `false` drops the line.
pub(crate) trait Step: Send + Sync {
    fn run(&self, line: &mut Line<'_>) -> bool;
}

/// Compiled stages. Cheap to share between threads; compile once for each query.
pub struct Pipeline {
    steps: Vec<Box<dyn Step>>,
    contains: Vec<String>,
    metadata: Vec<(String, String)>,
}

impl Pipeline {
    /// # Errors
    /// [`ParseError`] when an expression, a pattern or a template in a stage is broken.
    pub fn compile(stages: &[Stage]) -> Result<Self, ParseError> {
        let ordered = reorder(stages);
        let steps = ordered.iter().map(|stage| compile_stage(stage)).collect::<Result<_, _>>()?;
        let (contains, metadata) = store_hints(&ordered);
        Ok(Self { steps, contains, metadata })
    }

    /// Runs the stages; `false` when one of them dropped the line.
    pub fn run(&self, line: &mut Line<'_>) -> bool {
        self.steps.iter().all(|step| step.run(line))
    }

    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Texts that every line which passes must contain as it was stored.
    pub fn line_contains(&self) -> &[String] {
        &self.contains
    }

    /// Structured metadata (or stream labels) that every line which passes must have.
    pub fn metadata_equals(&self) -> &[(String, String)] {
        &self.metadata
    }
}

/// Line filters run before everything that does not rewrite the line, because they are cheap and exclude the most. As
/// in Loki only `line_format` and `unpack` count as rewriting: a filter behind `decolorize` sees the colours.
fn reorder(stages: &[Stage]) -> Vec<&Stage> {
    let (mut ordered, mut filters, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    for stage in stages {
        match stage {
            Stage::LineFilter(_) => filters.push(stage),
            Stage::LineFormat(_) | Stage::Unpack => {
                rest.push(stage);
                ordered.append(&mut filters);
                ordered.append(&mut rest);
            }
            _ => rest.push(stage),
        }
    }
    ordered.append(&mut filters);
    ordered.append(&mut rest);
    ordered
}

/// What a store may use to skip chunks. Only stages before the first one that changes names or lines count.
fn store_hints(ordered: &[&Stage]) -> (Vec<String>, Vec<(String, String)>) {
    let (mut contains, mut metadata) = (Vec::new(), Vec::new());
    for stage in ordered {
        match stage {
            Stage::LineFilter(LineFilter { op: LineOp::Contains, alternatives }) => {
                if let [LineMatch::Text(text)] = &alternatives[..] {
                    contains.push(text.clone());
                }
            }
            Stage::LineFilter(_) => {}
            // Names that a stage may set are not in the store any more.
            Stage::LabelFilter(filter) => label_filter::required_equal(filter, &mut metadata),
            _ => break,
        }
    }
    (contains, metadata)
}

fn compile_stage(stage: &Stage) -> Result<Box<dyn Step>, ParseError> {
    let named = |error: String| ParseError::whole(format!("stage '{stage}' : {error}"));
    Ok(match stage {
        Stage::LineFilter(filter) => Box::new(line_filter::LineStep::new(filter)?),
        Stage::Json(expressions) if expressions.is_empty() => Box::new(json::JsonStep),
        Stage::Json(expressions) => Box::new(json_path::JsonPathStep::new(expressions).map_err(named)?),
        Stage::Logfmt { strict, keep_empty, expressions } => {
            Box::new(logfmt::LogfmtStep::new(*strict, *keep_empty, expressions))
        }
        Stage::Pattern(text) => Box::new(
            pattern::PatternStep::new(text)
                .map_err(|error| ParseError::whole(format!("invalid pattern parser: {error}")))?,
        ),
        Stage::Regexp(text) => Box::new(
            regexp::RegexpStep::new(text)
                .map_err(|error| ParseError::whole(format!("invalid regexp parser: {error}")))?,
        ),
        Stage::Unpack => Box::new(unpack::UnpackStep),
        Stage::LabelFilter(filter) => Box::new(label_filter::LabelFilterStep::new(filter)?),
        Stage::LineFormat(text) => Box::new(line_format::LineFormatStep::new(text).map_err(named)?),
        Stage::LabelFormat(formats) => Box::new(label_format::LabelFormatStep::new(formats).map_err(named)?),
        Stage::Drop(picks) => Box::new(drop_keep::DropStep(picks.clone())),
        Stage::Keep(picks) => Box::new(drop_keep::KeepStep(picks.clone())),
        Stage::Decolorize => Box::new(decolorize::DecolorizeStep),
    })
}

#[cfg(test)]
mod tests;
