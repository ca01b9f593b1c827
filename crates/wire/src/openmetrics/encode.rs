//! Writes a page: what the stack says of itself.

use super::Format;
use super::number::{go_general, open_metrics};
use model::metrics::{Exemplar, MetricType};
use std::fmt::Write;

/// Writes families one after the other. Names and label names are constants of the caller and go out as they are; values are
/// escaped.
#[derive(Debug)]
pub struct Encoder {
    out: String,
    format: Format,
    family: String,
    kind: MetricType,
}

impl Encoder {
    pub fn new(format: Format) -> Self {
        Self { out: String::new(), format, family: String::new(), kind: MetricType::Unknown }
    }

    /// Begins a family. A counter's name comes without `_total`, which its samples get.
    pub fn family(&mut self, name: &str, kind: MetricType, help: &str) -> &mut Self {
        name.clone_into(&mut self.family);
        self.kind = kind;
        let shown = match (self.format, kind) {
            (Format::Text, MetricType::Counter) => format!("{name}_total"),
            _ => name.to_owned(),
        };
        let word = match (self.format, kind) {
            (Format::Text, MetricType::Unknown) => "untyped",
            (Format::Text, MetricType::Info | MetricType::StateSet) => "gauge",
            (Format::Text, MetricType::GaugeHistogram) => "histogram",
            _ => kind.as_str(),
        };
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        let help = if self.format == Format::OpenMetrics { help.replace('"', "\\\"") } else { help };
        // Writing to a String cannot fail; the same below.
        let _ = write!(self.out, "# TYPE {shown} {word}\n# HELP {shown} {help}\n");
        self
    }

    /// A sample of the family: counters get `_total`.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: f64) -> &mut Self {
        let suffix = if self.kind == MetricType::Counter { "_total" } else { "" };
        self.sample_with(suffix, labels, value, None)
    }

    /// A sample with a suffix of the caller's (`_bucket`, `_sum`, `_count`, `_info`), and perhaps an exemplar.
    pub fn sample_with(
        &mut self,
        suffix: &str,
        labels: &[(&str, &str)],
        value: f64,
        exemplar: Option<&Exemplar>,
    ) -> &mut Self {
        self.out.push_str(&self.family);
        self.out.push_str(suffix);
        if !labels.is_empty() {
            self.labels(labels.iter().copied());
        }
        let text = if self.format == Format::OpenMetrics { open_metrics(value) } else { go_general(value) };
        self.out.push(' ');
        self.out.push_str(&text);
        if let (Format::OpenMetrics, Some(exemplar)) = (self.format, exemplar) {
            self.out.push_str(" # ");
            self.labels(exemplar.labels.iter());
            let _ = write!(self.out, " {} {}", open_metrics(exemplar.value), exemplar.t as f64 / 1000.0);
        }
        self.out.push('\n');
        self
    }

    fn labels<'a>(&mut self, labels: impl Iterator<Item = (&'a str, &'a str)>) {
        self.out.push('{');
        for (index, (name, value)) in labels.enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            self.out.push_str(name);
            self.out.push_str("=\"");
            for c in value.chars() {
                match c {
                    '\\' => self.out.push_str("\\\\"),
                    '"' => self.out.push_str("\\\""),
                    '\n' => self.out.push_str("\\n"),
                    other => self.out.push(other),
                }
            }
            self.out.push('"');
        }
        self.out.push('}');
    }

    /// The page.
    pub fn finish(mut self) -> String {
        if self.format == Format::OpenMetrics {
            self.out.push_str("# EOF\n");
        }
        self.out
    }
}
