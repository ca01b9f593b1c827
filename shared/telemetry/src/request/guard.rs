//! A request between its head and its answer.

use std::{borrow::Cow, sync::Arc, time::Instant};

use axum::{
    extract::{MatchedPath, Request},
    http::{StatusCode, Version, header},
};
use opentelemetry::{
    Context, KeyValue, StringValue,
    trace::{SpanBuilder, SpanKind, Status, TraceContextExt, Tracer},
};
use tracing::Level;

use crate::{
    Telemetry,
    chaos::Fault,
    clock,
    metrics::requests::Place,
    names::{attribute, log, value},
    traces::propagation,
};

/// nginx's number for a client that went away before its answer.
const CLIENT_CLOSED_REQUEST: u16 = 499;
/// `error.type` of such a request.
const CANCELLED: &str = "cancelled";
/// Longest path and user agent that go into a span, in bytes.
const ATTRIBUTE_LIMIT: usize = 1_024;

/// Records the request when it ends, however it ends: dropped without [`RequestGuard::finish`] means that the client is gone.
pub(super) struct RequestGuard {
    telemetry: Arc<Telemetry>,
    place: Place,
    started: Instant,
    context: Context,
    open: bool,
}

impl RequestGuard {
    pub(super) fn start(telemetry: Arc<Telemetry>, request: &Request) -> Self {
        let started = Instant::now();
        let pattern = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
        let place = telemetry.metrics().requests.place(pattern, request.method());
        let parent = propagation::extract(request.headers());
        let context = match telemetry.tracer() {
            Some(tracer) => {
                let span = tracer.build_with_context(span(&telemetry, place, request), &parent);
                parent.with_span(span)
            }
            None => parent,
        };
        if telemetry.counts_requests() {
            telemetry.metrics().requests.in_flight().inc();
        }
        Self { telemetry, place, started, context, open: true }
    }

    /// The fault that chaos has in store for this request. Paths without a route are spared.
    pub(super) fn fault(&self) -> Option<Fault> {
        let chaos = self.telemetry.chaos();
        if chaos.is_off() {
            return None;
        }
        let route = self.telemetry.metrics().requests.route(self.place);
        if route == value::UNMATCHED { None } else { chaos.decide(route) }
    }

    /// The context with the request's span.
    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    pub(super) fn finish(mut self, status: StatusCode) {
        self.record(status, None);
    }

    fn record(&mut self, status: StatusCode, error: Option<&'static str>) {
        self.open = false;
        let elapsed = self.started.elapsed();
        let now = clock::now();
        let requests = &self.telemetry.metrics().requests;
        let span = self.context.span();
        if self.telemetry.counts_requests() {
            let handles = requests.handles(self.place, status.as_u16());
            handles.total.inc();
            handles.duration.observe(elapsed.as_secs_f64(), span.span_context(), now);
            requests.in_flight().dec();
        }
        let level = level(status);
        self.telemetry.logger().line(level, |line| {
            let (route, method) = (requests.route(self.place), requests.method(self.place).method);
            line.str(log::ROUTE, route)
                .str(log::METHOD, method)
                .int(log::STATUS, i64::from(status.as_u16()))
                .millis(log::LATENCY_MS, elapsed)
                .trace(span.span_context())
                .msg_words(&[method, route, status.as_str()]);
        });
        if self.telemetry.tracer().is_some() && span.is_recording() {
            // As i64: an unsigned number would be exported as text, and no query for >= 500 would find it.
            let code = KeyValue::new(attribute::HTTP_RESPONSE_STATUS_CODE, i64::from(status.as_u16()));
            if status.is_server_error() {
                span.set_attributes([code, KeyValue::new(attribute::ERROR_TYPE, status.as_str().to_owned())]);
                span.set_status(Status::error(""));
            } else if let Some(error) = error {
                span.set_attributes([code, KeyValue::new(attribute::ERROR_TYPE, error)]);
            } else {
                span.set_attribute(code);
            }
            span.end_with_timestamp(now);
        }
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        if self.open {
            let gone = StatusCode::from_u16(CLIENT_CLOSED_REQUEST).unwrap_or(StatusCode::BAD_REQUEST);
            self.record(gone, Some(CANCELLED));
        }
    }
}

fn level(status: StatusCode) -> Level {
    match status.as_u16() {
        500.. => Level::ERROR,
        400..500 => Level::WARN,
        _ => Level::INFO,
    }
}

/// The server span by the semantic conventions for HTTP.
fn span(telemetry: &Telemetry, place: Place, request: &Request) -> SpanBuilder {
    let requests = &telemetry.metrics().requests;
    let method = requests.method(place);
    let route = requests.route(place);
    let path = request.uri().path();
    let mut attributes = Vec::with_capacity(8);
    attributes.push(KeyValue::new(attribute::HTTP_REQUEST_METHOD, method.method));
    attributes.push(KeyValue::new(attribute::URL_SCHEME, "http"));
    attributes.push(KeyValue::new(attribute::NETWORK_PROTOCOL_VERSION, protocol(request.version())));
    if route == path {
        attributes.push(KeyValue::new(attribute::URL_PATH, route));
    } else {
        attributes.push(KeyValue::new(attribute::URL_PATH, shortened(path)));
    }
    if route != value::UNMATCHED {
        attributes.push(KeyValue::new(attribute::HTTP_ROUTE, route));
    }
    if let Some(agent) = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()) {
        attributes.push(KeyValue::new(attribute::USER_AGENT_ORIGINAL, shortened(agent)));
    }
    // A span of an unknown path is named by its method alone, as the conventions want it.
    let name: Cow<'static, str> = if route == value::UNMATCHED {
        Cow::Borrowed(method.method)
    } else {
        Cow::Owned(String::from(&*method.span_name))
    };
    SpanBuilder::from_name(name).with_kind(SpanKind::Server).with_attributes(attributes)
}

fn shortened(text: &str) -> StringValue {
    text[..text.floor_char_boundary(ATTRIBUTE_LIMIT)].to_owned().into()
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        _ => "1.1",
    }
}
