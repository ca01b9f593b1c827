use serde_json::json;
use testkit::Sink;

use super::*;
use crate::{logs::writer::LineWriter, telemetry::Endpoint};

const SERVICE: Service = Service {
    name: "catalog",
    endpoints: &[
        Endpoint { method: "GET", path: "/items", success: 200 },
        Endpoint { method: "GET", path: "/items/{id}", success: 200 },
    ],
    more_errors: &[],
};

fn chaos(spec: ChaosSpec) -> (Chaos, Sink, Logger) {
    let sink = Sink::default();
    let logger = Logger::new("catalog", &Default::default(), LineWriter::to(sink.clone()));
    (Chaos::new(SERVICE, spec, logger.clone()), sink, logger)
}

fn errors(rate: f64) -> ChaosSpec {
    ChaosSpec { error_rate: rate, ..ChaosSpec::default() }
}

#[tokio::test(start_paused = true)]
async fn a_fault_ends_by_itself_and_says_so() {
    let (chaos, sink, logger) = chaos(ChaosSpec::default());
    chaos.set(ChaosSpec { ttl_seconds: 10, ..errors(1.0) });
    assert_eq!(chaos.remaining(), Some(Duration::from_secs(10)));
    tokio::time::sleep(Duration::from_millis(9_990)).await;
    assert!(chaos.decide("/items").unwrap().error);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(chaos.is_off() && chaos.decide("/items").is_none() && chaos.remaining().is_none());
    logger.flush();
    let causes: Vec<_> = sink.with_msg("chaos changed").iter().map(|line| line["cause"].clone()).collect();
    assert_eq!(causes, ["set", "expired"]);
}

#[tokio::test(start_paused = true)]
async fn a_new_fault_is_not_ended_by_the_time_of_the_old_one() {
    let (chaos, ..) = chaos(ChaosSpec::default());
    chaos.set(ChaosSpec { ttl_seconds: 10, ..errors(1.0) });
    tokio::time::sleep(Duration::from_secs(5)).await;
    chaos.set(ChaosSpec { ttl_seconds: 10, ..errors(0.5) });
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert_eq!(chaos.current().error_rate, 0.5);
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(chaos.is_off());
}

#[tokio::test(start_paused = true)]
async fn a_time_of_zero_has_no_end() {
    let (chaos, ..) = chaos(ChaosSpec { ttl_seconds: 0, ..errors(1.0) });
    tokio::time::sleep(Duration::from_secs(1_000_000)).await;
    assert_eq!((chaos.current().error_rate, chaos.remaining()), (1.0, None));
    chaos.reset();
    assert!(chaos.is_off());
}

#[tokio::test]
async fn each_change_is_a_line() {
    let (chaos, sink, logger) = chaos(errors(0.25));
    chaos.set(ChaosSpec { latency_ms: 500, jitter_ms: 50, routes: vec!["/items".into()], ..errors(0.5) });
    chaos.reset();
    logger.flush();
    let mut lines = sink.with_msg("chaos changed");
    lines.iter_mut().for_each(|line| drop(line.as_object_mut().unwrap().remove("timestamp")));
    let line = |level: &str, cause: &str, rate: f64, latency: u64, jitter: u64, routes: &str| {
        json!({
            "level": level, "service": "catalog", "cause": cause, "error_rate": rate, "latency_ms": latency,
            "jitter_ms": jitter, "routes": routes, "ttl_seconds": 600, "msg": "chaos changed",
        })
    };
    // Numbers are compared as numbers: 0 and 0.0 are the same.
    let expected = [
        line("WARN", "start", 0.25, 0, 0, ""),
        line("WARN", "set", 0.5, 500, 50, "/items"),
        line("INFO", "reset", 0.0, 0, 0, ""),
    ];
    for (line, mut expected) in lines.iter().zip(expected.clone()) {
        if line["error_rate"].as_f64() == expected["error_rate"].as_f64() {
            expected["error_rate"] = line["error_rate"].clone();
        }
        assert_eq!(*line, expected);
    }
    assert_eq!(lines.len(), expected.len());
}

#[tokio::test]
async fn the_dice_follow_rate_jitter_and_routes() {
    let (chaos, ..) =
        chaos(ChaosSpec { latency_ms: 100, jitter_ms: 50, routes: vec!["/items".into()], ..errors(0.3) });
    let faults: Vec<_> = (0..10_000).map(|_| chaos.decide("/items").unwrap()).collect();
    let failed = faults.iter().filter(|fault| fault.error).count();
    // Six standard deviations around 3000.
    assert!((2_725..=3_275).contains(&failed), "{failed}");
    let (least, most) = (Duration::from_millis(100), Duration::from_millis(150));
    assert!(faults.iter().all(|fault| (least..=most).contains(&fault.latency)));
    assert!(
        faults.iter().any(|fault| fault.latency == least) && faults.iter().any(|fault| fault.latency == most)
    );
    assert_eq!(chaos.decide("/items/{id}"), None);
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_comes_too_late_ends_nothing() {
    let (chaos, ..) = chaos(ChaosSpec::default());
    chaos.set(ChaosSpec { ttl_seconds: 10, ..errors(1.0) });
    // As the timer of a fault before, which woke while the change held the lock and could not be stopped any more.
    expire(Arc::downgrade(&chaos.0), Duration::ZERO).await;
    assert_eq!(chaos.current().error_rate, 1.0);
}
