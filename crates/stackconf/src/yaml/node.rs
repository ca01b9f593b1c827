//! A YAML document as a tree whose every node knows its line. Scalars keep the text as written, so that a label value
//! `1.0` stays `1.0` and does not become `1`.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use std::fmt;

/// A place in a file, counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: u32,
    pub column: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub value: Value,
    pub at: Place,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Scalar(Scalar),
    Seq(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Scalar {
    /// What was written, unquoted and unescaped.
    pub text: String,
    /// Whether YAML reads it as a string (quoted, or not a number and not a boolean).
    pub is_string: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: String,
    pub at: Place,
    pub value: Node,
}

impl Node {
    /// The kind of value in words, for error messages.
    pub fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Scalar(scalar) => format!("{:?}", scalar.text),
            Value::Seq(items) => format!("a list of {}", items.len()),
            Value::Map(entries) => match entries.first() {
                Some(first) => format!("a mapping that starts with {:?}", first.key),
                None => "an empty mapping".to_owned(),
            },
        }
    }

    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// The value under `key` when this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value),
            _ => None,
        }
    }
}

/// The tree as the YAML library hands it over; [`Raw::finish`] adds the written text of plain scalars.
pub(super) struct Raw(Spanned<RawValue>);

enum RawValue {
    Null,
    /// A boolean or a number: the text is taken from the source.
    Plain(String),
    Str(String),
    Seq(Vec<Raw>),
    Map(Vec<(Spanned<String>, Raw)>),
}

impl Raw {
    pub(super) fn finish(self, source: &str) -> Node {
        let location = self.0.referenced;
        // An alias stands for a value that is written elsewhere.
        let span = self.0.defined.span();
        let written = || {
            let start = usize::try_from(span.byte_offset()?).ok()?;
            let end = start.checked_add(usize::try_from(span.byte_len()?).ok()?)?;
            source.get(start..end).map(str::trim).filter(|text| !text.is_empty() && !text.contains('\n'))
        };
        let value = match self.0.value {
            RawValue::Null => Value::Null,
            RawValue::Plain(text) => {
                Value::Scalar(Scalar { text: written().map_or(text, str::to_owned), is_string: false })
            }
            RawValue::Str(text) => Value::Scalar(Scalar { text, is_string: true }),
            RawValue::Seq(items) => Value::Seq(items.into_iter().map(|item| item.finish(source)).collect()),
            RawValue::Map(entries) => Value::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| Entry {
                        at: place(&key.referenced),
                        key: key.value,
                        value: value.finish(source),
                    })
                    .collect(),
            ),
        };
        Node { value, at: place(&location) }
    }
}

pub(super) fn place(location: &serde_saphyr::Location) -> Place {
    let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Place { line: small(location.line()), column: small(location.column()) }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(Raw)
    }
}

impl<'de> Deserialize<'de> for RawValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = RawValue;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("any YAML value")
            }
            fn visit_unit<E>(self) -> Result<RawValue, E> {
                Ok(RawValue::Null)
            }
            fn visit_none<E>(self) -> Result<RawValue, E> {
                Ok(RawValue::Null)
            }
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<RawValue, D::Error> {
                deserializer.deserialize_any(self)
            }
            fn visit_bool<E>(self, value: bool) -> Result<RawValue, E> {
                Ok(RawValue::Plain(value.to_string()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<RawValue, E> {
                Ok(RawValue::Plain(value.to_string()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<RawValue, E> {
                Ok(RawValue::Plain(value.to_string()))
            }
            fn visit_i128<E>(self, value: i128) -> Result<RawValue, E> {
                Ok(RawValue::Plain(value.to_string()))
            }
            fn visit_u128<E>(self, value: u128) -> Result<RawValue, E> {
                Ok(RawValue::Plain(value.to_string()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<RawValue, E> {
                Ok(RawValue::Plain(value.to_string()))
            }
            fn visit_str<E>(self, value: &str) -> Result<RawValue, E> {
                Ok(RawValue::Str(value.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<RawValue, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(RawValue::Seq(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawValue, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(RawValue::Map(entries))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
