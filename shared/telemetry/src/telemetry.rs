//! The value that holds everything a service needs to be observed.

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::Router;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::Level;
use tracing_subscriber::{Layer, Registry, filter::FilterFn, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    chaos::Chaos,
    clock,
    logs::{Logger, layer::JsonLayer, writer::LineWriter},
    metrics::{Kind, Metrics, Observed},
    names::{label, metric, value},
    request::RequestLayer,
    settings::Settings,
    traces::{self, health::SpanHealth},
};

/// How long spans may take to leave the process when it ends.
pub const FLUSH_LIMIT: Duration = Duration::from_secs(3);

/// What a service is: its name and the routes that it answers users on.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    pub name: &'static str,
    pub endpoints: &'static [Endpoint],
    /// Error statuses besides 500 whose series exist from the start.
    pub more_errors: &'static [u16],
}

/// A route, its method and the status of success.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint {
    pub method: &'static str,
    pub path: &'static str,
    pub success: u16,
}

/// Logs, metrics, traces and faults of one service.
pub struct Telemetry {
    service: Service,
    settings: Settings,
    logger: Logger,
    metrics: Metrics,
    chaos: Chaos,
    spans: Arc<SpanHealth>,
    traces: Option<(SdkTracerProvider, SdkTracer)>,
    ready: AtomicBool,
}

/// Telemetry that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot register metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    #[error("cannot set up the export of spans: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    #[error("another subscriber is installed already")]
    Installed,
}

impl Telemetry {
    /// Starts with log lines on standard output. Call it inside a tokio runtime: the exporter needs one.
    ///
    /// # Errors
    /// An endpoint that is no address; everything else would be a defect of this crate.
    pub fn start(service: Service, settings: Settings) -> Result<Arc<Self>, StartError> {
        Self::start_with(service, settings, LineWriter::stdout())
    }

    /// As [`Telemetry::start`], with log lines going to `sink`.
    ///
    /// # Errors
    /// As [`Telemetry::start`].
    pub fn start_to(
        service: Service,
        settings: Settings,
        sink: impl Write + Send + 'static,
    ) -> Result<Arc<Self>, StartError> {
        Self::start_with(service, settings, LineWriter::to(sink))
    }

    fn start_with(service: Service, settings: Settings, writer: LineWriter) -> Result<Arc<Self>, StartError> {
        let logger = Logger::new(service.name, &settings.logs, writer);
        let metrics = Metrics::new(&service, clock::now())?;
        let spans = Arc::new(SpanHealth::new(logger.clone()));
        let traces = if settings.traces.disabled {
            None
        } else {
            let provider = traces::provider(&settings.traces, service.name, &spans)?;
            let tracer = provider.tracer("telemetry");
            Some((provider, tracer))
        };
        let chaos = Chaos::new(service, settings.chaos.clone(), logger.clone());
        let telemetry =
            Self { service, settings, logger, metrics, chaos, spans, traces, ready: AtomicBool::new(true) };
        telemetry.register_own_metrics()?;
        Ok(Arc::new(telemetry))
    }

    /// Makes `tracing` events and spans of this process, and panics, part of this telemetry. Once a process.
    ///
    /// # Errors
    /// Another subscriber is there already.
    pub fn install(&self) -> Result<(), StartError> {
        let logger = self.logger.clone();
        std::panic::set_hook(Box::new(move |panic| {
            logger.line(Level::ERROR, |line| {
                let place = panic.location().map(ToString::to_string).unwrap_or_default();
                line.str("location", &place).display(crate::names::log::MSG, panic);
            });
        }));
        self.subscriber().try_init().map_err(|_| StartError::Installed)
    }

