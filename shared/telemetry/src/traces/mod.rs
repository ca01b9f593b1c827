//! Traces: from the SDK to the collector over OTLP/gRPC.
//!
//! [`provider`] sets the SDK up, [`health`] keeps account of what is lost, [`propagation`] reads and writes `traceparent`.

pub mod health;
pub mod propagation;

use std::sync::Arc;

use opentelemetry::{Key, KeyValue};
use opentelemetry_otlp::WithExportConfig;
use opentelemetry_sdk::{
    Resource,
    trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider},
};

use crate::{
    names::attribute,
    settings::{SPAN_BATCH_SIZE, SPAN_EXPORT_INTERVAL, SPAN_QUEUE_SIZE, TraceSettings},
};
use health::{BoundedProcessor, SpanHealth, WatchedExporter};

/// What the SDK calls a service that nobody named.
const UNNAMED: &str = "unknown_service";

/// Builds the provider. Call it inside a tokio runtime. The connection is made with the first export, so the collector may
/// start later; the sampler is left to the SDK, which reads `OTEL_TRACES_SAMPLER`.
///
/// # Errors
/// An endpoint that is no address.
pub(crate) fn provider(
    settings: &TraceSettings,
    service: &'static str,
    health: &Arc<SpanHealth>,
) -> Result<SdkTracerProvider, opentelemetry_otlp::ExporterBuildError> {
    let mut exporter = opentelemetry_otlp::SpanExporter::builder().with_tonic();
    if let Some(endpoint) = &settings.endpoint {
        exporter = exporter.with_endpoint(endpoint);
    }
    let queue_size = settings.queue_size.unwrap_or(SPAN_QUEUE_SIZE);
    let batch = BatchConfigBuilder::default()
        .with_max_queue_size(queue_size)
        .with_max_export_batch_size(settings.batch_size.unwrap_or(SPAN_BATCH_SIZE).min(queue_size))
        .with_scheduled_delay(settings.interval.unwrap_or(SPAN_EXPORT_INTERVAL))
        .build();
    let exporter = WatchedExporter::new(exporter.build()?, Arc::clone(health));
    let processor = BatchSpanProcessor::builder(exporter).with_batch_config(batch).build();
    Ok(SdkTracerProvider::builder()
        .with_resource(resource(settings, service))
        .with_span_processor(BoundedProcessor::new(processor, Arc::clone(health), queue_size))
        .build())
}

/// The environment (`OTEL_RESOURCE_ATTRIBUTES`, `OTEL_SERVICE_NAME`) wins over what the code says, attribute by attribute.
fn resource(settings: &TraceSettings, service: &'static str) -> Resource {
    let environment = Resource::builder().build();
    let named = |name: &'static str| {
        environment
            .get(&Key::from_static_str(name))
            .filter(|value| name != attribute::SERVICE_NAME || !value.as_str().starts_with(UNNAMED))
    };
    let mut builder = Resource::builder();
    for (name, default) in [
        (attribute::SERVICE_NAME, service),
        (attribute::SERVICE_NAMESPACE, "shop"),
        (attribute::SERVICE_VERSION, env!("CARGO_PKG_VERSION")),
        (attribute::DEPLOYMENT_ENVIRONMENT_NAME, "local"),
    ] {
        if named(name).is_none() {
            builder = builder.with_attribute(KeyValue::new(name, default));
        }
    }
    if let Some(name) = &settings.service_name {
        builder = builder.with_attribute(KeyValue::new(attribute::SERVICE_NAME, name.clone()));
    }
    builder.build()
}
