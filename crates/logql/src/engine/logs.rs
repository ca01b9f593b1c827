//! Log queries: the lines that pass the stages, up to a limit, grouped by their labels.

use super::{Direction, Interrupt, Limits};
use crate::ast::LogExpr;
use crate::pipeline::fields::{Fields, Kind};
use crate::pipeline::hints::Hints;
use crate::pipeline::{Line, Pipeline};
use crate::{EvalError, LabelSet};
use model::clock::Nanos;
use model::logs::{LogQuerier, LogScan, NanosRange, ScanOrder, ScanStats};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::ControlFlow;

/// One line of an answer, with its labels by where they come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    pub t: Nanos,
    pub line: String,
    pub metadata: LabelSet,
    pub parsed: LabelSet,
}

/// Lines that share their labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutStream {
    pub labels: LabelSet,
    pub lines: Vec<LogLine>,
}

#[derive(Clone, Debug, Default)]
pub struct LogAnswer {
    /// In the order of the query's direction, each with the stream it belongs to.
    lines: Vec<(LabelSet, LogLine)>,
    pub stats: ScanStats,
}

impl LogAnswer {
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// One stream for each set of labels, metadata and parsed labels: the plain answer.
    pub fn merged(self) -> Vec<OutStream> {
        group(self.lines.into_iter().map(|(stream, line)| {
            let all = stream.iter().chain(line.metadata.iter()).chain(line.parsed.iter());
            (LabelSet::from_pairs(all), line)
        }))
    }

    /// One stream for each set of stream labels; each line shows its metadata and parsed labels apart.
    pub fn categorized(self) -> Vec<OutStream> {
        group(self.lines.into_iter())
    }
}

fn group(lines: impl Iterator<Item = (LabelSet, LogLine)>) -> Vec<OutStream> {
    let mut known: HashMap<LabelSet, usize> = HashMap::new();
    let mut streams: Vec<OutStream> = Vec::new();
    for (labels, line) in lines {
        let at = *known.entry(labels.clone()).or_insert_with(|| {
            streams.push(OutStream { labels, lines: Vec::new() });
            streams.len() - 1
        });
        streams[at].lines.push(line);
    }
    streams.sort_by(|a, b| a.labels.cmp(&b.labels));
    streams
}

pub(super) fn run(
    store: &dyn LogQuerier,
    log: &LogExpr,
    range: NanosRange,
    limit: usize,
    direction: Direction,
    limits: &Limits,
    interrupt: &dyn Interrupt,
) -> Result<LogAnswer, EvalError> {
    let pipeline = Pipeline::compile(&log.stages)
        .map_err(|error| EvalError::Unsupported { message: error.to_string() })?;
    let hints = Hints::everything();
    let scan = LogScan {
        matchers: &log.matchers,
        range,
        order: match direction {
            Direction::Forward => ScanOrder::Forward,
            Direction::Backward => ScanOrder::Backward,
        },
        line_contains: pipeline.line_contains(),
        metadata_equals: pipeline.metadata_equals(),
    };
    let mut fields = Fields::default();
    let mut answer = LogAnswer::default();
    let mut failure = None;
    let (mut seen, mut bytes) = (0u64, 0u64);
    let mut plain: HashMap<u32, LabelSet> = HashMap::new();
    answer.stats = store.scan(&scan, &mut |row| {
        seen += 1;
        bytes += row.line.len() as u64;
        if seen % 1024 == 0 && interrupt.interrupted() {
            failure = Some(EvalError::Interrupted);
            return ControlFlow::Break(());
        }
        if limits.max_bytes > 0 && bytes > limits.max_bytes {
            failure = Some(EvalError::TooManyBytes { limit: limits.max_bytes });
            return ControlFlow::Break(());
        }
        if answer.lines.len() >= limit {
            return ControlFlow::Break(());
        }
        fields.reset(row.labels, row.metadata);
        let mut line = Line { t: row.t, text: Cow::Borrowed(row.line), fields: &mut fields, hints: &hints };
        if pipeline.run(&mut line) {
            let text = line.text.into_owned();
            let stream = if fields.has_whole_base() {
                plain.entry(row.stream).or_insert_with(|| fields.of_kind(Kind::Stream)).clone()
            } else {
                fields.of_kind(Kind::Stream)
            };
            let (metadata, parsed) = (fields.of_kind(Kind::Metadata), fields.of_kind(Kind::Parsed));
            answer.lines.push((stream, LogLine { t: row.t, line: text, metadata, parsed }));
        }
        if answer.lines.len() >= limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    failure.map_or(Ok(answer), Err)
}
