//! Silences: made, changed, expired, kept on disk. Source: Alertmanager's documentation, "Silences", and its API.

use crate::AlertsError;
use crate::state::State;
use model::clock::Millis;
use model::{Labels, MatchOp, Matcher, matcher::all_match};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How long an expired silence stays visible (Alertmanager's `--data.retention`, 120 h).
const KEEP_EXPIRED: Millis = 120 * 3_600_000;
/// Most silences at a time, expired ones included.
const MAX_SILENCES: usize = 10_000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SilenceMatcher {
    pub name: String,
    pub value: String,
    pub is_regex: bool,
    #[serde(default = "yes")]
    pub is_equal: bool,
}

fn yes() -> bool {
    true
}

impl SilenceMatcher {
    pub fn compile(&self) -> Result<Matcher, String> {
        let op = match (self.is_regex, self.is_equal) {
            (false, true) => MatchOp::Equal,
            (false, false) => MatchOp::NotEqual,
            (true, true) => MatchOp::Regex,
            (true, false) => MatchOp::NotRegex,
        };
        Matcher::new(&*self.name, op, &*self.value).map_err(|error| error.to_string())
    }
}

/// A silence as it is kept. Times in milliseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    pub id: String,
    pub matchers: Vec<SilenceMatcher>,
    pub starts_at: Millis,
    pub ends_at: Millis,
    pub updated_at: Millis,
    pub created_by: String,
    pub comment: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SilenceState {
    Active,
    Pending,
    Expired,
}

impl SilenceState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pending => "pending",
            Self::Expired => "expired",
        }
    }
}

impl Silence {
    pub fn state(&self, now: Millis) -> SilenceState {
        if now < self.starts_at {
            SilenceState::Pending
        } else if now < self.ends_at {
            SilenceState::Active
        } else {
            SilenceState::Expired
        }
    }

