//! The pieces that all three OTLP/JSON messages share: texts borrowed from the input, 64-bit numbers that may be
//! strings, hexadecimal ids, and AnyValue.

use super::base64;
use super::intern::Interner;
use model::traces::{AttrValue, Attributes};
use opentelemetry_proto::tonic::common::v1 as pb;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// A text that is borrowed from the input when it holds no escapes.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Text<'a>(pub Cow<'a, str>);

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Text::default())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

/// Makes a number type that is read from a JSON number or from a string (protobuf's rule for 64-bit integers).
macro_rules! number {
    ($name:ident, $type:ty, $expecting:literal, $($visit:ident: $from:ty),*) => {
        #[derive(Debug, Default, Clone, Copy, PartialEq)]
        pub(crate) struct $name(pub $type);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct NumberVisitor;
                impl Visitor<'_> for NumberVisitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    $(fn $visit<E: Error>(self, number: $from) -> Result<$name, E> {
                        <$type as Lossless<$from>>::from_number(number).map($name).ok_or_else(|| E::custom(format!(
                            "number out of range: found {number}, expected {}", $expecting)))
                    })*
                    fn visit_str<E: Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map($name).map_err(|_| E::custom(format!(
                            "found {text:?}, expected {}", $expecting)))
                    }
                    fn visit_unit<E: Error>(self) -> Result<$name, E> {
                        Ok($name::default())
                    }
                }
                deserializer.deserialize_any(NumberVisitor)
            }
        }
    };
}

trait Lossless<T>: Sized {
    fn from_number(number: T) -> Option<Self>;
}

impl Lossless<u64> for u64 {
    fn from_number(number: u64) -> Option<Self> {
        Some(number)
    }
}

impl Lossless<f64> for u64 {
    fn from_number(number: f64) -> Option<Self> {
        (number.fract() == 0.0 && (0.0..1.8e19).contains(&number)).then_some(number as Self)
    }
}

impl Lossless<u64> for i64 {
    fn from_number(number: u64) -> Option<Self> {
        number.try_into().ok()
    }
}

impl Lossless<i64> for i64 {
    fn from_number(number: i64) -> Option<Self> {
        Some(number)
    }
}

impl Lossless<f64> for i64 {
    fn from_number(number: f64) -> Option<Self> {
        (number.fract() == 0.0 && number.abs() < 9.2e18).then_some(number as Self)
    }
}

impl Lossless<u64> for f64 {
    fn from_number(number: u64) -> Option<Self> {
        Some(number as Self)
    }
}

impl Lossless<i64> for f64 {
    fn from_number(number: i64) -> Option<Self> {
        Some(number as Self)
    }
}

impl Lossless<f64> for f64 {
    fn from_number(number: f64) -> Option<Self> {
        Some(number)
    }
}

number!(U64, u64, "an unsigned 64-bit number or a string of one", visit_u64: u64, visit_f64: f64);
number!(I64, i64, "a 64-bit number or a string of one", visit_u64: u64, visit_i64: i64, visit_f64: f64);
// "NaN", "Infinity" and "-Infinity" are read by Rust's own parser.
number!(F64, f64, "a number or a string of one", visit_u64: u64, visit_i64: i64, visit_f64: f64);

/// An enum that protobuf's JSON may write as its number or as its name.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub(crate) enum EnumText {
    Number(i32),
    Name(String),
}

impl EnumText {
    pub(crate) fn number(this: Option<&Self>, by_name: impl Fn(&str) -> Option<i32>) -> i32 {
        match this {
            None => 0,
            Some(Self::Number(number)) => *number,
            Some(Self::Name(name)) => by_name(name).or_else(|| name.parse().ok()).unwrap_or(0),
        }
    }
}

/// Reads hexadecimal digits of either case; None for an odd number of digits or another character.
pub(crate) fn hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let nibble = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
    text.as_bytes().chunks(2).map(|pair| Some(nibble(pair[0])? << 4 | nibble(pair[1])?)).collect()
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
pub(crate) struct KeyValue<'a> {
    #[serde(default)]
    pub key: Text<'a>,
    #[serde(default)]
    pub value: Any<'a>,
}

