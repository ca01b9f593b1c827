//! Lines of a tail on their way out: the pipeline of the query on what was pushed.

use logql::pipeline::fields::{Fields, Kind};
use logql::pipeline::hints::Hints;
use logql::pipeline::{Line, Pipeline};
use logql::{LabelSet, LogLine, OutStream};
use model::Labels;
use model::logs::LogEntry;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Runs pushed lines through the stages and groups what passes.
pub fn passing(pipeline: &Pipeline, lines: &[(Labels, LogEntry)], categorized: bool) -> Vec<OutStream> {
    let hints = Hints::everything();
    let mut fields = Fields::default();
    let mut streams: BTreeMap<LabelSet, Vec<LogLine>> = BTreeMap::new();
    for (labels, entry) in lines {
        let metadata: Vec<_> =
            entry.metadata.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        fields.reset(labels, &metadata);
        let mut line =
            Line { t: entry.t, text: Cow::Borrowed(&entry.line), fields: &mut fields, hints: &hints };
        if !pipeline.run(&mut line) {
            continue;
        }
        let text = line.text.into_owned();
        let stream = if categorized { fields.of_kind(Kind::Stream) } else { fields.label_set() };
        let (metadata, parsed) = (fields.of_kind(Kind::Metadata), fields.of_kind(Kind::Parsed));
        streams.entry(stream).or_default().push(LogLine { t: entry.t, line: text, metadata, parsed });
    }
    streams.into_iter().map(|(labels, lines)| OutStream { labels, lines }).collect()
}
