//! Cuts long texts in the attributes of spans: a stack trace or a query of a megabyte would crowd out everything else.

use model::traces::{AttrValue, Attributes, SpanBatch};
use std::sync::Arc;

/// Cuts every text to at most `limit` bytes, at a character's end.
pub(super) fn truncate(batches: &mut [SpanBatch], limit: usize) {
    for batch in batches {
        if batch.resource.attributes.iter().any(|(_, value)| is_long(value, limit)) {
            attributes(&mut Arc::make_mut(&mut batch.resource).attributes, limit);
        }
        if batch.scope.attributes.iter().any(|(_, value)| is_long(value, limit)) {
            attributes(&mut Arc::make_mut(&mut batch.scope).attributes, limit);
        }
        for span in &mut batch.spans {
            attributes(&mut span.attributes, limit);
            span.events.iter_mut().for_each(|event| attributes(&mut event.attributes, limit));
            span.links.iter_mut().for_each(|link| attributes(&mut link.attributes, limit));
        }
    }
}

fn is_long(value: &AttrValue, limit: usize) -> bool {
    matches!(value, AttrValue::Str(text) if text.len() > limit)
}

fn attributes(attributes: &mut Attributes, limit: usize) {
    for (_, value) in attributes {
        if let AttrValue::Str(text) = value
            && text.len() > limit
        {
            *text = Arc::from(&text[..text.floor_char_boundary(limit)]);
        }
    }
}
