use std::sync::Mutex;

use opentelemetry::trace::{Tracer, TracerProvider};
use opentelemetry_sdk::{
    error::OTelSdkError,
    trace::{BatchConfigBuilder, SdkTracerProvider},
};
use testkit::Sink;

use super::*;
use crate::logs::writer::LineWriter;

/// An exporter that fails while told to, and may be held.
#[derive(Debug, Clone, Default)]
struct Scripted {
    failing: Arc<AtomicBool>,
    held: Arc<Mutex<()>>,
}

impl SpanExporter for Scripted {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        drop(self.held.lock().unwrap());
        if self.failing.load(Ordering::Relaxed) {
            Err(OTelSdkError::InternalFailure("nobody there".into()))
        } else {
            Ok(())
        }
    }
}

struct Setup {
    provider: SdkTracerProvider,
    health: Arc<SpanHealth>,
    exporter: Scripted,
    sink: Sink,
    logger: Logger,
}

impl Setup {
    fn new(queue: usize) -> Self {
        let sink = Sink::default();
        let logger = Logger::new("catalog", &Default::default(), LineWriter::to(sink.clone()));
        let health = Arc::new(SpanHealth::new(logger.clone()));
        let exporter = Scripted::default();
        let batch = BatchConfigBuilder::default()
            .with_max_queue_size(queue)
            .with_max_export_batch_size(queue)
            .with_scheduled_delay(Duration::from_secs(60))
            .build();
        let watched = WatchedExporter::new(exporter.clone(), Arc::clone(&health));
        let processor = BatchSpanProcessor::builder(watched).with_batch_config(batch).build();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(BoundedProcessor::new(processor, Arc::clone(&health), queue))
            .build();
        Self { provider, health, exporter, sink, logger }
    }

    fn spans(&self, count: usize) {
        let tracer = self.provider.tracer("test");
        for _ in 0..count {
            tracer.start("span");
        }
    }

    fn messages(&self) -> Vec<String> {
        self.logger.flush();
        self.sink.lines().iter().map(|line| line["msg"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn exported_spans_are_counted() {
    let setup = Setup::new(100);
    setup.spans(30);
    setup.provider.force_flush().unwrap();
    assert_eq!((setup.health.exported(), setup.health.lost()), (30, 0));
    assert!(setup.messages().is_empty());
}

#[test]
fn an_outage_is_reported_once_when_it_begins_and_once_when_it_ends() {
    let setup = Setup::new(100);
    setup.exporter.failing.store(true, Ordering::Relaxed);
    for _ in 0..5 {
        setup.spans(10);
        assert!(setup.provider.force_flush().is_err());
    }
    assert_eq!((setup.health.exported(), setup.health.lost_in_export()), (0, 50));
    assert_eq!(setup.messages(), ["span export failed, spans are lost until the collector answers"]);
    setup.exporter.failing.store(false, Ordering::Relaxed);
    for _ in 0..2 {
        setup.spans(10);
        setup.provider.force_flush().unwrap();
    }
    assert_eq!(setup.messages()[1..], ["span export works again"]);
    assert_eq!(setup.sink.lines()[1]["spans_lost"], 50);
    setup.exporter.failing.store(true, Ordering::Relaxed);
    setup.spans(1);
    assert!(setup.provider.force_flush().is_err());
    assert_eq!(setup.messages().len(), 3, "a second outage is news again");
}

#[test]
fn what_finds_the_queue_full_is_counted_exactly_and_reported_once() {
    let setup = Setup::new(8);
    let held = setup.exporter.held.lock().unwrap();
    // The worker takes eight into its hands and hangs; they still count as waiting.
    setup.spans(100);
    assert_eq!(setup.health.lost_in_queue(), 92);
    drop(held);
    setup.provider.force_flush().unwrap();
    setup.provider.force_flush().unwrap();
    assert_eq!((setup.health.exported(), setup.health.lost_in_queue()), (8, 92));
    assert_eq!(setup.messages(), ["span queue is full, spans are dropped"]);
}

#[test]
fn what_is_left_at_the_end_is_reported() {
    let setup = Setup::new(8);
    let held = setup.exporter.held.lock().unwrap();
    setup.spans(3);
    let result = setup.provider.shutdown_with_timeout(Duration::from_millis(50));
    setup.health.closed(result.err().map(|error| error.to_string()));
    assert_eq!(setup.messages(), ["spans were left at the end"]);
    assert_eq!(setup.sink.lines()[0]["spans_lost"], 3);
    drop(held);
}
