//! Turns `tracing` events into log lines of the flat schema.

use std::{
    collections::HashMap,
    fmt::{Debug, Write},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use opentelemetry::{Context as OtelContext, trace::TraceContextExt};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Layer};

use super::{Line, Logger};
use crate::names::log;

/// Events of the OpenTelemetry SDK about itself have targets that start so.
const SDK_TARGET: &str = "opentelemetry";
/// The SDK repeats itself for as long as a trouble lasts; each of its events is written once in this time.
const SDK_INTERVAL: Duration = Duration::from_secs(60);
/// Names of SDK events remembered at most.
const SDK_EVENTS: usize = 64;
/// SDK events about failed exports and full queues: [`crate::traces::health`] reports each outage once, and better.
const SDK_COVERED: [&str; 4] = ["Export", "BatchSpanProcessor", "TonicTracesClient", "Retry"];

/// A layer that writes one line for each event. Filters are set beside it, so that they do not also remove spans.
pub struct JsonLayer {
    logger: Logger,
    sdk_events: Mutex<HashMap<&'static str, Instant>>,
}

impl JsonLayer {
    pub fn new(logger: Logger) -> Self {
        Self { logger, sdk_events: Mutex::default() }
    }

    /// Whether an event of the SDK is worth a line now.
    fn admit(&self, name: &'static str) -> bool {
        if SDK_COVERED.iter().any(|covered| name.contains(covered)) {
            return false;
        }
        let now = Instant::now();
        let mut seen = self.sdk_events.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.get(name).is_some_and(|last| now.duration_since(*last) < SDK_INTERVAL) {
            return false;
        }
        if seen.len() >= SDK_EVENTS {
            seen.clear();
        }
        seen.insert(name, now);
        true
    }
}

impl<S: Subscriber> Layer<S> for JsonLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if metadata.target().starts_with(SDK_TARGET) && !self.admit(metadata.name()) {
            return;
        }
        self.logger.write(*metadata.level(), |line| {
            line.str("target", metadata.target());
            let mut fields = Fields { line, message: String::new() };
            event.record(&mut fields);
            let Fields { line, mut message } = fields;
            // No lock and no copy: the context that is active on this thread.
            OtelContext::map_current(|context| {
                line.trace(context.span().span_context());
            });
            if message.is_empty() {
                message.push_str(metadata.name());
            }
            line.msg(&message);
        });
    }
}

struct Fields<'l, 't> {
    line: &'l mut Line<'t>,
    message: String,
}

/// An event's own field must not stand in the line twice under the name of a fixed key.
fn key(field: &Field) -> &'static str {
    match field.name() {
        log::TIMESTAMP => "field_timestamp",
        log::LEVEL => "field_level",
        log::SERVICE => "field_service",
        log::TRACE_ID => "field_trace_id",
        log::SPAN_ID => "field_span_id",
        log::MSG => "field_msg",
        "target" => "field_target",
        name => name,
    }
}

impl Visit for Fields<'_, '_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            let _ = write!(self.message, "{value:?}");
        } else {
            self.line.debug(key(field), value);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message.push_str(value);
        } else {
            self.line.str(key(field), value);
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.line.float(key(field), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.line.int(key(field), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.line.uint(key(field), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.line.bool(key(field), value);
    }
}
