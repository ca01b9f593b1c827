//! A mapping that is read key by key against the list of keys it may have.

use super::{Entry, Node, Place, Value};
use crate::error::{At, ConfigError, Warning};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The keys of one mapping of an upstream file.
#[derive(Debug)]
pub struct Shape {
    /// Where the mapping stands, as a reader of the file would say it: `scrape_configs[].static_configs[]`.
    pub path: &'static str,
    /// Keys that are read and obeyed.
    pub keys: &'static [&'static str],
    /// Keys that are accepted and change nothing, most of them because they steer what one process does not have (rings,
    /// replication, ports that the name table gives). A reader may read and check them all the same.
    pub no_effect: &'static [&'static str],
    /// Keys that upstream knows and the embedded stack leaves out: a warning.
    pub unsupported: &'static [&'static str],
}

/// What reading a file needs besides the file: its name, and a place for warnings.
#[derive(Debug)]
pub struct Context {
    file: Arc<str>,
    warnings: RefCell<Vec<Warning>>,
}

/// A value that can be read from a node.
pub trait FromNode: Sized {
    /// # Errors
    /// [`ConfigError`] with the node's position, what was found and what was expected.
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError>;
}

impl Context {
    pub fn new(file: &str) -> Self {
        Self { file: Arc::from(file), warnings: RefCell::default() }
    }

    pub fn at(&self, place: Place) -> At {
        At { file: Arc::clone(&self.file), place }
    }

    pub fn warn(&self, place: Place, message: impl Into<String>) {
        self.warnings.borrow_mut().push(Warning { at: self.at(place), message: message.into() });
    }

    pub fn into_warnings(self) -> Vec<Warning> {
        self.warnings.into_inner()
    }

    pub fn invalid(&self, place: Place, reason: impl Into<String>) -> ConfigError {
        ConfigError::Invalid { at: self.at(place), reason: reason.into() }
    }

    pub fn wrong_type(&self, node: &Node, expected: &str) -> ConfigError {
        ConfigError::WrongType { at: self.at(node.at), found: node.describe(), expected: expected.to_owned() }
    }

    /// Chooses one of a list of words.
    pub fn word<T: Copy>(&self, node: &Node, words: &[(&str, T)]) -> Result<T, ConfigError> {
        let text = String::from_node(node, self)?;
        words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.wrong_type(node, &format!("one of {}", known.join(", ")))
        })
    }
}

/// A mapping whose keys have been checked against its shape.
pub struct Section<'a> {
    pub ctx: &'a Context,
    pub at: Place,
    shape: &'static Shape,
    entries: &'a [Entry],
}

impl<'a> Section<'a> {
    /// Nothing at all (`global:` with nothing behind it) is an empty mapping.
    ///
    /// # Errors
    /// When the node is no mapping or has a key that nobody knows.
    pub fn open(node: &'a Node, shape: &'static Shape, ctx: &'a Context) -> Result<Self, ConfigError> {
        let entries: &[Entry] = match &node.value {
            Value::Map(entries) => entries,
            Value::Null => &[],
            _ => return Err(ctx.wrong_type(node, &format!("the mapping {}", shape.path))),
        };
        for entry in entries {
            let key = entry.key.as_str();
            if shape.keys.contains(&key) || shape.no_effect.contains(&key) {
                continue;
            }
            if shape.unsupported.contains(&key) {
                ctx.warn(
                    entry.at,
                    format!("{key:?} in {} is not supported by the embedded stack and left out", shape.path),
                );
                continue;
            }
            return Err(ConfigError::UnknownKey {
                at: ctx.at(entry.at),
                key: key.to_owned(),
                section: shape.path.to_owned(),
                nearest: nearest(key, shape.all_keys()).map(str::to_owned),
            });
        }
        Ok(Self { ctx, at: node.at, shape, entries })
    }

