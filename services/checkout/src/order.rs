//! An order, and everything that can be wrong with one.
//!
//! Written by hand instead of derived, because a user has to be told which field is wrong and what would be right.

use serde_json::Value;
use telemetry::json::shown;

/// Different items in one order.
const MAX_ITEMS: usize = 100;
/// Of one item.
const MAX_QUANTITY: u64 = 1_000;
/// Of one piece, in the shop's currency.
const MAX_PRICE: f64 = 1_000_000.0;
/// Bytes of an item's id.
const MAX_ID: usize = 64;

/// An order that can be charged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub lines: Vec<Line>,
}

/// Some pieces of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub id: String,
    /// Price of a piece in cents: sums of money are not added up in binary fractions.
    pub cents: u64,
    pub quantity: u64,
}

/// The first field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct InvalidOrder {
    /// For instance `items[0].price`.
    pub field: String,
    pub message: String,
}

impl Order {
    /// Reads `{"items":[{"id":"1","price":19.99,"quantity":1}]}`. Members that are not known are passed over, so that
    /// clients may be ahead of the service.
    ///
    /// # Errors
    /// The first field that is missing, of the wrong type or out of range.
    pub fn read(body: &Value) -> Result<Self, InvalidOrder> {
        let Value::Object(members) = body else { return Err(wrong("body", Some(body), "an object")) };
        let items = match members.get("items") {
            Some(Value::Array(items)) => items,
            other => return Err(wrong("items", other, "a list of items")),
        };
        if items.is_empty() {
            return Err(InvalidOrder { field: "items".into(), message: "the order is empty".into() });
        }
        if items.len() > MAX_ITEMS {
            let message = format!("found {} items, expected at most {MAX_ITEMS}", items.len());
            return Err(InvalidOrder { field: "items".into(), message });
        }
        let lines =
            items.iter().enumerate().map(|(at, item)| Line::read(at, item)).collect::<Result<_, _>>()?;
        Ok(Self { lines })
    }

    /// In cents. Cannot overflow: the limits above allow at most 10^13.
    pub fn total_cents(&self) -> u64 {
        self.lines.iter().map(|line| line.cents * line.quantity).sum()
    }
}

impl Line {
    fn read(at: usize, item: &Value) -> Result<Self, InvalidOrder> {
        let Value::Object(members) = item else {
            return Err(wrong(&format!("items[{at}]"), Some(item), "an object"));
        };
        let field = |name: &str| format!("items[{at}].{name}");
        let id = members.get("id");
        let price = members.get("price");
        let quantity = members.get("quantity");
        Ok(Self {
            id: id
                .and_then(Value::as_str)
                .filter(|id| (1..=MAX_ID).contains(&id.len()))
                .ok_or_else(|| wrong(&field("id"), id, &format!("a text of 1 to {MAX_ID} bytes")))?
                .to_owned(),
            cents: price
                .and_then(Value::as_f64)
                .filter(|price| (0.0..=MAX_PRICE).contains(price))
                .map(|price| (price * 100.0).round() as u64)
                .ok_or_else(|| wrong(&field("price"), price, &format!("a number from 0 to {MAX_PRICE}")))?,
            quantity: quantity
                .and_then(Value::as_u64)
                .filter(|quantity| (1..=MAX_QUANTITY).contains(quantity))
                .ok_or_else(|| {
                    wrong(&field("quantity"), quantity, &format!("a whole number from 1 to {MAX_QUANTITY}"))
                })?,
        })
    }
}

fn wrong(field: &str, found: Option<&Value>, expected: &str) -> InvalidOrder {
    let found = found.map_or_else(|| "nothing".to_owned(), shown);
    InvalidOrder { field: field.to_owned(), message: format!("found {found}, expected {expected}") }
}

#[cfg(test)]
mod tests;
