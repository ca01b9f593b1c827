//! The one layer that owns what a request leaves behind: span, exemplar, count and log line; and the faults on purpose.
//!
//! One place, because they have to agree: the same status, the same duration, the same trace id. The span is made with the
//! OpenTelemetry API itself and made active while the handler runs, so `tracing` spans in handlers become its children; a
//! `tracing` span for the request as well would cost as much again.

mod guard;

use std::{
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    extract::Request,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use tower::{Layer, Service};

use crate::{Problem, Telemetry, chaos::Fault};
use guard::RequestGuard;

/// Adds [`RequestService`] to every route.
#[derive(Clone)]
pub struct RequestLayer(Arc<Telemetry>);

impl RequestLayer {
    pub fn new(telemetry: Arc<Telemetry>) -> Self {
        Self(telemetry)
    }
}

impl<S> Layer<S> for RequestLayer {
    type Service = RequestService<S>;

    fn layer(&self, inner: S) -> RequestService<S> {
        RequestService { telemetry: Arc::clone(&self.0), inner }
    }
}

/// Watches one route.
#[derive(Clone)]
pub struct RequestService<S> {
    telemetry: Arc<Telemetry>,
    inner: S,
}

impl<S> Service<Request> for RequestService<S>
where
    S: Service<Request, Error = Infallible>,
    S::Response: IntoResponse,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let guard = RequestGuard::start(Arc::clone(&self.telemetry), &request);
        // Nothing of the handler runs before the future is polled.
        let handler = self.inner.call(request);
        Box::pin(async move {
            let response = match guard.fault() {
                None => watch(&guard, handler).await,
                Some(fault) => disturb(&guard, fault, handler).await,
            };
            guard.finish(response.status());
            Ok(response)
        })
    }
}

/// Waits and fails as `fault` says, and else lets the handler answer.
async fn disturb<F, R>(guard: &RequestGuard, fault: Fault, handler: F) -> Response
where
    F: Future<Output = Result<R, Infallible>>,
    R: IntoResponse,
{
    if !fault.latency.is_zero() {
        tokio::time::sleep(fault.latency).await;
    }
    if fault.error {
        let _active = guard.context().clone().attach();
        return Problem::new(StatusCode::INTERNAL_SERVER_ERROR)
            .detail("this error was injected by chaos")
            .into_response();
    }
    watch(guard, handler).await
}

/// Runs the handler with the request's span active. A panic becomes a 500: a closed connection would tell the user
/// nothing and would be counted as the user's own doing.
async fn watch<F, R>(guard: &RequestGuard, handler: F) -> Response
where
    F: Future<Output = Result<R, Infallible>>,
    R: IntoResponse,
{
    let mut handler = std::pin::pin!(handler);
    std::future::poll_fn(move |cx| {
        let _active = guard.context().clone().attach();
        match catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(Ok(response))) => Poll::Ready(response.into_response()),
            Ok(Poll::Ready(Err(never))) => match never {},
            // The panic hook has written the cause to the log.
            Err(_) => Poll::Ready(Problem::new(StatusCode::INTERNAL_SERVER_ERROR).into_response()),
        }
    })
    .await
    .map(Body::new)
}

#[cfg(test)]
mod tests;
