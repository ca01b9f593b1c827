//! One span as a row of bytes. Texts are symbols of a dictionary or stand in the row; times are differences.

use crate::bytes::{Reader, put_bytes, put_signed, put_varint};
use crate::dict::Dict;
use model::clock::Nanos;
use model::traces::{
    AttrScope, AttrValue, Attributes, Span, SpanEvent, SpanId, SpanKind, SpanLink, StatusCode, TraceId,
};
use std::sync::Arc;

const HAS_PARENT: u8 = 1;
const HAS_STATE: u8 = 2;
const HAS_MESSAGE: u8 = 4;
const HAS_EVENTS: u8 = 8;
const HAS_LINKS: u8 = 16;
const HAS_DROPPED: u8 = 32;
const HAS_FLAGS: u8 = 64;

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

fn put_text(out: &mut Vec<u8>, text: &str, dict: &mut Dict) {
    match dict.symbol(text) {
        Some(symbol) => put_varint(out, u64::from(symbol) << 1),
        None => {
            put_varint(out, (text.len() as u64) << 1 | 1);
            out.extend_from_slice(text.as_bytes());
        }
    }
}

fn text_from(reader: &mut Reader<'_>, dict: &Dict) -> Option<Arc<str>> {
    let head = reader.varint()?;
    if head & 1 == 0 {
        return dict.strings.get((head >> 1) as usize).cloned();
    }
    std::str::from_utf8(reader.take((head >> 1) as usize)?).ok().map(Arc::from)
}

