//! One log line while it is written.

use std::{
    fmt::{Debug, Write},
    time::{Duration, SystemTime},
};

use opentelemetry::trace::{SpanContext, SpanId, TraceId};

use super::{escape, timestamp};
use crate::names::log;

/// A JSON object that is being filled.
pub struct Line<'a> {
    text: &'a mut String,
}

impl<'a> Line<'a> {
    /// `service` is escaped and between quotes already.
    pub(super) fn start(text: &'a mut String, time: SystemTime, level: &'static str, service: &str) -> Self {
        text.push_str("{\"timestamp\":\"");
        timestamp::write(text, time);
        text.push_str("\",\"level\":\"");
        text.push_str(level);
        text.push_str("\",\"service\":");
        text.push_str(service);
        Self { text }
    }

    pub(super) fn end(self) {
        self.text.push_str("}\n");
    }

    fn key(&mut self, key: &str) {
        self.text.push_str(",\"");
        escape::write_escaped(self.text, key);
        self.text.push_str("\":");
    }

    pub fn str(&mut self, key: &str, value: &str) -> &mut Self {
        self.key(key);
        escape::write_string(self.text, value);
        self
    }

    pub fn display(&mut self, key: &str, value: impl std::fmt::Display) -> &mut Self {
        self.key(key);
        self.text.push('"');
        let _ = write!(escape::Escaping(self.text), "{value}");
        self.text.push('"');
        self
    }

    pub fn debug(&mut self, key: &str, value: &dyn Debug) -> &mut Self {
        self.display(key, format_args!("{value:?}"))
    }

    pub fn int(&mut self, key: &str, value: i64) -> &mut Self {
        self.key(key);
        let _ = write!(self.text, "{value}");
        self
    }

    pub fn uint(&mut self, key: &str, value: u64) -> &mut Self {
        self.key(key);
        let _ = write!(self.text, "{value}");
        self
    }

    pub fn float(&mut self, key: &str, value: f64) -> &mut Self {
        self.key(key);
        escape::write_f64(self.text, value);
        self
    }

    pub fn bool(&mut self, key: &str, value: bool) -> &mut Self {
        self.key(key);
        self.text.push_str(if value { "true" } else { "false" });
        self
    }

    /// Milliseconds with three decimals, exact.
    pub fn millis(&mut self, key: &str, value: Duration) -> &mut Self {
        self.key(key);
        let _ = write!(self.text, "{}.", value.as_millis());
        timestamp::digits(self.text, value.subsec_micros() % 1_000, 3);
        self
    }

    /// `trace_id` and `span_id`; nothing for an invalid context.
    pub fn trace(&mut self, span: &SpanContext) -> &mut Self {
        if span.is_valid() {
            self.key(log::TRACE_ID);
            self.hex(&span.trace_id().to_bytes());
            self.key(log::SPAN_ID);
            self.hex(&span.span_id().to_bytes());
        }
        self
    }

    /// As [`Line::trace`], for ids that are known one by one.
    pub fn ids(&mut self, trace: TraceId, span: SpanId) -> &mut Self {
        self.trace(&SpanContext::new(trace, span, Default::default(), false, Default::default()))
    }

    fn hex(&mut self, bytes: &[u8]) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        self.text.push('"');
        for byte in bytes {
            self.text.push(HEX[usize::from(byte >> 4)] as char);
            self.text.push(HEX[usize::from(byte & 15)] as char);
        }
        self.text.push('"');
    }

    pub fn msg(&mut self, message: &str) -> &mut Self {
        self.str(log::MSG, message)
    }

    /// `msg` in several pieces, joined by blanks.
    pub fn msg_words(&mut self, words: &[&str]) -> &mut Self {
        self.key(log::MSG);
        self.text.push('"');
        for (at, word) in words.iter().enumerate() {
            if at > 0 {
                self.text.push(' ');
            }
            escape::write_escaped(self.text, word);
        }
        self.text.push('"');
        self
    }
}
