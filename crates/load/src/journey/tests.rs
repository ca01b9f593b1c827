use rand::SeedableRng;

use super::*;

#[test]
fn the_mix_is_as_stated() {
    let mut rng = StdRng::seed_from_u64(1);
    let drawn: Vec<_> = (0..100_000).map(|_| Journey::draw(&mut rng, true)).collect();
    for (journey, parts) in MIX {
        let share = drawn.iter().filter(|drawn| **drawn == journey).count() as f64 / 1_000.0;
        assert!((share - f64::from(parts)).abs() < 1.0, "{journey:?}: {share} %");
    }
    let average = drawn.iter().map(|journey| journey.requests()).sum::<u64>() as f64 / 100_000.0;
    assert!((average - Journey::average_requests(true)).abs() < 0.01, "{average}");
    assert_eq!(Journey::average_requests(true), 1.47);
}

#[test]
fn without_a_catalog_nobody_asks_for_an_item() {
    let mut rng = StdRng::seed_from_u64(1);
    assert!((0..10_000).all(|_| Journey::draw(&mut rng, false) != Journey::Item));
    assert!((Journey::average_requests(false) - 107.0 / 80.0).abs() < 1e-9);
}

#[test]
fn a_seed_repeats_the_journeys() {
    let draw = |seed| {
        let mut rng = StdRng::seed_from_u64(seed);
        (0..100).map(|_| Journey::draw(&mut rng, true)).collect::<Vec<_>>()
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
}

#[test]
fn orders_are_made_of_listed_items() {
    let mut rng = StdRng::seed_from_u64(1);
    let list = json!({"items": [{"id": "7", "price": 2.5, "name": "x"}]});
    for _ in 0..100 {
        let order = order(&list, &mut rng).unwrap();
        let lines = order["items"].as_array().unwrap();
        assert!((1..=3).contains(&lines.len()));
        for line in lines {
            assert_eq!((line["id"].as_str(), line["price"].as_f64()), (Some("7"), Some(2.5)));
            assert!((1..=4).contains(&line["quantity"].as_u64().unwrap()));
        }
    }
    for broken in [json!(null), json!({}), json!({"items": []}), json!({"items": [1]}), json!({"items": "x"})]
    {
        assert_eq!(super::order(&broken, &mut rng), None, "{broken}");
    }
}
