//! Runs scripts: loads into a store in memory, evaluates, and judges. Instant queries are run a second time as the middle
//! step of a range query, which has to give the same.

use super::compare::compare;
use super::memory::MemoryStore;
use super::notation::{SeriesLine, Slot};
use super::script::{Command, Eval, Note, Script, ScriptError, When};
use crate::ast::Type;
use crate::engine::{Engine, Never};
use crate::parse::parse;
use crate::value::{Answer, Value, VectorSample};
use model::Labels;
use model::clock::Millis;
use model::labels::METRIC_NAME;
use model::matcher::all_match;
use regex::Regex;

/// How far the steps of the second run lie apart.
const RERUN_STEP: Millis = 60_000;
/// Functions of the query's own times, which the second run changes.
const QUERY_TIMES: [&str; 4] = ["start()", "end()", "range()", "step()"];

pub type Verdict = Result<(), String>;

/// What became of one evaluation. Parts that a script says nothing of are `None`.
#[derive(Debug)]
pub struct Outcome {
    /// Of the script, from 1.
    pub line: usize,
    pub query: String,
    /// The answer, or that there is an error when the script expects one.
    pub values: Verdict,
    /// The answer of the second run.
    pub as_range: Option<Verdict>,
    /// Warnings and infos.
    pub notes: Option<Verdict>,
    /// The text of an expected error.
    pub error_text: Option<Verdict>,
    /// An error is what the script expects.
    pub expects_failure: bool,
    /// The evaluation needs native histograms; nothing was judged.
    pub skipped: bool,
}

impl Outcome {
    /// Everything the script says of the answer but annotations and error texts.
    pub fn answer(&self) -> Verdict {
        self.values.clone().and(self.as_range.clone().unwrap_or(Ok(())))
    }

    pub fn all(&self) -> Verdict {
        let notes = self.notes.clone().unwrap_or(Ok(()));
        self.answer().and(notes).and(self.error_text.clone().unwrap_or(Ok(())))
    }
}

/// # Errors
/// [`ScriptError`] when the script cannot be read. What the engine does wrong is in the outcomes.
pub fn run_script(text: &str, engine: &Engine) -> Result<Vec<Outcome>, ScriptError> {
    let mut runner = Runner { engine, store: MemoryStore::new(), native: Vec::new() };
    let mut outcomes = Vec::new();
    for command in Script::parse(text)?.commands {
        match command {
            Command::Clear => {
                runner.store = MemoryStore::new();
                runner.native.clear();
            }
            Command::Load { interval, series, with_native } => runner.load(interval, &series, with_native),
            Command::Eval(eval) => outcomes.push(runner.eval(&eval)),
        }
    }
    Ok(outcomes)
}

struct Runner<'a> {
    engine: &'a Engine,
    store: MemoryStore,
    /// Series of native histograms, which are not loaded.
    native: Vec<Labels>,
}

