use proptest::prelude::*;

use super::*;

fn phases(text: &str) -> Phases {
    text.parse().unwrap()
}

fn error(text: &str) -> String {
    text.parse::<Phases>().unwrap_err().to_string()
}

#[test]
fn reads_phases() {
    assert_eq!(
        phases("baseline:1.5m@20, spike:500ms@200,ramp-up:1h@1..100,steady@0.5").0,
        [
            ("baseline", Some(90_000), 20.0, 20.0),
            ("spike", Some(500), 200.0, 200.0),
            ("ramp-up", Some(3_600_000), 1.0, 100.0),
            ("steady", None, 0.5, 0.5),
        ]
        .map(|(name, ms, from, to)| Phase {
            name: name.into(),
            duration: ms.map(Duration::from_millis),
            from,
            to
        })
    );
}

#[test]
fn refuses_what_makes_no_sense() {
    for (text, found) in [
        ("", ""),
        ("baseline", "baseline"),
        ("x@", "x@"),
        (":1s@1", ":1s@1"),
        ("a b:1s@1", "a b:1s@1"),
        ("x:1@1", "x:1@1"),
        ("x:1d@1", "x:1d@1"),
        ("x:-1s@1", "x:-1s@1"),
        ("x:0s@1", "x:0ns"),
        ("x:1s@1..", "x:1s@1.."),
        ("x@1,y:1s@1", "x without a duration, before y"),
        ("x@1..2", "x without a duration, with a rate that changes"),
    ] {
        assert!(
            error(text).starts_with(&format!("phases: found \"{found}\", expected phases like")),
            "{}",
            error(text)
        );
    }
    for rate in ["0", "-1", "20001", "NaN", "inf"] {
        assert!(error(&format!("x:1s@{rate}")).contains("requests a second, expected more than 0"), "{rate}");
    }
}

#[test]
fn a_constant_rate_is_evenly_spaced() {
    let moments: Vec<_> = phases("x:1s@4").arrivals(1.0).collect();
    assert_eq!(moments, [0, 250, 500, 750].map(|ms| (0, Duration::from_millis(ms))));
    // Two requests a journey: half as many journeys.
    assert_eq!(phases("x:1s@4").arrivals(2.0).count(), 2);
}

#[test]
fn phases_follow_each_other() {
    let moments: Vec<_> =
        phases("a:1s@2,b:1s@1,c@1").arrivals(1.0).take(5).map(|(at, m)| (at, m.as_millis())).collect();
    assert_eq!(moments, [(0, 0), (0, 500), (1, 1_000), (2, 2_000), (2, 3_000)]);
}

#[test]
fn a_ramp_sends_what_lies_under_its_line() {
    for (text, expected) in [("x:10s@10..30", 200), ("x:10s@30..10", 200), ("x:10s@0.0001..20", 100)] {
        let moments: Vec<_> = phases(text).arrivals(1.0).map(|(_, moment)| moment).collect();
        assert!(moments.len().abs_diff(expected) <= 1, "{text}: {}", moments.len());
        assert!(moments.is_sorted());
        assert!(*moments.last().unwrap() < Duration::from_secs(10));
    }
    let rising: Vec<_> = phases("x:10s@10..30").arrivals(1.0).map(|(_, moment)| moment).collect();
    let first_half = rising.iter().filter(|moment| **moment < Duration::from_secs(5)).count();
    assert!(first_half.abs_diff(75) <= 1, "{first_half}");
}

#[test]
fn shapes() {
    let spike = Phases::spike(10.0, 5.0, Duration::from_secs(30)).unwrap();
    assert_eq!(spike.names().collect::<Vec<_>>(), ["baseline", "spike", "after"]);
    assert_eq!(spike.arrivals(1.0).filter(|(at, _)| *at == 1).count(), 500);
    assert_eq!(spike.duration(), Some(Duration::from_secs(30)));
    assert_eq!(Phases::constant(1.0, None).unwrap().duration(), None);
    let ramp = Phases::ramp(100.0, Duration::from_secs(10)).unwrap();
    assert!(ramp.arrivals(1.0).count().abs_diff(550) <= 1);
}

proptest! {
    #[test]
    fn no_text_is_too_strange(text in "[a-z]{0,3}:?[0-9.e-]{0,6}(ms|s|m|h|d)?@?[0-9.e-]{0,8},?[a-z]?@?[0-9]?") {
        if let Ok(phases) = text.parse::<Phases>() {
            prop_assert!(phases.arrivals(1.47).take(1_000).is_sorted_by(|a, b| a <= b));
        }
    }
}
