//! One span as a row of bytes. Texts are symbols of a dictionary or stand in the row; times are differences.

mod value;

pub(crate) use value::{
    TAG_ARRAY, TAG_DOUBLE, TAG_FALSE, TAG_INT, TAG_STR, TAG_TRUE, attributes_from, each_attribute,
    put_attributes, value_from,
};

use crate::bytes::{Reader, put_signed, put_varint};
use crate::dict::Dict;
use model::clock::Nanos;
use model::traces::{AttrScope, Span, SpanEvent, SpanId, SpanKind, SpanLink, StatusCode, TraceId};
use std::sync::Arc;
use value::{put_text, skip_text, text_from};

const HAS_PARENT: u8 = 1;
const HAS_STATE: u8 = 2;
const HAS_MESSAGE: u8 = 4;
const HAS_EVENTS: u8 = 8;
const HAS_LINKS: u8 = 16;
const HAS_DROPPED: u8 = 32;
const HAS_FLAGS: u8 = 64;

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
