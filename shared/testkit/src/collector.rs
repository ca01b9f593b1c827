//! An OTLP/gRPC collector that keeps what it is sent.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::{KeyValue, any_value::Value},
    trace::v1::Span as ProtoSpan,
};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Request, Response, Status, transport::server::TcpIncoming};

/// Answers until it is dropped.
pub struct Collector {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Span>>>,
    _stop: DropGuard,
}

/// A span as it arrived.
#[derive(Debug, Clone)]
pub struct Span {
    pub proto: ProtoSpan,
    resource: Vec<KeyValue>,
}

impl Span {
    pub fn name(&self) -> &str {
        &self.proto.name
    }

    pub fn trace_id(&self) -> String {
        hex(&self.proto.trace_id)
    }

    pub fn span_id(&self) -> String {
        hex(&self.proto.span_id)
    }

    /// Empty for a root span.
    pub fn parent_id(&self) -> String {
        hex(&self.proto.parent_span_id)
    }

    /// The value of a span attribute, with its type.
    pub fn attribute(&self, key: &str) -> Option<Value> {
        find(&self.proto.attributes, key)
    }

    pub fn resource(&self, key: &str) -> Option<Value> {
        find(&self.resource, key)
    }

    pub fn keys(&self) -> Vec<&str> {
        self.proto.attributes.iter().map(|attribute| attribute.key.as_str()).collect()
    }

    /// 0 unset, 1 ok, 2 error.
    pub fn status(&self) -> i32 {
        self.proto.status.as_ref().map_or(0, |status| status.code)
    }
}

/// A text attribute value, to compare with.
pub fn text(value: &str) -> Option<Value> {
    Some(Value::StringValue(value.to_owned()))
}

/// A whole-number attribute value, to compare with.
pub fn int(value: i64) -> Option<Value> {
    Some(Value::IntValue(value))
}

impl Collector {
    /// On a free port.
    pub async fn start() -> Self {
        Self::start_on("127.0.0.1:0".parse().unwrap(), Duration::ZERO).await
    }

    /// On a free port, keeping nothing: for measurements that send millions of spans.
    pub async fn discarding() -> Self {
        Self::serve("127.0.0.1:0".parse().unwrap(), Duration::ZERO, false).await
    }

    /// On `address`, taking `delay` for each answer.
    ///
    /// # Panics
    /// The address is taken.
    pub async fn start_on(address: SocketAddr, delay: Duration) -> Self {
        Self::serve(address, delay, true).await
    }

    async fn serve(address: SocketAddr, delay: Duration, keep: bool) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::default();
        let service = TraceServiceServer::new(Store { received: Arc::clone(&received), delay, keep });
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        tokio::spawn(async move {
            tokio::select! {
                served = tonic::transport::Server::builder()
                    .add_service(service)
                    .serve_with_incoming(TcpIncoming::from(listener)) => served.unwrap(),
                () = stopped => {}
            }
        });
        Self { address, received, _stop: stop.drop_guard() }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn spans(&self) -> Vec<Span> {
        self.received.lock().unwrap().clone()
    }

    /// Waits up to ten seconds until `count` spans have arrived.
    ///
    /// # Panics
    /// They did not.
    pub async fn wait_for(&self, count: usize) -> Vec<Span> {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let spans = self.spans();
            if spans.len() >= count {
                return spans;
            }
            assert!(Instant::now() < deadline, "{} spans instead of {count}: {spans:#?}", spans.len());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

struct Store {
    received: Arc<Mutex<Vec<Span>>>,
    delay: Duration,
    keep: bool,
}

#[tonic::async_trait]
impl TraceService for Store {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        if !self.keep {
            return Ok(Response::new(ExportTraceServiceResponse::default()));
        }
        tokio::time::sleep(self.delay).await;
        for resource in request.into_inner().resource_spans {
            let attributes = resource.resource.map(|resource| resource.attributes).unwrap_or_default();
            let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            self.received
                .lock()
                .unwrap()
                .extend(spans.map(|proto| Span { proto, resource: attributes.clone() }));
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn find(attributes: &[KeyValue], key: &str) -> Option<Value> {
    attributes.iter().find(|attribute| attribute.key == key)?.value.clone()?.value
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
