//! Texts, values and lists of attributes within a row.

use crate::bytes::{Reader, put_bytes, put_signed, put_varint};
use crate::dict::Dict;
use model::traces::{AttrScope, AttrValue, Attributes};
use std::sync::Arc;

pub(crate) const TAG_EMPTY: u8 = 0;
pub(crate) const TAG_STR: u8 = 1;
pub(crate) const TAG_INT: u8 = 2;
pub(crate) const TAG_DOUBLE: u8 = 3;
pub(crate) const TAG_FALSE: u8 = 4;
pub(crate) const TAG_TRUE: u8 = 5;
pub(crate) const TAG_BYTES: u8 = 6;
pub(crate) const TAG_ARRAY: u8 = 7;
pub(crate) const TAG_MAP: u8 = 8;

/// Arrays and maps within each other that a decoder follows; OTLP's own decoders allow about as many.
const MAX_NESTING: usize = 100;

pub(super) fn put_text(out: &mut Vec<u8>, text: &str, dict: &mut Dict) {
    match dict.symbol(text) {
        Some(symbol) => put_varint(out, u64::from(symbol) << 1),
        None => {
            put_varint(out, (text.len() as u64) << 1 | 1);
            out.extend_from_slice(text.as_bytes());
        }
    }
}

pub(super) fn text_from(reader: &mut Reader<'_>, dict: &Dict) -> Option<Arc<str>> {
    let head = reader.varint()?;
    if head & 1 == 0 {
        return dict.strings.get((head >> 1) as usize).cloned();
    }
    std::str::from_utf8(reader.take((head >> 1) as usize)?).ok().map(Arc::from)
}

pub(super) fn skip_text(reader: &mut Reader<'_>) -> Option<()> {
    let head = reader.varint()?;
    if head & 1 == 1 {
        reader.take((head >> 1) as usize)?;
    }
    Some(())
}

pub(crate) fn put_value(out: &mut Vec<u8>, value: &AttrValue, dict: &mut Dict) {
    match value {
        AttrValue::Empty => out.push(TAG_EMPTY),
        AttrValue::Str(text) => {
            out.push(TAG_STR);
            put_text(out, text, dict);
        }
        AttrValue::Int(number) => {
            out.push(TAG_INT);
            put_signed(out, *number);
        }
        AttrValue::Double(number) => {
            out.push(TAG_DOUBLE);
            out.extend_from_slice(&number.to_bits().to_le_bytes());
        }
        AttrValue::Bool(flag) => out.push(if *flag { TAG_TRUE } else { TAG_FALSE }),
        AttrValue::Bytes(bytes) => {
            out.push(TAG_BYTES);
            put_bytes(out, bytes);
        }
        AttrValue::Array(values) => {
            out.push(TAG_ARRAY);
            put_varint(out, values.len() as u64);
            values.iter().for_each(|value| put_value(out, value, dict));
        }
        AttrValue::Map(pairs) => {
            out.push(TAG_MAP);
            put_varint(out, pairs.len() as u64);
            for (key, value) in pairs {
                put_text(out, key, dict);
                put_value(out, value, dict);
            }
        }
    }
}

pub(crate) fn value_from(reader: &mut Reader<'_>, dict: &Dict) -> Option<AttrValue> {
    value_within(reader, dict, MAX_NESTING)
}

fn value_within(reader: &mut Reader<'_>, dict: &Dict, nesting: usize) -> Option<AttrValue> {
    Some(match reader.byte()? {
        TAG_EMPTY => AttrValue::Empty,
        TAG_STR => AttrValue::Str(text_from(reader, dict)?),
        TAG_INT => AttrValue::Int(reader.signed()?),
        TAG_DOUBLE => AttrValue::Double(f64::from_bits(u64::from_le_bytes(reader.array()?))),
        TAG_FALSE => AttrValue::Bool(false),
        TAG_TRUE => AttrValue::Bool(true),
        TAG_BYTES => AttrValue::Bytes(reader.sized()?.into()),
        TAG_ARRAY => {
            let nesting = nesting.checked_sub(1)?;
            let count = reader.count()?;
            AttrValue::Array((0..count).map(|_| value_within(reader, dict, nesting)).collect::<Option<_>>()?)
        }
        TAG_MAP => {
            let nesting = nesting.checked_sub(1)?;
            let count = reader.count()?;
            let pair = |_| Some((text_from(reader, dict)?, value_within(reader, dict, nesting)?));
            AttrValue::Map((0..count).map(pair).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

pub(super) fn skip_value(reader: &mut Reader<'_>, nesting: usize) -> Option<()> {
    match reader.byte()? {
        TAG_EMPTY | TAG_FALSE | TAG_TRUE => {}
        TAG_STR => skip_text(reader)?,
        TAG_INT => {
            reader.varint()?;
        }
        TAG_DOUBLE => {
            reader.take(8)?;
        }
        TAG_BYTES => {
            reader.sized()?;
        }
        TAG_ARRAY => {
            let nesting = nesting.checked_sub(1)?;
            for _ in 0..reader.count()? {
                skip_value(reader, nesting)?;
            }
        }
        TAG_MAP => {
            let nesting = nesting.checked_sub(1)?;
            for _ in 0..reader.count()? {
                skip_text(reader)?;
                skip_value(reader, nesting)?;
            }
        }
        _ => return None,
    }
    Some(())
}

pub(crate) fn put_attributes(out: &mut Vec<u8>, attributes: &Attributes, scope: AttrScope, dict: &mut Dict) {
    put_varint(out, attributes.len() as u64);
    for (key, value) in attributes {
        put_varint(out, u64::from(dict.key(key, scope)));
        put_value(out, value, dict);
    }
}

pub(crate) fn attributes_from(reader: &mut Reader<'_>, dict: &Dict) -> Option<Attributes> {
    let count = reader.count()?;
    let pair = |_| {
        let key = dict.strings.get(reader.varint()? as usize)?.clone();
        Some((key, value_from(reader, dict)?))
    };
    (0..count).map(pair).collect()
}

/// Shows each attribute of a list as its name's number and the bytes of its value.
pub(crate) fn each_attribute<'a>(reader: &mut Reader<'a>, show: &mut dyn FnMut(u32, &'a [u8])) -> Option<()> {
    for _ in 0..reader.count()? {
        let key = reader.varint()? as u32;
        let start = reader.at();
        skip_value(reader, MAX_NESTING)?;
        show(key, reader.since(start));
    }
    Some(())
}
