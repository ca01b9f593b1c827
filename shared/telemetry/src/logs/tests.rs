use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState},
};
use serde_json::json;
use testkit::Sink;
use tracing_subscriber::{Registry, layer::SubscriberExt};

use super::{layer::JsonLayer, *};

fn logger(filter: &str) -> (Logger, Sink) {
    let sink = Sink::default();
    (Logger::new("catalog", &filter.parse().unwrap(), LineWriter::to(sink.clone())), sink)
}

/// Runs `emit` with a subscriber of one layer, and returns the lines without their time.
fn lines(emit: impl FnOnce()) -> Vec<serde_json::Value> {
    let (logger, sink) = logger("trace");
    tracing::subscriber::with_default(Registry::default().with(JsonLayer::new(logger.clone())), emit);
    logger.flush();
    let mut lines = sink.lines();
    for line in &mut lines {
        let time = line.as_object_mut().unwrap().remove("timestamp").unwrap();
        assert!(chrono::DateTime::parse_from_rfc3339(time.as_str().unwrap()).is_ok(), "{time}");
    }
    lines
}

#[test]
fn an_event_becomes_a_flat_line() {
    let lines = lines(|| {
        tracing::warn!(count = 3u64, ratio = 0.5, ok = true, delta = -1i64, name = "a\"b", who = ?Some(1), "hello {}", 7);
    });
    assert_eq!(
        lines,
        [json!({
            "level": "WARN", "service": "catalog", "target": "telemetry::logs::tests", "count": 3, "ratio": 0.5,
            "ok": true, "delta": -1, "name": "a\"b", "who": "Some(1)", "msg": "hello 7",
        })]
    );
}

#[test]
fn a_field_cannot_stand_in_for_a_fixed_key() {
    let lines = lines(|| tracing::info!(level = "x", service = "y", trace_id = "z", msg = "w", "real"));
    assert_eq!(lines[0]["level"], "INFO");
    assert_eq!(lines[0]["field_level"], "x");
    assert_eq!(lines[0]["field_service"], "y");
    assert_eq!(lines[0]["field_trace_id"], "z");
    assert_eq!(lines[0]["field_msg"], "w");
    assert_eq!(lines[0]["msg"], "real");
}

#[test]
fn lines_carry_the_ids_of_the_active_span() {
    let span = SpanContext::new(
        TraceId::from(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736),
        SpanId::from(0x00f0_67aa_0ba9_02b7),
        TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    );
    let lines = lines(|| {
        tracing::info!("outside");
        let _active = Context::new().with_remote_span_context(span).attach();
        tracing::info!("inside");
    });
    assert_eq!(lines[0].get("trace_id"), None);
    assert_eq!(lines[1]["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(lines[1]["span_id"], "00f067aa0ba902b7");
}

#[test]
fn the_sdk_says_a_thing_once_and_leaves_outages_to_the_account() {
    let lines = lines(|| {
        for _ in 0..10 {
            tracing::warn!(name: "Sampler.Unknown", target: "opentelemetry_sdk", "x");
            tracing::error!(name: "BatchSpanProcessor.ExportError", target: "opentelemetry_sdk", "y");
            tracing::warn!(name: "Export.Failed.Exhausted", target: "opentelemetry-otlp", "z");
        }
    });
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["msg"], "x");
}

#[test]
fn levels_below_the_filter_are_not_written() {
    let (logger, sink) = logger("warn");
    for level in [Level::TRACE, Level::DEBUG, Level::INFO, Level::WARN, Level::ERROR] {
        logger.line(level, |line| {
            line.msg("m");
        });
    }
    logger.flush();
    let levels: Vec<_> = sink.lines().iter().map(|line| line["level"].clone()).collect();
    assert_eq!(levels, ["WARN", "ERROR"]);
}

#[test]
fn a_value_that_logs_while_it_is_written() {
    struct Chatty(Logger);
    impl std::fmt::Display for Chatty {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            self.0.line(Level::INFO, |line| {
                line.msg("inner");
            });
            f.write_str("value")
        }
    }
    let (logger, sink) = logger("info");
    logger.line(Level::INFO, |line| {
        line.display("chatty", Chatty(logger.clone())).msg("outer");
    });
    logger.flush();
    let messages: Vec<_> = sink.lines().iter().map(|line| line["msg"].clone()).collect();
    assert_eq!(messages, ["inner", "outer"]);
}

#[test]
fn latencies_are_exact() {
    let (logger, sink) = logger("info");
    for micros in [0, 1, 999, 1_000, 12_345_678] {
        logger.line(Level::INFO, |line| {
            line.millis("latency_ms", std::time::Duration::from_micros(micros)).msg("m");
        });
    }
    logger.flush();
    let written: Vec<_> = sink.lines().iter().map(|line| line["latency_ms"].as_f64().unwrap()).collect();
    assert_eq!(written, [0.0, 0.001, 0.999, 1.0, 12_345.678]);
}