fn skip_text(reader: &mut Reader<'_>) -> Option<()> {
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

fn skip_value(reader: &mut Reader<'_>, nesting: usize) -> Option<()> {
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

/// Appends a span; times count from `base`.
pub(crate) fn put_span(out: &mut Vec<u8>, span: &Span, base: Nanos, dict: &mut Dict) {
    let dropped = span.dropped_attributes | span.dropped_events | span.dropped_links;
    let bit = |set: bool, bit: u8| if set { bit } else { 0 };
    out.push(
        bit(span.parent.is_some(), HAS_PARENT)
            | bit(!span.trace_state.is_empty(), HAS_STATE)
            | bit(!span.status_message.is_empty(), HAS_MESSAGE)
            | bit(!span.events.is_empty(), HAS_EVENTS)
            | bit(!span.links.is_empty(), HAS_LINKS)
            | bit(dropped != 0, HAS_DROPPED)
            | bit(span.flags != 0, HAS_FLAGS),
    );
    out.extend_from_slice(&span.span_id.0);
    if let Some(parent) = span.parent {
        out.extend_from_slice(&parent.0);
    }
    out.push(span.kind as u8 | (span.status as u8) << 3);
    put_text(out, &span.name, dict);
    put_signed(out, span.start.wrapping_sub(base));
    put_signed(out, span.end.wrapping_sub(span.start));
    put_attributes(out, &span.attributes, AttrScope::Span, dict);
    if !span.trace_state.is_empty() {
        put_text(out, &span.trace_state, dict);
    }
    if !span.status_message.is_empty() {
        put_text(out, &span.status_message, dict);
    }
    if span.flags != 0 {
        put_varint(out, u64::from(span.flags));
    }
    if dropped != 0 {
        put_varint(out, u64::from(span.dropped_attributes));
        put_varint(out, u64::from(span.dropped_events));
        put_varint(out, u64::from(span.dropped_links));
    }
    if !span.events.is_empty() {
        put_varint(out, span.events.len() as u64);
        for event in &span.events {
            put_signed(out, event.t.wrapping_sub(span.start));
            put_text(out, &event.name, dict);
            put_varint(out, u64::from(event.dropped_attributes));
            put_attributes(out, &event.attributes, AttrScope::Event, dict);
        }
    }
    if !span.links.is_empty() {
        put_varint(out, span.links.len() as u64);
        for link in &span.links {
            out.extend_from_slice(&link.trace_id.0);
            out.extend_from_slice(&link.span_id.0);
            put_text(out, &link.trace_state, dict);
            put_varint(out, u64::from(link.flags));
            put_varint(out, u64::from(link.dropped_attributes));
            put_attributes(out, &link.attributes, AttrScope::Link, dict);
        }
    }
}

fn kind_from(byte: u8) -> SpanKind {
    match byte & 7 {
        1 => SpanKind::Internal,
        2 => SpanKind::Server,
        3 => SpanKind::Client,
        4 => SpanKind::Producer,
        5 => SpanKind::Consumer,
        _ => SpanKind::Unspecified,
    }
}

fn status_from(byte: u8) -> StatusCode {
    match byte >> 3 & 3 {
        1 => StatusCode::Ok,
        2 => StatusCode::Error,
        _ => StatusCode::Unset,
    }
}

/// The front of a row: what hints ask for, before the attributes.
pub(crate) struct Front {
    pub flags: u8,
    pub span_id: SpanId,
    pub parent: Option<SpanId>,
    pub kind: SpanKind,
    pub status: StatusCode,
    /// As it is written: twice the symbol, or odd for a text in the row.
    pub name: u64,
    name_at: usize,
    pub start: Nanos,
    pub duration: Nanos,
}

impl Front {
    /// The name, from the row that this is the front of.
    pub(crate) fn name_text(&self, row: &[u8], dict: &Dict) -> Option<Arc<str>> {
        text_from(&mut Reader::new(row.get(self.name_at..)?), dict)
    }
}

pub(crate) fn front(reader: &mut Reader<'_>, base: Nanos) -> Option<Front> {
    let flags = reader.byte()?;
    let span_id = SpanId(reader.array()?);
    let parent = if flags & HAS_PARENT != 0 { Some(SpanId(reader.array()?)) } else { None };
    let kinds = reader.byte()?;
    let name_at = reader.at();
    let name = reader.varint()?;
    if name & 1 == 1 {
        reader.take((name >> 1) as usize)?;
    }
    let start = base.wrapping_add(reader.signed()?);
    let duration = reader.signed()?;
    Some(Front {
        flags,
        span_id,
        parent,
        kind: kind_from(kinds),
        status: status_from(kinds),
        name,
        name_at,
        start,
        duration,
    })
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

/// Goes over what stands between the attributes and the events.
fn skip_middle(reader: &mut Reader<'_>, flags: u8) -> Option<()> {
    for bit in [HAS_STATE, HAS_MESSAGE] {
        if flags & bit != 0 {
            skip_text(reader)?;
        }
    }
    let numbers = if flags & HAS_FLAGS != 0 { 1 } else { 0 } + if flags & HAS_DROPPED != 0 { 3 } else { 0 };
    for _ in 0..numbers {
        reader.varint()?;
    }
    Some(())
}

/// Shows the attributes of events and links of a row whose own attributes were read already.
pub(crate) fn each_inner_attribute<'a>(
    reader: &mut Reader<'a>,
    flags: u8,
    show: &mut dyn FnMut(AttrScope, u32, &'a [u8]),
) -> Option<()> {
    skip_middle(reader, flags)?;
    if flags & HAS_EVENTS != 0 {
        for _ in 0..reader.count()? {
            reader.varint()?;
            skip_text(reader)?;
            reader.varint()?;
            each_attribute(reader, &mut |key, value| show(AttrScope::Event, key, value))?;
        }
    }
    if flags & HAS_LINKS != 0 {
        for _ in 0..reader.count()? {
            reader.take(24)?;
            skip_text(reader)?;
            reader.varint()?;
            reader.varint()?;
            each_attribute(reader, &mut |key, value| show(AttrScope::Link, key, value))?;
        }
    }
    Some(())
}

pub(crate) fn has_events(flags: u8) -> bool {
    flags & HAS_EVENTS != 0
}

pub(crate) fn has_links(flags: u8) -> bool {
    flags & HAS_LINKS != 0
}

/// Reads a whole row.
pub(crate) fn span_from(row: &[u8], trace_id: TraceId, base: Nanos, dict: &Dict) -> Option<Span> {
    let mut reader = Reader::new(row);
    let front = front(&mut reader, base)?;
    let name = front.name_text(row, dict)?;
    let reader = &mut reader;
    let attributes = attributes_from(reader, dict)?;
    let text = |reader: &mut Reader<'_>, bit: u8| {
        if front.flags & bit != 0 { text_from(reader, dict) } else { Some(empty()) }
    };
    let trace_state = text(reader, HAS_STATE)?;
    let status_message = text(reader, HAS_MESSAGE)?;
    let flags = if front.flags & HAS_FLAGS != 0 { reader.varint()? as u32 } else { 0 };
    let mut dropped = [0_u32; 3];
    if front.flags & HAS_DROPPED != 0 {
        for number in &mut dropped {
            *number = reader.varint()? as u32;
        }
    }
    let mut events = Vec::new();
    if front.flags & HAS_EVENTS != 0 {
        for _ in 0..reader.count()? {
            let t = front.start.wrapping_add(reader.signed()?);
            let name = text_from(reader, dict)?;
            let dropped_attributes = reader.varint()? as u32;
            events.push(SpanEvent {
                t,
                name,
                dropped_attributes,
                attributes: attributes_from(reader, dict)?,
            });
        }
    }
    let mut links = Vec::new();
    if front.flags & HAS_LINKS != 0 {
        for _ in 0..reader.count()? {
            links.push(SpanLink {
                trace_id: TraceId(reader.array()?),
                span_id: SpanId(reader.array()?),
                trace_state: text_from(reader, dict)?,
                flags: reader.varint()? as u32,
                dropped_attributes: reader.varint()? as u32,
                attributes: attributes_from(reader, dict)?,
            });
        }
    }
    Some(Span {
        trace_id,
        span_id: front.span_id,
        parent: front.parent,
        trace_state,
        flags,
        name,
        kind: front.kind,
        start: front.start,
        end: front.start.wrapping_add(front.duration),
        status: front.status,
        status_message,
        attributes,
        events,
        links,
        dropped_attributes: dropped[0],
        dropped_events: dropped[1],
        dropped_links: dropped[2],
    })
}

fn empty() -> Arc<str> {
    Arc::from("")
}

#[cfg(test)]
mod tests;
