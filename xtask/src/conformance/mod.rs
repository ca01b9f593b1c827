//! `cargo xtask conformance LANGUAGE DIR --min N`: runs a corpus and says where an engine stands.
//!
//! One module a language; each turns the files of a folder into a [`Report`]. The exit code is 0 when at least `--min`
//! per cent of the cases passed.

mod logql;
mod promql;
mod traceql;

use anyhow::{Result, bail};
use clap::ValueEnum;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    language: Language,
    /// The folder that holds the corpus
    dir: PathBuf,
    /// The share of cases, in per cent, that has to pass
    #[arg(long, default_value_t = 99.0)]
    min: f64,
    /// PromQL only: compare with the Prometheus at this address, such as http://localhost:9090
    #[arg(long)]
    against: Option<String>,
    /// How many failures are printed in full
    #[arg(long, default_value_t = 20)]
    show: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum Language {
    Promql,
    Logql,
    Traceql,
}

/// What became of the cases of one corpus.
#[derive(Debug, Default)]
pub struct Report {
    pub passed: usize,
    /// Cases that need something the corpus itself marks as out of scope; they do not count either way.
    pub skipped: usize,
    pub failures: Vec<Failure>,
}

/// One case that did not give what the corpus expects.
#[derive(Debug)]
pub struct Failure {
    /// File and line, or the case's name.
    pub case: String,
    /// What was found and what was expected.
    pub reason: String,
}

impl Report {
    pub fn fail(&mut self, case: impl Into<String>, reason: impl Into<String>) {
        self.failures.push(Failure { case: case.into(), reason: reason.into() });
    }

    /// Counts a case by its outcome.
    pub fn record(&mut self, case: impl Into<String>, outcome: Result<(), String>) {
        match outcome {
            Ok(()) => self.passed += 1,
            Err(reason) => self.fail(case, reason),
        }
    }

    fn share(&self) -> f64 {
        let total = self.passed + self.failures.len();
        if total == 0 { 0.0 } else { 100.0 * self.passed as f64 / total as f64 }
    }
}

pub fn run(args: &Args) -> Result<ExitCode> {
    if !args.dir.is_dir() {
        bail!("{} is not a folder", args.dir.display());
    }
    let engine: fn(&Path) -> Result<Report> = match args.language {
        Language::Promql => promql::run,
        Language::Logql => logql::run,
        Language::Traceql => traceql::run,
    };
    let report = match (&args.against, args.language) {
        (Some(url), Language::Promql) => promql::run_against(&args.dir, url)?,
        (Some(_), _) => bail!("--against is for promql only"),
        (None, _) => engine(&args.dir)?,
    };
    let total = report.passed + report.failures.len();
    for failure in report.failures.iter().take(args.show) {
        println!("FAIL {}\n     {}", failure.case, failure.reason.replace('\n', "\n     "));
    }
    if report.failures.len() > args.show {
        println!("… and {} more failures (--show N prints more)", report.failures.len() - args.show);
    }
    println!(
        "passed {} of {total} cases ({:.2} %), {} skipped, required {:.2} %",
        report.passed,
        report.share(),
        report.skipped,
        args.min
    );
    if total == 0 {
        bail!("no cases found in {}", args.dir.display());
    }
    Ok(if report.share() >= args.min { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
