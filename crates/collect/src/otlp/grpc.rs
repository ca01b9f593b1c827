//! OTLP over gRPC: the three collector services, with gzip.

use super::Otlp;
use super::ingest::{Refusal, Signal};
use opentelemetry_proto::tonic::collector::logs::v1 as logs;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{LogsService, LogsServiceServer};
use opentelemetry_proto::tonic::collector::metrics::v1 as metrics;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1 as trace;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::codec::CompressionEncoding;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request, Response, Status};
use wire::otlp::{logs_from_proto, metrics_from_proto, traces_from_proto};

/// Streams that one connection may have open; more wait at the sender.
const MAX_STREAMS: u32 = 128;
/// How long requests under way may take once the receiver is told to stop.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// The listener failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve OTLP over gRPC: {0}")]
pub struct ServeError(#[from] tonic::transport::Error);

impl Otlp {
    /// Serves the three collector services on `listener` until `stop`; requests under way get two seconds to end.
    ///
    /// # Errors
    /// [`ServeError`] when the listener fails.
    pub async fn serve_grpc(&self, listener: TcpListener, stop: CancellationToken) -> Result<(), ServeError> {
        let limit = self.inner.limits.max_body_bytes;
        let traces = TraceServiceServer::new(self.clone())
            .accept_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(limit);
        let logs = LogsServiceServer::new(self.clone())
            .accept_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(limit);
        let metrics = MetricsServiceServer::new(self.clone())
            .accept_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(limit);
        let serving = tonic::transport::Server::builder()
            .max_concurrent_streams(MAX_STREAMS)
            .add_service(traces)
            .add_service(logs)
            .add_service(metrics)
            .serve_with_incoming_shutdown(
                TcpIncoming::from(listener).with_nodelay(Some(true)),
                stop.clone().cancelled_owned(),
            );
        let too_long = async {
            stop.cancelled().await;
            tokio::time::sleep(STOP_WITHIN).await;
        };
        tokio::select! {
            done = serving => Ok(done?),
            () = too_long => Ok(()),
        }
    }
}

/// Source: OpenTelemetry protocol specification, "OTLP/gRPC Response", table of retryable codes.
fn status(refusal: &Refusal) -> Status {
    let code = match refusal {
        Refusal::Busy { .. } | Refusal::Throttled(_) | Refusal::Store(_) | Refusal::Lost => Code::Unavailable,
        Refusal::Malformed(_) | Refusal::BadRequest(_) | Refusal::ContentType { .. } => Code::InvalidArgument,
        // Without RetryInfo this code means: do not try again.
        Refusal::TooLarge { .. } => Code::ResourceExhausted,
        Refusal::NoSink(_) => Code::Unimplemented,
    };
    Status::new(code, refusal.to_string())
}

#[tonic::async_trait]
impl TraceService for Otlp {
    async fn export(
        &self,
        request: Request<trace::ExportTraceServiceRequest>,
    ) -> Result<Response<trace::ExportTraceServiceResponse>, Status> {
        let request = request.into_inner();
        let refused = self
            .run(Signal::Traces, move |inner| inner.traces(traces_from_proto(request)))
            .await
            .map_err(|refusal| status(&refusal))?;
        let partial_success = (refused.count > 0).then(|| trace::ExportTracePartialSuccess {
            rejected_spans: refused.count as i64,
            error_message: refused.reason.unwrap_or_default(),
        });
        Ok(Response::new(trace::ExportTraceServiceResponse { partial_success }))
    }
}

#[tonic::async_trait]
impl LogsService for Otlp {
    async fn export(
        &self,
        request: Request<logs::ExportLogsServiceRequest>,
    ) -> Result<Response<logs::ExportLogsServiceResponse>, Status> {
        let request = request.into_inner();
        let refused = self
            .run(Signal::Logs, move |inner| inner.logs(logs_from_proto(&request, inner.now())))
            .await
            .map_err(|refusal| status(&refusal))?;
        let partial_success = (refused.count > 0).then(|| logs::ExportLogsPartialSuccess {
            rejected_log_records: refused.count as i64,
            error_message: refused.reason.unwrap_or_default(),
        });
        Ok(Response::new(logs::ExportLogsServiceResponse { partial_success }))
    }
}

#[tonic::async_trait]
impl MetricsService for Otlp {
    async fn export(
        &self,
        request: Request<metrics::ExportMetricsServiceRequest>,
    ) -> Result<Response<metrics::ExportMetricsServiceResponse>, Status> {
        let request = request.into_inner();
        let refused = self
            .run(Signal::Metrics, move |inner| inner.metrics(metrics_from_proto(&request)))
            .await
            .map_err(|refusal| status(&refusal))?;
        let partial_success = (refused.count > 0).then(|| metrics::ExportMetricsPartialSuccess {
            rejected_data_points: refused.count as i64,
            error_message: refused.reason.unwrap_or_default(),
        });
        Ok(Response::new(metrics::ExportMetricsServiceResponse { partial_success }))
    }
}
