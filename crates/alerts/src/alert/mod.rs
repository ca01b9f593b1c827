//! One alert, as it arrives and as it is kept.

use model::Labels;
use model::clock::Millis;

/// Most labels and annotations of an alert, and the longest value, in bytes: beyond that it is no alert but a document.
const MAX_PAIRS: usize = 200;
const MAX_VALUE: usize = 64 << 10;

/// An alert of `POST /api/v2/alerts`. Times in milliseconds since the epoch.
#[derive(Clone, Debug, Default)]
pub struct PostableAlert {
    pub labels: Vec<(String, String)>,
    pub annotations: Vec<(String, String)>,
    pub starts_at: Option<Millis>,
    pub ends_at: Option<Millis>,
    pub generator_url: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    pub labels: Labels,
    pub annotations: Labels,
    pub starts_at: Millis,
    pub ends_at: Millis,
    pub updated_at: Millis,
    pub generator_url: String,
    /// The end is only the time-out of a sender that gave none: a later end from a sender wins.
    pub timeout: bool,
}

impl Alert {
    /// Checks an alert that arrived at `now` and fills in the times that it lacks.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn from_postable(
        posted: PostableAlert,
        now: Millis,
        resolve_timeout: Millis,
    ) -> Result<Self, String> {
        for pairs in [&posted.labels, &posted.annotations] {
            if pairs.len() > MAX_PAIRS {
                return Err(format!(
                    "found {} labels or annotations, expected at most {MAX_PAIRS}",
                    pairs.len()
                ));
            }
            for (name, value) in pairs {
                if name.is_empty() {
                    return Err("invalid label name \"\"".to_owned());
                }
                if value.len() > MAX_VALUE {
                    return Err(format!(
                        "the value of {name:?} is {} bytes long, expected at most {MAX_VALUE}",
                        value.len()
                    ));
                }
            }
        }
        let labels = Labels::from_pairs(posted.labels);
        if labels.is_empty() {
            return Err("at least one label pair required".to_owned());
        }
        let starts_at = posted.starts_at.or(posted.ends_at.map(|end| end.min(now))).unwrap_or(now);
        let timeout = posted.ends_at.is_none();
        let ends_at = posted.ends_at.unwrap_or(now + resolve_timeout);
        if ends_at < starts_at {
            return Err("start time must be before end time".to_owned());
        }
        Ok(Self {
            labels,
            annotations: Labels::from_pairs(posted.annotations),
            starts_at,
            ends_at,
            updated_at: now,
            generator_url: posted.generator_url,
            timeout,
        })
    }

    pub fn fingerprint(&self) -> u64 {
        self.labels.fingerprint()
    }

    pub fn name(&self) -> &str {
        self.labels.value("alertname")
    }

    pub fn resolved_at(&self, now: Millis) -> bool {
        self.ends_at <= now
    }

    /// Joins two reports of one alert whose times overlap: the earliest start; of the ends a sender's own before a
    /// time-out's. Source: Alertmanager, `types.Alert.Merge`.
    pub fn merge(self, other: Self, now: Millis) -> Self {
        let (older, newer) = if other.updated_at < self.updated_at { (other, self) } else { (self, other) };
        let mut merged = newer.clone();
        merged.starts_at = merged.starts_at.min(older.starts_at);
        if newer.resolved_at(now) {
            if older.resolved_at(now) && older.ends_at > newer.ends_at {
                merged.ends_at = older.ends_at;
            }
        } else if older.ends_at > newer.ends_at && !older.timeout {
            merged.ends_at = older.ends_at;
        }
        merged
    }

    fn overlaps(&self, other: &Self) -> bool {
        (self.ends_at > other.starts_at && self.ends_at < other.ends_at)
            || (self.starts_at > other.starts_at && self.starts_at < other.ends_at)
            || self.starts_at == other.starts_at
    }

    /// What is kept when `new` arrives and `old` is there.
    pub fn replace(old: Option<&Self>, new: Self, now: Millis) -> Self {
        match old {
            Some(old) if new.overlaps(old) => old.clone().merge(new, now),
            _ => new,
        }
    }
}

#[cfg(test)]
mod tests;
