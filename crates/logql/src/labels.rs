//! Label sets of results. Unlike [`model::Labels`] they may hold empty values: a parser that finds `""` says so.

use std::fmt;
use std::sync::Arc;

type Pair = (Box<str>, Box<str>);

/// Sorted by name, names unique. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LabelSet(Arc<[Pair]>);

impl LabelSet {
    /// Takes pairs in any order; of a repeated name the first one stays.
    pub fn from_pairs<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut all: Vec<Pair> =
            pairs.into_iter().map(|(name, value)| (name.as_ref().into(), value.as_ref().into())).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all.dedup_by(|later, earlier| later.0 == earlier.0);
        Self(all.into())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| &**key == name).map(|(_, value)| &**value)
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> + Clone {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The labels that `keep` says yes to.
    pub fn filtered(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|(name, _)| keep(name)).cloned().collect())
    }

    /// A copy with one label set, or removed when the value is empty.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut all: Vec<Pair> = self.0.iter().filter(|(key, _)| &**key != name).cloned().collect();
        if !value.is_empty() {
            all.push((name.into(), value.into()));
            all.sort_by(|a, b| a.0.cmp(&b.0));
        }
        Self(all.into())
    }
}

impl Default for LabelSet {
    fn default() -> Self {
        Self(Arc::from([]))
    }
}

/// As Loki prints a stream: `{a="b", c="d"}`.
impl fmt::Display for LabelSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (at, (name, value)) in self.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{name}={}", crate::units::quote(value))?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for LabelSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