    /// The subscriber that [`Telemetry::install`] sets for the process; tests set it for a thread.
    ///
    /// Filters stand beside each layer: a filter over both would take the spans away together with the lines.
    pub fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + 'static + use<> {
        let name = self.service.name;
        let lines = JsonLayer::new(self.logger.clone()).with_filter(self.settings.logs.targets(name));
        let spans = self.traces.as_ref().map(|(_, tracer)| {
            tracing_opentelemetry::layer()
                .with_tracer(tracer.clone())
                .with_location(false)
                .with_threads(false)
                .with_target(false)
                .with_tracked_inactivity(false)
                // Our own spans only: those of the exporter's transport would be exported in turn, without end. Events stay
                // log lines: copied into spans they cost a third of the CPU time of a request.
                .with_filter(FilterFn::new(move |metadata| {
                    let target = metadata.target();
                    let own = [name, "telemetry"].iter().any(|own| {
                        target.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
                    });
                    metadata.is_span() && own && *metadata.level() <= Level::INFO
                }))
        });
        Registry::default().with(lines).with(spans)
    }

    /// Wraps a router of user-facing routes with span, exemplar, count, log line and faults, and adds the operational
    /// routes, which have none of these.
    pub fn wrap(self: &Arc<Self>, routes: Router) -> Router {
        routes
            .layer(axum::extract::DefaultBodyLimit::max(crate::json::BODY_LIMIT))
            .layer(RequestLayer::new(Arc::clone(self)))
            .merge(crate::ops::router(Arc::clone(self)))
    }

    pub fn service(&self) -> &Service {
        &self.service
    }

    pub fn logger(&self) -> &Logger {
        &self.logger
    }

    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    pub fn chaos(&self) -> &Chaos {
        &self.chaos
    }

    pub fn spans(&self) -> &SpanHealth {
        &self.spans
    }

    pub(crate) fn tracer(&self) -> Option<&SdkTracer> {
        self.traces.as_ref().map(|(_, tracer)| tracer)
    }

    pub(crate) fn counts_requests(&self) -> bool {
        self.settings.metrics
    }

    /// Whether new requests are welcome.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    pub(crate) fn set_draining(&self) {
        self.ready.store(false, Ordering::Relaxed);
    }

    /// Exports what is queued and writes the last log lines: [`FLUSH_LIMIT`] and one second at most.
    pub async fn shutdown(self: &Arc<Self>) {
        let this = Arc::clone(self);
        // The call blocks, and on a runtime with one thread it would wait for a task that this thread has to run.
        let flushed = tokio::task::spawn_blocking(move || {
            if let Some((provider, _)) = &this.traces {
                let result = provider.shutdown_with_timeout(FLUSH_LIMIT);
                this.spans.closed(result.err().map(|error| error.to_string()));
            }
            this.logger.flush();
        });
        if let Err(error) = flushed.await {
            self.logger.line(Level::ERROR, |line| {
                line.display("error", error).msg("spans could not be flushed");
            });
        }
    }

    fn register_own_metrics(&self) -> Result<(), prometheus::Error> {
        let name = self.service.name;
        let lost = |read: fn(&SpanHealth) -> u64| {
            let spans = Arc::clone(&self.spans);
            move || Some(read(&spans) as f64)
        };
        self.metrics.register(
            Observed::new(
                Kind::Counter,
                metric::TELEMETRY_SPANS_DROPPED_TOTAL,
                "Spans that were lost.",
                &[label::REASON, label::SERVICE],
            )?
            .series(&[value::QUEUE_FULL, name], lost(SpanHealth::lost_in_queue))
            .series(&[value::EXPORT_FAILED, name], lost(SpanHealth::lost_in_export)),
        )?;
        self.metrics.register(
            Observed::new(
                Kind::Counter,
                metric::TELEMETRY_SPANS_EXPORTED_TOTAL,
                "Spans that the collector acknowledged.",
                &[label::SERVICE],
            )?
            .series(&[name], lost(SpanHealth::exported)),
        )?;
        let logger = self.logger.clone();
        self.metrics.register(
            Observed::new(
                Kind::Counter,
                metric::TELEMETRY_LOG_LINES_DROPPED_TOTAL,
                "Log lines that were lost because nobody read them.",
                &[label::SERVICE],
            )?
            .series(&[name], move || Some(logger.dropped() as f64)),
        )?;
        let (rate, latency) = (self.chaos.clone(), self.chaos.clone());
        self.metrics.register(
            Observed::new(
                Kind::Gauge,
                metric::CHAOS_ERROR_RATE,
                "Share of requests that fail on purpose now, 0 to 1.",
                &[label::SERVICE],
            )?
            .series(&[name], move || Some(rate.current().error_rate)),
        )?;
        self.metrics.register(
            Observed::new(
                Kind::Gauge,
                metric::CHAOS_LATENCY_SECONDS,
                "Latency added on purpose now, in seconds.",
                &[label::SERVICE],
            )?
            .series(&[name], move || Some(latency.current().latency_ms as f64 / 1_000.0)),
        )
    }
}

impl Drop for Telemetry {
    /// Without [`Telemetry::shutdown`] before: the provider's own end blocks until the last export is over, which on a
    /// runtime with one thread cannot happen while that thread waits. So it ends elsewhere.
    fn drop(&mut self) {
        if let Some(traces) = self.traces.take() {
            // If no thread can be had the spans are lost, as is the process.
            let _ = std::thread::Builder::new().name("span-flush".into()).spawn(move || drop(traces));
        }
    }
}
