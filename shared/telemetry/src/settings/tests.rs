use super::*;

fn read(pairs: &[(&str, &str)]) -> Result<Settings, String> {
    Settings::read(&|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        .map_err(|error| error.to_string())
}

#[test]
fn nothing_set_means_the_defaults() {
    let settings = read(&[]).unwrap();
    assert!(settings.chaos.is_off() && settings.metrics && !settings.traces.disabled);
    assert_eq!(settings.traces.endpoint, None);
    assert!(settings.logs.allows("catalog", Level::INFO) && !settings.logs.allows("catalog", Level::DEBUG));
}

#[test]
fn empty_values_are_unset_values() {
    let settings =
        read(&[("LOG_LEVEL", ""), ("CHAOS_ERROR_RATE", ""), ("OTEL_EXPORTER_OTLP_ENDPOINT", "")]).unwrap();
    assert_eq!(settings.traces.endpoint, None);
}

#[test]
fn chaos_from_the_environment_has_no_end() {
    let chaos = read(&[("CHAOS_ERROR_RATE", "0.25"), ("CHAOS_LATENCY_MS", "100")]).unwrap().chaos;
    assert_eq!((chaos.error_rate, chaos.latency_ms, chaos.ttl_seconds), (0.25, 100, 0));
}

#[test]
fn the_endpoint_for_traces_wins_over_the_general_one() {
    let general = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:4317");
    let special = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://b:4317");
    assert_eq!(read(&[general]).unwrap().traces.endpoint.as_deref(), Some("http://a:4317"));
    assert_eq!(read(&[general, special]).unwrap().traces.endpoint.as_deref(), Some("http://b:4317"));
}

#[test]
fn tracing_is_switched_off_by_the_standard_variables() {
    for (pairs, disabled) in [
        (&[("OTEL_SDK_DISABLED", "true")][..], true),
        (&[("OTEL_SDK_DISABLED", "TRUE")], true),
        (&[("OTEL_SDK_DISABLED", "1")], false),
        (&[("OTEL_SDK_DISABLED", "false")], false),
        (&[("OTEL_TRACES_EXPORTER", "none")], true),
        (&[("OTEL_TRACES_EXPORTER", "otlp")], false),
    ] {
        assert_eq!(read(pairs).unwrap().traces.disabled, disabled, "{pairs:?}");
    }
}

#[test]
fn the_queue_follows_the_standard_variables() {
    let traces = read(&[
        ("OTEL_BSP_MAX_QUEUE_SIZE", "10"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "5"),
        ("OTEL_BSP_SCHEDULE_DELAY", "20"),
    ])
    .unwrap()
    .traces;
    assert_eq!((traces.queue_size, traces.batch_size), (Some(10), Some(5)));
    assert_eq!(traces.interval, Some(Duration::from_millis(20)));
}

#[test]
fn unusable_values_are_named() {
    for (name, value, expected) in [
        ("CHAOS_ERROR_RATE", "lots", "CHAOS_ERROR_RATE=lots: expected a number from 0 to 1"),
        ("CHAOS_ERROR_RATE", "1.5", "CHAOS_ERROR_RATE=1.5: expected a number from 0 to 1"),
        ("CHAOS_ERROR_RATE", "NaN", "CHAOS_ERROR_RATE=NaN: expected a number from 0 to 1"),
        (
            "CHAOS_LATENCY_MS",
            "-1",
            "CHAOS_LATENCY_MS=-1: expected a whole number of milliseconds from 0 to 60000",
        ),
        ("CHAOS_LATENCY_MS", "60001", "CHAOS_LATENCY_MS=60001: expected a whole number from 0 to 60000"),
        (
            "LOG_LEVEL",
            "verbose",
            "LOG_LEVEL=verbose: expected off, error, warn, info, debug, trace, or target=level pairs",
        ),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "tempo:4317",
            "OTEL_EXPORTER_OTLP_ENDPOINT=tempo:4317: expected an address that starts with http:// \
             (hint: http://tempo:4317)",
        ),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "https://tempo:4317",
            "OTEL_EXPORTER_OTLP_ENDPOINT=https://tempo:4317: expected an address that starts with http:// \
             (hint: http://tempo:4317)",
        ),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "OTEL_EXPORTER_OTLP_PROTOCOL=http/json: expected grpc"),
        ("OTEL_TRACES_EXPORTER", "zipkin", "OTEL_TRACES_EXPORTER=zipkin: expected otlp or none"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0", "OTEL_BSP_MAX_QUEUE_SIZE=0: expected a whole number above 0"),
    ] {
        assert_eq!(read(&[(name, value)]).unwrap_err(), expected);
    }
}

#[test]
fn log_levels_hold_libraries_back() {
    let debug: LogFilter = "DEBUG".parse().unwrap();
    let targets = debug.targets("catalog");
    assert!(targets.would_enable("catalog::routes", &Level::DEBUG));
    assert!(
        !targets.would_enable("hyper::proto", &Level::INFO) && targets.would_enable("hyper", &Level::WARN)
    );
    let error: LogFilter = "error".parse().unwrap();
    assert!(
        !error.allows("catalog", Level::WARN)
            && !error.targets("catalog").would_enable("hyper", &Level::WARN)
    );
    let listed: LogFilter = "catalog=warn,hyper=trace".parse().unwrap();
    assert!(
        !listed.allows("catalog", Level::INFO)
            && listed.targets("catalog").would_enable("hyper", &Level::TRACE)
    );
    assert!(!LogFilter::off().allows("catalog", Level::ERROR));
}