    /// # Errors
    /// What is wrong with it, in Alertmanager's words where it has some.
    fn check(&self, now: Millis) -> Result<Vec<Matcher>, SilenceError> {
        let invalid = |message: String| Err(SilenceError::Invalid(message));
        if self.matchers.is_empty() {
            return invalid("silence invalid: at least one matcher required".to_owned());
        }
        let mut compiled = Vec::new();
        for (at, matcher) in self.matchers.iter().enumerate() {
            if matcher.name.is_empty() {
                return invalid(format!(
                    "silence invalid: invalid label matcher {at}: invalid label name \"\""
                ));
            }
            let matcher = matcher.compile();
            compiled.push(matcher.map_err(|error| {
                SilenceError::Invalid(format!("silence invalid: invalid label matcher {at}: {error}"))
            })?);
        }
        if compiled.iter().all(Matcher::matches_empty) {
            return invalid(
                "silence invalid: at least one matcher must not match the empty string".to_owned(),
            );
        }
        if self.ends_at <= self.starts_at {
            return invalid("start time must be before end time".to_owned());
        }
        if self.ends_at < now {
            return invalid("end time can't be in the past".to_owned());
        }
        Ok(compiled)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SilenceError {
    #[error("{0}")]
    Invalid(String),
    #[error("silence {0} not found")]
    NotFound(String),
    #[error("silence {0} already expired")]
    AlreadyExpired(String),
    #[error(transparent)]
    State(#[from] AlertsError),
}

struct Kept {
    silence: Silence,
    matchers: Vec<Matcher>,
}

pub struct Silences {
    state: Arc<State>,
    kept: BTreeMap<String, Kept>,
}

impl Silences {
    /// Reads the silences that were kept.
    pub fn load(state: Arc<State>) -> Result<Self, AlertsError> {
        let mut kept = BTreeMap::new();
        for silence in state.silences()? {
            let matchers =
                silence.matchers.iter().map(SilenceMatcher::compile).collect::<Result<Vec<_>, _>>();
            match matchers {
                Ok(matchers) => drop(kept.insert(silence.id.clone(), Kept { silence, matchers })),
                Err(error) => tracing::warn!(id = silence.id, error, "left out a silence"),
            }
        }
        Ok(Self { state, kept })
    }

    fn keep(&mut self, silence: Silence, matchers: Vec<Matcher>) -> Result<(), AlertsError> {
        self.state.put_silence(&silence)?;
        self.kept.insert(silence.id.clone(), Kept { silence, matchers });
        Ok(())
    }

    /// Makes a silence, or changes the one whose id it carries: a change that would rewrite history expires the old one and
    /// makes a new one. Returns the id that holds now.
    ///
    /// # Errors
    /// [`SilenceError`] when it is not valid, its id is not known or the disk refuses.
    pub fn set(&mut self, mut silence: Silence, now: Millis, new_id: String) -> Result<String, SilenceError> {
        let matchers = silence.check(now)?;
        silence.updated_at = now;
        if !silence.id.is_empty() {
            let Some(previous) = self.kept.get(&silence.id) else {
                return Err(SilenceError::NotFound(silence.id));
            };
            if can_update(&previous.silence, &silence, now) {
                let id = silence.id.clone();
                self.keep(silence, matchers)?;
                return Ok(id);
            }
            if previous.silence.state(now) != SilenceState::Expired {
                let id = silence.id.clone();
                self.expire(&id, now)?;
            }
        }
        if self.kept.len() >= MAX_SILENCES {
            return Err(SilenceError::Invalid(format!(
                "exceeded maximum number of silences: {MAX_SILENCES}"
            )));
        }
        silence.id = new_id.clone();
        silence.starts_at = silence.starts_at.max(now);
        self.keep(silence, matchers)?;
        Ok(new_id)
    }

    /// # Errors
    /// [`SilenceError`] when the id is not known or the silence is over already.
    pub fn expire(&mut self, id: &str, now: Millis) -> Result<(), SilenceError> {
        let kept = self.kept.get(id).ok_or_else(|| SilenceError::NotFound(id.to_owned()))?;
        let (mut silence, matchers) = (kept.silence.clone(), kept.matchers.clone());
        match silence.state(now) {
            SilenceState::Expired => return Err(SilenceError::AlreadyExpired(id.to_owned())),
            SilenceState::Active => silence.ends_at = now,
            SilenceState::Pending => (silence.starts_at, silence.ends_at) = (now, now),
        }
        silence.updated_at = now;
        self.keep(silence, matchers)?;
        Ok(())
    }

    pub fn get(&self, id: &str) -> Option<&Silence> {
        self.kept.get(id).map(|kept| &kept.silence)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Silence, &[Matcher])> {
        self.kept.values().map(|kept| (&kept.silence, kept.matchers.as_slice()))
    }

    /// Ids of the active silences that match.
    pub fn silencing(&self, labels: &Labels, now: Millis) -> Vec<String> {
        let active = self.kept.values().filter(|kept| kept.silence.state(now) == SilenceState::Active);
        active.filter(|kept| all_match(&kept.matchers, labels)).map(|kept| kept.silence.id.clone()).collect()
    }

    pub fn collect_garbage(&mut self, now: Millis) -> Result<(), AlertsError> {
        let old = self.kept.values().filter(|kept| kept.silence.ends_at + KEEP_EXPIRED < now);
        let old: Vec<String> = old.map(|kept| kept.silence.id.clone()).collect();
        self.state.remove_silences(&old)?;
        for id in old {
            self.kept.remove(&id);
        }
        Ok(())
    }
}

/// Whether `next` may take the place of `previous` under its id.
fn can_update(previous: &Silence, next: &Silence, now: Millis) -> bool {
    let same_second = |a: Millis, b: Millis| a.div_euclid(1000) == b.div_euclid(1000);
    previous.matchers == next.matchers
        && match previous.state(now) {
            SilenceState::Active => same_second(previous.starts_at, next.starts_at) && next.ends_at >= now,
            SilenceState::Pending => next.starts_at >= now,
            SilenceState::Expired => false,
        }
}

#[cfg(test)]
mod tests;
