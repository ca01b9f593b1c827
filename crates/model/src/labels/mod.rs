//! Label sets: sorted by name, names unique, no empty values. Cheap to clone.

use std::fmt;
use std::sync::Arc;

/// The label that holds a series' metric name.
pub const METRIC_NAME: &str = "__name__";

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label {
    pub name: Arc<str>,
    pub value: Arc<str>,
}

/// An immutable label set. A label with an empty value is the same as no label, so none is kept.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Labels(Arc<[Label]>);

impl Default for Labels {
    fn default() -> Self {
        Self(Arc::from([]))
    }
}

impl Labels {
    pub fn empty() -> Self {
        Self::default()
    }

    /// Builds a set from pairs in any order; of a repeated name the last value wins.
    pub fn from_pairs<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut builder = LabelsBuilder::default();
        for (name, value) in pairs {
            builder.set(name.as_ref(), value.as_ref());
        }
        builder.build()
    }

    /// Takes labels that are already sorted by name, unique and without empty values (a store's own).
    pub fn from_sorted(labels: Vec<Label>) -> Self {
        debug_assert!(labels.windows(2).all(|pair| pair[0].name < pair[1].name));
        debug_assert!(labels.iter().all(|label| !label.value.is_empty()));
        Self(labels.into())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        // Label sets are short: a linear scan beats a binary search up to a dozen labels.
        self.0.iter().find(|label| &*label.name == name).map(|label| &*label.value)
    }

    /// The value of `name`, or the empty string: how matchers and grouping see an absent label.
    pub fn value(&self, name: &str) -> &str {
        self.get(name).unwrap_or("")
    }

    pub fn metric_name(&self) -> Option<&str> {
        self.get(METRIC_NAME)
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> + Clone {
        self.0.iter().map(|label| (&*label.name, &*label.value))
    }

    pub fn as_slice(&self) -> &[Label] {
        &self.0
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn to_builder(&self) -> LabelsBuilder {
        LabelsBuilder { labels: self.0.to_vec() }
    }

    pub fn without_name(&self) -> Self {
        if self.get(METRIC_NAME).is_none() {
            return self.clone();
        }
        Self(self.0.iter().filter(|label| &*label.name != METRIC_NAME).cloned().collect())
    }

    /// A hash that is the same in every process and on every machine (64-bit FNV-1a over `name \xff value \xff`), fit
    /// for files and for Alertmanager's fingerprints. Source: prometheus/common, model/signature.
    pub fn fingerprint(&self) -> u64 {
        const OFFSET: u64 = 14_695_981_039_346_656_037;
        const PRIME: u64 = 1_099_511_628_211;
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(PRIME);
        let mut hash = OFFSET;
        for label in self.0.iter() {
            for part in [&label.name, &label.value] {
                hash = part.bytes().fold(hash, step);
                hash = step(hash, 0xff);
            }
        }
        hash
    }
}

/// As Prometheus prints a series: `name{a="b", c="d"}`, values quoted with Go's escapes for `\`, `"` and control characters.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.metric_name();
        f.write_str(name.unwrap_or(""))?;
        let mut rest = self.iter().filter(|(key, _)| *key != METRIC_NAME).peekable();
        if rest.peek().is_none() && name.is_some() {
            return Ok(());
        }
        f.write_str("{")?;
        let mut first = true;
        for (key, value) in rest {
            if !first {
                f.write_str(", ")?;
            }
            first = false;
            write!(f, "{key}={value:?}")?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Labels {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// Changes labels and makes a set of them. Setting an empty value removes the label.
#[derive(Clone, Debug, Default)]
pub struct LabelsBuilder {
    /// Sorted by name at all times.
    labels: Vec<Label>,
}

impl LabelsBuilder {
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        if value.is_empty() {
            return self.remove(name);
        }
        match self.labels.binary_search_by(|label| (*label.name).cmp(name)) {
            Ok(at) => self.labels[at].value = value.into(),
            Err(at) => self.labels.insert(at, Label { name: name.into(), value: value.into() }),
        }
        self
    }

    pub fn remove(&mut self, name: &str) -> &mut Self {
        if let Ok(at) = self.labels.binary_search_by(|label| (*label.name).cmp(name)) {
            self.labels.remove(at);
        }
        self
    }

    pub fn retain(&mut self, mut keep: impl FnMut(&str, &str) -> bool) -> &mut Self {
        self.labels.retain(|label| keep(&label.name, &label.value));
        self
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|label| &*label.name == name).map(|label| &*label.value)
    }

    pub fn build(self) -> Labels {
        Labels(self.labels.into())
    }
}

#[cfg(test)]
mod tests;