    /// The node under `key`; an explicit null counts as absent.
    pub fn node(&self, key: &str) -> Option<&'a Node> {
        debug_assert!(
            self.shape.keys.contains(&key) || self.shape.no_effect.contains(&key),
            "BUG: {key} is not in the shape of {}",
            self.shape.path
        );
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value).filter(|n| !n.is_null())
    }

    /// Whether the key stands there at all, be it with nothing behind it (`http:` switches a receiver on).
    pub fn named(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    pub fn has(&self, key: &str) -> bool {
        self.node(key).is_some()
    }

    pub fn opt<T: FromNode>(&self, key: &str) -> Result<Option<T>, ConfigError> {
        self.node(key).map(|node| T::from_node(node, self.ctx)).transpose()
    }

    pub fn or<T: FromNode>(&self, key: &str, default: T) -> Result<T, ConfigError> {
        Ok(self.opt(key)?.unwrap_or(default))
    }

    pub fn or_default<T: FromNode + Default>(&self, key: &str) -> Result<T, ConfigError> {
        Ok(self.opt(key)?.unwrap_or_default())
    }

    pub fn req<T: FromNode>(&self, key: &str) -> Result<T, ConfigError> {
        self.opt(key)?.ok_or_else(|| self.missing(key))
    }

    /// A section inside this one, read by `read`; absent is the same as empty.
    pub fn sub<T>(
        &self,
        key: &str,
        shape: &'static Shape,
        read: impl FnOnce(&Section) -> Result<T, ConfigError>,
    ) -> Result<T, ConfigError> {
        let empty = Node { value: Value::Null, at: self.at };
        read(&Section::open(self.node(key).unwrap_or(&empty), shape, self.ctx)?)
    }

    pub fn word<T: Copy>(&self, key: &str, default: T, words: &[(&str, T)]) -> Result<T, ConfigError> {
        self.node(key).map_or(Ok(default), |node| self.ctx.word(node, words))
    }

    pub fn missing(&self, key: &str) -> ConfigError {
        ConfigError::MissingKey {
            at: self.ctx.at(self.at),
            key: key.to_owned(),
            section: self.shape.path.to_owned(),
        }
    }

    /// An error about the value of `key`, at its line.
    pub fn bad(&self, key: &str, reason: impl Into<String>) -> ConfigError {
        self.ctx.invalid(self.node(key).map_or(self.at, |node| node.at), reason)
    }
}

impl Shape {
    pub fn all_keys(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().chain(self.no_effect).chain(self.unsupported).copied()
    }
}

impl<T: FromNode> FromNode for Vec<T> {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        match &node.value {
            Value::Null => Ok(Vec::new()),
            Value::Seq(items) => items.iter().map(|item| T::from_node(item, ctx)).collect(),
            _ => Err(ctx.wrong_type(node, "a list")),
        }
    }
}

impl<T: FromNode> FromNode for BTreeMap<String, T> {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        match &node.value {
            Value::Null => Ok(Self::new()),
            Value::Map(entries) => entries
                .iter()
                .map(|entry| Ok((entry.key.clone(), T::from_node(&entry.value, ctx)?)))
                .collect(),
            _ => Err(ctx.wrong_type(node, "a mapping of names to values")),
        }
    }
}

/// The known name that a reader most likely meant: the nearest by edit distance, if it is near at all (a third of its length).
pub(crate) fn nearest<'k>(found: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    known
        .map(|name| (distance(found, name), name))
        .filter(|(steps, name)| *steps <= 1 + name.len().max(found.len()) / 4)
        .min_by_key(|(steps, _)| *steps)
        .map(|(_, name)| name)
}

/// Levenshtein's distance, by two rows.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut left = i + 1;
        let mut diagonal = i;
        row[0] = left;
        for (j, to) in b.iter().enumerate() {
            let step = (diagonal + usize::from(from != *to)).min(left + 1).min(row[j + 1] + 1);
            diagonal = row[j + 1];
            row[j + 1] = step;
            left = step;
        }
    }
    row[b.len()]
}
