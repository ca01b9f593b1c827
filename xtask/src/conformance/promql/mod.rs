//! PromQL: runs the scripts of a folder (`*.test`) against the engine.
//!
//! Two counts: answers (values, also as a range query; these decide), and what is said beside them (warnings, infos,
//! expected errors). Evaluations of native histograms are skipped.

mod against;

pub use against::run as run_against;

use super::Report;
use anyhow::{Context, Result};
use promql::testing::{Outcome, run_script};
use promql::{Engine, Limits};
use std::path::{Path, PathBuf};

/// Files of features that upstream calls experimental. They are run and shown but do not decide.
const EXPERIMENTAL: [&str; 8] = [
    "duration_expression",
    "extended_vectors",
    "fill-modifier",
    "info",
    "limit",
    "native_histograms",
    "start_timestamps",
    "type_and_unit",
];

#[derive(Default)]
struct Counts {
    answers: (usize, usize),
    as_range: (usize, usize),
    failures: (usize, usize),
    notes: (usize, usize),
    texts: (usize, usize),
    skipped: usize,
}

impl Counts {
    fn add(&mut self, outcome: &Outcome) {
        let count = |slot: &mut (usize, usize), ok: bool| {
            slot.0 += usize::from(ok);
            slot.1 += 1;
        };
        if outcome.skipped {
            self.skipped += 1;
            return;
        }
        if outcome.expects_failure {
            count(&mut self.failures, outcome.values.is_ok());
        } else {
            count(&mut self.answers, outcome.values.is_ok());
        }
        for (slot, verdict) in [
            (&mut self.as_range, &outcome.as_range),
            (&mut self.notes, &outcome.notes),
            (&mut self.texts, &outcome.error_text),
        ] {
            if let Some(verdict) = verdict {
                count(slot, verdict.is_ok());
            }
        }
    }

    fn print(&self, name: &str) {
        let pair = |(passed, total): (usize, usize)| format!("{passed}/{total}");
        println!(
            "{name:<24} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
            pair(self.answers),
            pair(self.as_range),
            pair(self.failures),
            pair(self.texts),
            pair(self.notes),
            self.skipped
        );
    }

    fn sum(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.answers, other.answers),
            (&mut self.as_range, other.as_range),
            (&mut self.failures, other.failures),
            (&mut self.notes, other.notes),
            (&mut self.texts, other.texts),
        ] {
            mine.0 += theirs.0;
            mine.1 += theirs.1;
        }
        self.skipped += other.skipped;
    }
}

/// Runs every script found in `dir`.
pub fn run(dir: &Path) -> Result<Report> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir)
        .with_context(|| format!("cannot read {}", dir.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "test"))
        .collect();
    files.sort();
    let engine = Engine::new(Limits::default());
    let mut report = Report::default();
    let mut total = Counts::default();
    println!(
        "{:<24} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "file", "answers", "as range", "errors", "texts", "notes", "skipped"
    );
    for path in files {
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let experimental = EXPERIMENTAL.contains(&name.as_str());
        let outcomes = match run_script(&text, &engine) {
            Ok(outcomes) => outcomes,
            Err(error) if experimental => {
                println!("{name} (exp.): cannot be read: {error}");
                continue;
            }
            Err(error) => {
                report.record(format!("{name}.test"), Err(error.to_string()));
                continue;
            }
        };
        let mut counts = Counts::default();
        for outcome in &outcomes {
            counts.add(outcome);
            let case = format!("{name}.test:{} {}", outcome.line, outcome.query);
            match (outcome.skipped, experimental) {
                (true, _) => report.skipped += 1,
                (false, true) => {}
                (false, false) => report.record(case, outcome.all()),
            }
        }
        counts.print(&if experimental { format!("{name} (exp.)") } else { name });
        if !experimental {
            total.sum(&counts);
        }
    }
    total.print("CORE");
    Ok(report)
}
