//! Reads scripts: `clear`, `load INTERVAL`, `eval instant at T QUERY`, `eval range from A to B step S QUERY`, and what is
//! expected of an evaluation. A block ends at an empty line or a comment.

use super::notation::{SeriesLine, parse_series};
use model::clock::Millis;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct ScriptError {
    pub line: usize,
    pub message: String,
}

#[derive(Debug, Default)]
pub struct Script {
    pub commands: Vec<Command>,
}

#[derive(Debug)]
pub enum Command {
    Clear,
    Load {
        /// Milliseconds between the values.
        interval: Millis,
        series: Vec<SeriesLine>,
        /// Classic histograms become native ones with custom buckets as well.
        with_native: bool,
    },
    Eval(Box<Eval>),
}

#[derive(Debug)]
pub struct Eval {
    /// Of the script, from 1.
    pub line: usize,
    pub query: String,
    pub when: When,
    pub expect: Expectations,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Instant(Millis),
    Range { start: Millis, end: Millis, step: Millis },
}

/// How an annotation or error is recognised.
#[derive(Clone, Debug)]
pub enum Note {
    Any,
    Exact(String),
    Regex(String),
}

#[derive(Debug, Default)]
pub struct Expectations {
    pub ordered: bool,
    pub fail: Option<Note>,
    pub warn: Vec<Note>,
    pub info: Vec<Note>,
    pub no_warn: bool,
    pub no_info: bool,
    pub text: Option<String>,
    pub scalar: Option<f64>,
    pub series: Vec<SeriesLine>,
    /// The answer is a range vector: the time of the first expected value and the step between them.
    pub matrix: Option<(Millis, Millis)>,
}

impl Script {
    /// # Errors
    /// [`ScriptError`] with the line and what is wrong there.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let lines: Vec<&str> =
            lines.into_iter().map(|line| if line.starts_with('#') { "" } else { line }).collect();
        let mut script = Self::default();
        let mut at = 0;
        while at < lines.len() {
            let (line, number) = (lines[at], at + 1);
            at += 1;
            if line.is_empty() {
                continue;
            }
            let fail = |message: String| ScriptError { line: number, message };
            let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            let block = lines[at..].iter().take_while(|line| !line.is_empty());
            match word {
                "clear" => script.commands.push(Command::Clear),
                "load" | "load_with_nhcb" => {
                    let interval = rest.split_whitespace().next().unwrap_or("");
                    let interval = millis(interval).map_err(fail)?;
                    let mut series = Vec::new();
                    for line in block {
                        at += 1;
                        // Start timestamps of counters are no part of what is tested here.
                        if line.contains("@st ") {
                            continue;
                        }
                        let parsed =
                            parse_series(line).map_err(|message| ScriptError { line: at, message })?;
                        series.push(parsed);
                    }
                    let with_native = word == "load_with_nhcb";
                    script.commands.push(Command::Load { interval, series, with_native });
                }
                _ if word.starts_with("eval") => {
                    let mut eval = head(word, rest, number).map_err(fail)?;
                    for line in block {
                        at += 1;
                        eval.expect.read(line).map_err(|message| ScriptError { line: at, message })?;
                    }
                    script.commands.push(Command::Eval(Box::new(eval)));
                }
                _ => return Err(fail(format!("found {word:?}, expected clear, load or eval"))),
            }
        }
        Ok(script)
    }
}

/// A duration, possibly negative, in milliseconds.
fn millis(text: &str) -> Result<Millis, String> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let duration = model::duration::parse_duration(text).map_err(|error| error.to_string())?;
    Ok(sign * Millis::try_from(duration.as_millis()).map_err(|error| error.to_string())?)
}

/// `instant at T QUERY` or `range from A to B step S QUERY`.
fn head(word: &str, rest: &str, line: usize) -> Result<Eval, String> {
    let mut expect = Expectations::default();
    match word {
        "eval" => {}
        "eval_fail" => expect.fail = Some(Note::Any),
        "eval_warn" => expect.warn.push(Note::Any),
        "eval_info" => expect.info.push(Note::Any),
        "eval_ordered" => expect.ordered = true,
        _ => return Err(format!("found {word:?}, expected eval")),
    }
    let mut words = Words(rest.trim());
    let kind = words.next()?;
    let when = match kind {
        "instant" => When::Instant(words.after("at")?),
        "range" => {
            When::Range { start: words.after("from")?, end: words.after("to")?, step: words.after("step")? }
        }
        _ => return Err(format!("found {kind:?}, expected instant or range")),
    };
    Ok(Eval { line, query: words.0.to_owned(), when, expect })
}

/// The words of a line, from left to right.
struct Words<'a>(&'a str);

impl<'a> Words<'a> {
    fn next(&mut self) -> Result<&'a str, String> {
        let (word, rest) =
            self.0.split_once(char::is_whitespace).ok_or("found the end of the line too early")?;
        self.0 = rest.trim_start();
        Ok(word)
    }

    /// The time after a keyword.
    fn after(&mut self, keyword: &str) -> Result<Millis, String> {
        let found = self.next()?;
        if found == keyword {
            millis(self.next()?)
        } else {
            Err(format!("found {found:?}, expected {keyword:?}"))
        }
    }
}

fn note(rest: &str) -> Note {
    let rest = rest.trim();
    if let Some(text) = rest.strip_prefix("msg:") {
        Note::Exact(text.trim().to_owned())
    } else if let Some(pattern) = rest.strip_prefix("regex:") {
        Note::Regex(pattern.trim().to_owned())
    } else {
        Note::Any
    }
}

impl Expectations {
    /// Takes one line below an `eval`.
    fn read(&mut self, line: &str) -> Result<(), String> {
        for (prefix, regex) in [("expected_fail_message", false), ("expected_fail_regexp", true)] {
            if let Some(text) = line.strip_prefix(prefix) {
                let text = text.trim().to_owned();
                self.fail = Some(if regex { Note::Regex(text) } else { Note::Exact(text) });
                return Ok(());
            }
        }
        if let Some(rest) = line.strip_prefix("expect ") {
            return self.read_expect(rest.trim());
        }
        if let Ok(value) = line.parse::<f64>() {
            self.scalar = Some(value);
            return Ok(());
        }
        self.series.push(parse_series(line)?);
        Ok(())
    }

    fn read_expect(&mut self, text: &str) -> Result<(), String> {
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        match word {
            "ordered" => self.ordered = true,
            "fail" => self.fail = Some(note(rest)),
            "warn" => self.warn.push(note(rest)),
            "info" => self.info.push(note(rest)),
            "no_warn" => self.no_warn = true,
            "no_info" => self.no_info = true,
            "string" => {
                let text = crate::parse(rest.trim()).map_err(|error| error.to_string())?;
                self.text = text.literal_text().map(str::to_owned);
            }
            "range" => {
                let text = rest.trim().strip_prefix("vector").unwrap_or(rest).trim();
                // The last word has no blank after it.
                let text = format!("{text} ");
                let mut words = Words(&text);
                let start = words.after("from")?;
                words.after("to")?;
                self.matrix = Some((start, words.after("step")?));
            }
            _ => {
                return Err(format!(
                    "found expect {word:?}, expected fail, warn, info, no_warn, no_info, ordered, string or range vector"
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
