//! Queries on blocking threads, with a bound on their number and on their time.

use super::{ApiError, State};
use axum::http::StatusCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use traceql::{EvalError, Interrupt};

/// Set when nobody waits for the answer any more.
#[derive(Default)]
pub(super) struct Stop(AtomicBool);

impl Interrupt for Stop {
    fn interrupted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Stops the query when the request is dropped: a client that went away needs no answer.
struct StopOnDrop(Arc<Stop>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

impl State {
    pub(super) async fn run<T, W>(&self, work: W) -> Result<T, ApiError>
    where
        T: Send + 'static,
        W: FnOnce(&State, &Stop) -> Result<T, ApiError> + Send + 'static,
    {
        let Ok(permit) = self.running.clone().try_acquire_owned() else {
            let message = format!("too many outstanding requests: limit {}", self.limits.max_queries);
            return Err(ApiError { status: StatusCode::TOO_MANY_REQUESTS, message });
        };
        let stop = StopOnDrop(Arc::default());
        let (state, flag) = (self.clone(), stop.0.clone());
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work(&state, &flag)
        });
        match tokio::time::timeout(self.limits.query_timeout, done).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => {
                let message = "the query failed".to_owned();
                Err(ApiError { status: StatusCode::INTERNAL_SERVER_ERROR, message })
            }
            Err(_) => {
                let message = format!("context deadline exceeded after {:?}", self.limits.query_timeout);
                Err(ApiError { status: StatusCode::GATEWAY_TIMEOUT, message })
            }
        }
    }
}

/// A failure of the engine, with what stands before the text when the query itself is wrong.
pub(super) fn engine_error(error: EvalError, prefix: &str) -> ApiError {
    let status = match &error {
        EvalError::Check(_) => return ApiError::bad_request(format!("{prefix}{error}")),
        EvalError::NotMetrics => StatusCode::BAD_REQUEST,
        EvalError::Limit(_) => StatusCode::UNPROCESSABLE_ENTITY,
        EvalError::Interrupted => StatusCode::GATEWAY_TIMEOUT,
        EvalError::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    ApiError { status, message: error.to_string() }
}
