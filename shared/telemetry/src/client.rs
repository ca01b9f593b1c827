//! Calls to other services: a client span for each, and the trace context passed on.

use std::{sync::Arc, time::Instant};

use opentelemetry::{
    Context, KeyValue,
    trace::{SpanBuilder, SpanKind, Status, TraceContextExt, Tracer},
};
use reqwest::{Request, Response};

use crate::{Telemetry, names::attribute, traces::propagation};

/// An HTTP client whose calls are part of the trace of the request that caused them.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    telemetry: Arc<Telemetry>,
}

impl Client {
    pub fn new(http: reqwest::Client, telemetry: Arc<Telemetry>) -> Self {
        Self { http, telemetry }
    }

    /// The plain client, to build requests with.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Sends `request`; `resend` counts the attempts before this one. The span ends with the head of the answer, or when
    /// the call is given up.
    ///
    /// # Errors
    /// What the connection did; an answer of any status is no error.
    pub async fn send(&self, mut request: Request, resend: u32) -> Result<Response, reqwest::Error> {
        let call = Call::start(&self.telemetry, &request, resend);
        propagation::inject(&call.context, request.headers_mut());
        let result = self.http.execute(request).await;
        call.finish(&result);
        result
    }
}

/// A call under way. Dropped early, it was cancelled: by a deadline, or by a user who went away.
struct Call {
    context: Context,
    /// Whether there is a span to end.
    open: bool,
    started: Instant,
}

impl Call {
    fn start(telemetry: &Telemetry, request: &Request, resend: u32) -> Self {
        let parent = Context::current();
        let started = Instant::now();
        let Some(tracer) = telemetry.tracer() else { return Self { context: parent, open: false, started } };
        let method = request.method().as_str().to_owned();
        let url = request.url();
        let mut attributes = vec![
            KeyValue::new(attribute::HTTP_REQUEST_METHOD, method.clone()),
            KeyValue::new(attribute::URL_FULL, url.as_str().to_owned()),
            KeyValue::new(attribute::SERVER_ADDRESS, url.host_str().unwrap_or_default().to_owned()),
            KeyValue::new(attribute::SERVER_PORT, i64::from(url.port_or_known_default().unwrap_or_default())),
        ];
        if resend > 0 {
            attributes.push(KeyValue::new(attribute::HTTP_REQUEST_RESEND_COUNT, i64::from(resend)));
        }
        let builder = SpanBuilder::from_name(method).with_kind(SpanKind::Client).with_attributes(attributes);
        let span = tracer.build_with_context(builder, &parent);
        Self { context: parent.with_span(span), open: true, started }
    }

    fn finish(mut self, result: &Result<Response, reqwest::Error>) {
        if !std::mem::take(&mut self.open) {
            return;
        }
        let span = self.context.span();
        match result {
            Ok(response) => {
                let status = response.status();
                span.set_attribute(KeyValue::new(
                    attribute::HTTP_RESPONSE_STATUS_CODE,
                    i64::from(status.as_u16()),
                ));
                // For a client, 4xx is an error too (semantic conventions for HTTP).
                if status.as_u16() >= 400 {
                    span.set_attribute(KeyValue::new(attribute::ERROR_TYPE, status.as_str().to_owned()));
                    span.set_status(Status::error(""));
                }
            }
            Err(error) => {
                let kind = if error.is_timeout() {
                    "timeout"
                } else if error.is_connect() {
                    "connect"
                } else {
                    "transport"
                };
                span.set_attribute(KeyValue::new(attribute::ERROR_TYPE, kind));
                span.set_status(Status::error(error.to_string()));
            }
        }
        span.end();
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if self.open {
            let span = self.context.span();
            span.set_attribute(KeyValue::new(attribute::ERROR_TYPE, "cancelled"));
            span.set_status(Status::error(format!(
                "given up after {} ms",
                self.started.elapsed().as_millis()
            )));
            span.end();
        }
    }
}
