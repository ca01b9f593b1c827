//! What users do: a mix of short journeys, drawn from a seed.

use rand::{RngExt, rngs::StdRng};
use serde_json::{Value, json};

/// What a user came for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Journey {
    /// Looks at the list.
    Browse,
    /// Looks at the list, then at an item of it.
    Item,
    /// Looks at the list, then buys something.
    Purchase,
    /// Sends an order that cannot be taken: 4xx, which is the user's mistake and not the shop's.
    InvalidPurchase,
}

/// How often each journey comes, in parts of a hundred.
const MIX: [(Journey, u32); 4] =
    [(Journey::Browse, 50), (Journey::Item, 20), (Journey::Purchase, 27), (Journey::InvalidPurchase, 3)];

impl Journey {
    /// The next one. Without a catalog to ask, nobody looks at single items.
    pub fn draw(rng: &mut StdRng, with_items: bool) -> Self {
        let mut point = rng.random_range(0..weight(with_items));
        for (journey, parts) in mix(with_items) {
            if point < parts {
                return journey;
            }
            point -= parts;
        }
        Self::Browse
    }

    /// How many requests it takes.
    pub fn requests(self) -> u64 {
        match self {
            Self::Browse | Self::InvalidPurchase => 1,
            Self::Item | Self::Purchase => 2,
        }
    }

    /// How many requests a journey of the mix takes on average.
    pub fn average_requests(with_items: bool) -> f64 {
        let requests: u64 =
            mix(with_items).map(|(journey, parts)| journey.requests() * u64::from(parts)).sum();
        requests as f64 / f64::from(weight(with_items))
    }
}

fn mix(with_items: bool) -> impl Iterator<Item = (Journey, u32)> {
    MIX.into_iter().filter(move |(journey, _)| with_items || *journey != Journey::Item)
}

fn weight(with_items: bool) -> u32 {
    mix(with_items).map(|(_, parts)| parts).sum()
}

/// An item of the list; `None` when the answer is not a list of items.
pub fn pick<'a>(list: &'a Value, rng: &mut StdRng) -> Option<&'a Value> {
    let items = list.get("items")?.as_array()?;
    items.get(rng.random_range(0..items.len().max(1)))
}

/// An order of one to three of the items.
pub fn order(list: &Value, rng: &mut StdRng) -> Option<Value> {
    let count = rng.random_range(1..=3);
    let lines: Option<Vec<_>> = (0..count)
        .map(|_| {
            let item = pick(list, rng)?;
            Some(json!({"id": item.get("id")?, "price": item.get("price")?, "quantity": rng.random_range(1..=4)}))
        })
        .collect();
    Some(json!({"items": lines?}))
}

/// The body of an order that cannot be taken, each in its own way.
pub fn invalid_order(rng: &mut StdRng) -> &'static str {
    const BODIES: [&str; 5] = [
        r#"{"items":[]}"#,
        r#"{"items":[{"id":"1","price":-19.99,"quantity":1}]}"#,
        r#"{"items":[{"id":"1","price":19.99,"quantity":0}]}"#,
        r#"{"items":[{"id":"1","price":"free","quantity":1}]}"#,
        r#"{"items":[{"id":"1""#,
    ];
    BODIES[rng.random_range(0..BODIES.len())]
}

#[cfg(test)]
mod tests;
