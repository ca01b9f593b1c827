//! What depends on the environment, on signals and on standard streams: the binary as a process of its own.

use std::time::{Duration, Instant};

use testkit::{Collector, Process, collector::text};

const BINARY: &str = env!("CARGO_BIN_EXE_catalog");
const SAMPLED: &str = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n";

/// Variables that let spans leave at once.
fn quick<'a>(endpoint: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), ("OTEL_BSP_SCHEDULE_DELAY", "20")], more].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environment_names_the_service_and_its_resource() {
    let collector = Collector::start().await;
    let endpoint = collector.endpoint();
    let resource = "deployment.environment.name=staging,team=blue";
    for (more, name, environment) in [
        (&[][..], "catalog", "local"),
        (&[("OTEL_SERVICE_NAME", "other")], "other", "local"),
        (&[("OTEL_RESOURCE_ATTRIBUTES", "service.name=attributed")], "attributed", "local"),
        (&[("OTEL_RESOURCE_ATTRIBUTES", resource)], "catalog", "staging"),
        (&[("OTEL_RESOURCE_ATTRIBUTES", "service.name=a"), ("OTEL_SERVICE_NAME", "b")], "b", "local"),
    ] {
        let before = collector.spans().len();
        let process = Process::start(BINARY, &quick(&endpoint, more));
        process.get("/items", "");
        let span = &collector.wait_for(before + 1).await[before];
        assert_eq!(span.resource("service.name"), text(name), "{more:?}");
        assert_eq!(span.resource("deployment.environment.name"), text(environment), "{more:?}");
        // Metrics and lines keep the name that dashboards know.
        assert_eq!(process.wait_for("GET /items 200")["service"], "catalog");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sampler_of_the_environment_is_obeyed() {
    let collector = Collector::start().await;
    let endpoint = collector.endpoint();
    for (sampler, argument, headers, expected) in [
        ("always_off", "", "", 0),
        ("always_off", "", SAMPLED, 0),
        ("always_on", "", "", 1),
        ("parentbased_always_off", "", "", 0),
        ("parentbased_always_off", "", SAMPLED, 1),
        ("traceidratio", "0", SAMPLED, 0),
        ("parentbased_traceidratio", "1", "", 1),
    ] {
        let before = collector.spans().len();
        let more = [("OTEL_TRACES_SAMPLER", sampler), ("OTEL_TRACES_SAMPLER_ARG", argument)];
        let mut process = Process::start(BINARY, &quick(&endpoint, &more));
        process.get("/items", headers);
        process.terminate();
        assert!(process.wait(Duration::from_secs(5)).success());
        assert_eq!(collector.spans().len() - before, expected, "{sampler} {argument} {headers}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_can_be_disabled() {
    let collector = Collector::start().await;
    let mut process = Process::start(BINARY, &quick(&collector.endpoint(), &[("OTEL_SDK_DISABLED", "true")]));
    process.get("/items", SAMPLED);
    process.terminate();
    assert!(process.wait(Duration::from_secs(5)).success());
    assert!(collector.spans().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_endpoint_for_traces_wins() {
    let collector = Collector::start().await;
    let endpoint = collector.endpoint();
    let more = [("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint.as_str())];
    let process = Process::start(BINARY, &quick("http://127.0.0.1:9", &more));
    process.get("/items", "");
    collector.wait_for(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_flushes_spans_that_wait() {
    let collector = Collector::start().await;
    let endpoint = collector.endpoint();
    let mut process = Process::start(
        BINARY,
        &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint), ("OTEL_BSP_SCHEDULE_DELAY", "60000")],
    );
    for _ in 0..20 {
        process.get("/items", "");
    }
    assert!(collector.spans().is_empty());
    process.terminate();
    assert!(process.wait(Duration::from_secs(3)).success());
    assert_eq!(collector.spans().len(), 20);
    assert_eq!(process.wait_for("stopping")["reason"], "SIGTERM");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_hangs_holds_the_end_for_three_seconds_at_most() {
    let collector = Collector::start_on("127.0.0.1:0".parse().unwrap(), Duration::from_secs(30)).await;
    let endpoint = collector.endpoint();
    let mut process = Process::start(BINARY, &quick(&endpoint, &[]));
    process.get("/items", "");
    process.terminate();
    let started = Instant::now();
    assert!(process.wait(Duration::from_secs(6)).success());
    assert!(started.elapsed() < Duration::from_millis(4_500), "{:?}", started.elapsed());
    assert_eq!(process.wait_for("spans were left at the end")["spans_lost"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_collector_fails_and_delays_no_request_and_is_reported_once() {
    // A port that nobody listens on: taken and given back.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = format!("http://{address}");
    let process = Process::start(BINARY, &quick(&endpoint, &[("OTEL_BSP_MAX_QUEUE_SIZE", "64")]));
    let deadline = Instant::now() + Duration::from_secs(4);
    let mut slowest = Duration::ZERO;
    while Instant::now() < deadline {
        let started = Instant::now();
        assert_eq!(process.get("/items", "").0, 200);
        slowest = slowest.max(started.elapsed());
    }
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    let said = |start: &str| {
        let lines = process.lines();
        lines.iter().filter(|line| line["msg"].as_str().unwrap().starts_with(start)).count()
    };
    assert_eq!(
        (said("span export failed"), said("span queue is full")),
        (1, 1),
        "{:#?}",
        process.lines().last()
    );
    let others = process
        .lines()
        .into_iter()
        .filter(|line| {
            line["level"] == "ERROR"
                || line["target"].as_str().is_some_and(|t| t.starts_with("opentelemetry"))
        })
        .count();
    assert_eq!(others, 0, "the SDK's own complaints are covered");
    let metrics = process.get("/metrics", "").1;
    let lost = |reason: &str| -> f64 {
        let series = format!("telemetry_spans_dropped_total{{reason=\"{reason}\",service=\"catalog\"}} ");
        metrics.lines().find_map(|line| line.strip_prefix(&series)).unwrap().parse().unwrap()
    };
    assert!(lost("queue_full") > 0.0 && lost("export_failed") > 0.0);
    let memory = metrics
        .lines()
        .find_map(|line| line.strip_prefix("process_resident_memory_bytes{service=\"catalog\"} "));
    // Absent where the system has no /proc.
    assert!(memory.is_none_or(|bytes| bytes.parse::<f64>().unwrap() < 100e6), "{memory:?}");

    // The collector comes back: spans arrive again, and that is said once.
    let collector = Collector::start_on(address, Duration::ZERO).await;
    process.wait_for("span export works again");
    assert!(!collector.spans().is_empty());
}

#[test]
fn the_end_of_standard_input_ends_a_supervised_service() {
    let mut process = Process::start(BINARY, &[("LAB_SUPERVISED", "1"), ("OTEL_SDK_DISABLED", "true")]);
    assert_eq!(process.get("/healthz", "").0, 200);
    process.close_input();
    assert!(process.wait(Duration::from_secs(3)).success());
    assert_eq!(process.wait_for("stopping")["reason"], "the supervisor is gone");
}

#[test]
fn without_a_supervisor_standard_input_means_nothing() {
    let mut process = Process::start(BINARY, &[("OTEL_SDK_DISABLED", "true")]);
    process.close_input();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(process.get("/healthz", "").0, 200);
}

#[test]
fn a_taken_port_is_named() {
    let process = Process::start(BINARY, &[("OTEL_SDK_DISABLED", "true")]);
    let (status, error) = Process::run(BINARY, &[], &[("LISTEN_ADDR", &process.address)]);
    assert_eq!(status.code(), Some(1));
    assert!(error.contains(&format!("cannot listen on {}", process.address)), "{error}");
    assert!(error.contains("hint: another process has this port"), "{error}");
}

#[test]
fn the_health_check_needs_no_shell() {
    let mut process = Process::start(BINARY, &[("OTEL_SDK_DISABLED", "true")]);
    let port = process.address.rsplit_once(':').unwrap().1.to_owned();
    for address in [process.address.clone(), format!("0.0.0.0:{port}")] {
        let (status, error) = Process::run(BINARY, &["healthcheck"], &[("LISTEN_ADDR", &address)]);
        assert!(status.success(), "{error}");
    }
    process.terminate();
    process.wait(Duration::from_secs(3));
    let (status, error) = Process::run(BINARY, &["healthcheck"], &[("LISTEN_ADDR", &process.address)]);
    assert_eq!(status.code(), Some(1));
    assert!(error.contains("nothing answers on"), "{error}");
}

#[test]
fn bad_settings_and_arguments_are_explained() {
    for (arguments, env, code, expected) in [
        (
            &[][..],
            ("LISTEN_ADDR", "8001"),
            1,
            "LISTEN_ADDR=8001: expected an address and a port, as in 0.0.0.0:8001",
        ),
        (&[], ("LOG_LEVEL", "loud"), 1, "LOG_LEVEL=loud: expected off, error, warn"),
        (&[], ("CHAOS_ERROR_RATE", "2"), 1, "CHAOS_ERROR_RATE=2: expected a number from 0 to 1"),
        (&["dance"], ("LOG_LEVEL", ""), 2, "unknown argument \"dance\"\nhint: catalog --help"),
        (&["serve", "now"], ("LOG_LEVEL", ""), 2, "unknown argument \"now\""),
    ] {
        let (status, error) = Process::run(BINARY, arguments, &[env]);
        assert_eq!(status.code(), Some(code), "{error}");
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn the_log_level_is_obeyed() {
    let process = Process::start(BINARY, &[("OTEL_SDK_DISABLED", "true"), ("LOG_LEVEL", "info")]);
    process.get("/items", "");
    process.get("/nope", "");
    process.wait_for("GET unmatched 404");
    assert_eq!(process.wait_for("GET /items 200")["level"], "INFO");
}

#[test]
fn chaos_can_be_in_force_from_the_start() {
    let env = [("OTEL_SDK_DISABLED", "true"), ("CHAOS_ERROR_RATE", "1"), ("CHAOS_LATENCY_MS", "30")];
    let process = Process::start(BINARY, &env);
    let started = Instant::now();
    assert_eq!(process.get("/items", "").0, 500);
    assert!(started.elapsed() >= Duration::from_millis(30));
    assert_eq!(process.wait_for("chaos changed")["cause"], "start");
    let (status, metrics) = process.get("/metrics", "");
    assert_eq!(status, 200);
    assert!(metrics.contains("chaos_error_rate{service=\"catalog\"} 1\n"));
}