/// AnyValue: an object with the one field that is set.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) enum Any<'a> {
    Str(Text<'a>),
    Int(i64),
    Double(f64),
    Bool(bool),
    Bytes(Vec<u8>),
    Array(Vec<Any<'a>>),
    Map(Vec<KeyValue<'a>>),
    #[default]
    Empty,
}

/// ArrayValue and KeyValueList: an object with a list.
#[derive(Deserialize)]
struct ListOf<T> {
    #[serde(default = "Vec::new")]
    values: Vec<T>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Any<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyVisitor;
        impl<'de> Visitor<'de> for AnyVisitor {
            type Value = Any<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an AnyValue object such as {\"stringValue\": \"text\"}")
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Any::Empty)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut value = Any::Empty;
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    value = match key.as_str() {
                        "stringValue" | "string_value" => Any::Str(map.next_value()?),
                        "intValue" | "int_value" => Any::Int(map.next_value::<I64>()?.0),
                        "doubleValue" | "double_value" => Any::Double(map.next_value::<F64>()?.0),
                        "boolValue" | "bool_value" => Any::Bool(map.next_value()?),
                        "bytesValue" | "bytes_value" => {
                            let text: Text<'de> = map.next_value()?;
                            Any::Bytes(base64::decode(text.as_str()).ok_or_else(|| {
                                A::Error::custom(format!("found {:?}, expected base64", text.as_str()))
                            })?)
                        }
                        "arrayValue" | "array_value" => {
                            Any::Array(map.next_value::<ListOf<Any<'de>>>()?.values)
                        }
                        "kvlistValue" | "kvlist_value" => {
                            Any::Map(map.next_value::<ListOf<KeyValue<'de>>>()?.values)
                        }
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                }
                Ok(value)
            }
        }
        deserializer.deserialize_any(AnyVisitor)
    }
}

impl Any<'_> {
    pub(crate) fn to_model(&self, interner: &mut Interner) -> AttrValue {
        match self {
            Self::Str(text) => AttrValue::Str(interner.text(text.as_str())),
            Self::Int(number) => AttrValue::Int(*number),
            Self::Double(number) => AttrValue::Double(*number),
            Self::Bool(flag) => AttrValue::Bool(*flag),
            Self::Bytes(bytes) => AttrValue::Bytes(Arc::from(bytes.as_slice())),
            Self::Array(values) => {
                AttrValue::Array(values.iter().map(|value| value.to_model(interner)).collect())
            }
            Self::Map(pairs) => AttrValue::Map(attributes(pairs, interner)),
            Self::Empty => AttrValue::Empty,
        }
    }

    pub(crate) fn to_proto(&self) -> pb::AnyValue {
        use pb::any_value::Value;
        let value = match self {
            Self::Str(text) => Some(Value::StringValue(text.as_str().to_owned())),
            Self::Int(number) => Some(Value::IntValue(*number)),
            Self::Double(number) => Some(Value::DoubleValue(*number)),
            Self::Bool(flag) => Some(Value::BoolValue(*flag)),
            Self::Bytes(bytes) => Some(Value::BytesValue(bytes.clone())),
            Self::Array(values) => {
                let values = values.iter().map(Self::to_proto).collect();
                Some(Value::ArrayValue(pb::ArrayValue { values }))
            }
            Self::Map(pairs) => Some(Value::KvlistValue(pb::KeyValueList { values: pairs_to_proto(pairs) })),
            Self::Empty => None,
        };
        pb::AnyValue { value }
    }
}

pub(crate) fn attributes(pairs: &[KeyValue<'_>], interner: &mut Interner) -> Attributes {
    pairs.iter().map(|pair| (interner.text(pair.key.as_str()), pair.value.to_model(interner))).collect()
}

pub(crate) fn pairs_to_proto(pairs: &[KeyValue<'_>]) -> Vec<pb::KeyValue> {
    pairs
        .iter()
        .map(|pair| pb::KeyValue {
            key: pair.key.as_str().to_owned(),
            value: Some(pair.value.to_proto()),
            ..Default::default()
        })
        .collect()
}

/// A resource or an instrumentation scope; each uses the fields that it has.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub(crate) struct Origin<'a> {
    pub name: Text<'a>,
    pub version: Text<'a>,
    pub attributes: Vec<KeyValue<'a>>,
    #[serde(alias = "dropped_attributes_count")]
    pub dropped_attributes_count: u32,
}