impl Runner<'_> {
    fn load(&mut self, interval: Millis, series: &[SeriesLine], with_native: bool) {
        for (place, line) in series.iter().enumerate() {
            // Of several lines for one series the last counts.
            if series[place + 1..].iter().any(|later| later.labels == line.labels) {
                continue;
            }
            if line.native {
                self.native.push(line.labels.clone());
            }
            let base = line.labels.metric_name().and_then(|name| name.strip_suffix("_bucket"));
            if let (true, Some(base)) = (with_native, base) {
                let mut builder = line.labels.to_builder();
                builder.set(METRIC_NAME, base).remove("le");
                self.native.push(builder.build());
            }
            for (at, slot) in line.slots.iter().enumerate() {
                if let Slot::Value(value) = slot {
                    self.store.add(&line.labels, at as Millis * interval, *value);
                }
            }
        }
    }

    /// Whether the evaluation touches native histograms.
    fn needs_native(&self, eval: &Eval) -> bool {
        if eval.expect.series.iter().any(|line| line.native) || eval.query.contains("{{") {
            return true;
        }
        match parse(&eval.query) {
            Ok(expr) => {
                expr.selectors().iter().any(|set| self.native.iter().any(|labels| all_match(set, labels)))
            }
            Err(_) => {
                self.native.iter().filter_map(Labels::metric_name).any(|name| eval.query.contains(name))
            }
        }
    }

    fn query(&self, query: &str, when: When) -> Result<Answer, String> {
        let expr = parse(query).map_err(|error| error.to_string())?;
        let answer = match when {
            When::Instant(t) => self.engine.instant(&self.store, &expr, t, &Never),
            When::Range { start, end, step } => {
                self.engine.range(&self.store, &expr, start, end, step, &Never)
            }
        };
        answer.map_err(|error| error.to_string())
    }

    fn eval(&self, eval: &Eval) -> Outcome {
        let mut outcome = Outcome {
            line: eval.line,
            query: eval.query.clone(),
            values: Ok(()),
            as_range: None,
            notes: None,
            error_text: None,
            expects_failure: eval.expect.fail.is_some(),
            skipped: self.needs_native(eval),
        };
        if outcome.skipped {
            return outcome;
        }
        let answer = match (self.query(&eval.query, eval.when), &eval.expect.fail) {
            (Ok(answer), None) => answer,
            (Err(error), None) => {
                outcome.values = Err(error);
                return outcome;
            }
            (Ok(_), Some(_)) => {
                outcome.values = Err("found an answer, expected an error".to_owned());
                return outcome;
            }
            (Err(error), Some(note)) => {
                let told = !matches!(note, Note::Any);
                outcome.error_text = told.then(|| match_note("error", &[error], note));
                return outcome;
            }
        };
        outcome.values = compare(eval, &answer.value);
        outcome.notes = judge_notes(eval, &answer);
        outcome.as_range = self.rerun(eval);
        outcome
    }

    /// Runs an instant query as the middle step of a range query.
    fn rerun(&self, eval: &Eval) -> Option<Verdict> {
        let When::Instant(t) = eval.when else { return None };
        let kind = parse(&eval.query).ok()?.kind();
        let fixed = QUERY_TIMES.iter().any(|name| eval.query.contains(name));
        if eval.expect.ordered || fixed || matches!(kind, Type::Matrix | Type::String) {
            return None;
        }
        let when = When::Range { start: t - RERUN_STEP, end: t + RERUN_STEP, step: RERUN_STEP };
        let answer = match self.query(&eval.query, when) {
            Ok(answer) => answer,
            Err(error) => return Some(Err(format!("as a range query: {error}"))),
        };
        let Value::Matrix(series) = answer.value else {
            return Some(Err("as a range query: found no matrix".to_owned()));
        };
        let samples: Vec<VectorSample> = series
            .into_iter()
            .filter_map(|series| {
                let sample = *series.samples.iter().find(|sample| sample.t == t)?;
                Some(VectorSample { labels: series.labels, sample })
            })
            .collect();
        let value = match (kind, samples.first()) {
            (Type::Scalar, Some(first)) => Value::Scalar(first.sample),
            _ => Value::Vector(samples),
        };
        Some(compare(eval, &value).map_err(|error| format!("as a range query: {error}")))
    }
}

fn match_note(what: &str, found: &[String], note: &Note) -> Verdict {
    let met = match note {
        Note::Any => !found.is_empty(),
        Note::Exact(text) => found.contains(text),
        Note::Regex(pattern) => {
            let regex = Regex::new(pattern).map_err(|error| format!("bad pattern in the script: {error}"))?;
            found.iter().any(|text| regex.is_match(text))
        }
    };
    if met { Ok(()) } else { Err(format!("found {what} {found:?}, expected {note:?}")) }
}

fn judge_notes(eval: &Eval, answer: &Answer) -> Option<Verdict> {
    let expect = &eval.expect;
    if !expect.no_warn && !expect.no_info && expect.warn.is_empty() && expect.info.is_empty() {
        return None;
    }
    let judge = || {
        for (what, found, wanted, none) in [
            ("warnings", &answer.warnings, &expect.warn, expect.no_warn),
            ("infos", &answer.infos, &expect.info, expect.no_info),
        ] {
            if none && !found.is_empty() {
                return Err(format!("found {what} {found:?}, expected none"));
            }
            for note in wanted {
                match_note(what, found, note)?;
            }
        }
        Ok(())
    };
    Some(judge())
}
