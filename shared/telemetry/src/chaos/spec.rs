//! What can be asked of chaos, and within which limits.

use std::ops::RangeInclusive;

use serde::Serialize;
use serde_json::Value;

/// A fault without a time of its own ends after ten minutes: a forgotten one must not spoil the next lesson.
pub const DEFAULT_TTL_SECONDS: u64 = 600;

const ERROR_RATE: RangeInclusive<f64> = 0.0..=1.0;
const LATENCY_MS: RangeInclusive<u64> = 0..=60_000;
const JITTER_MS: RangeInclusive<u64> = 0..=60_000;
const TTL_SECONDS: RangeInclusive<u64> = 0..=86_400;
const KEYS: [&str; 5] = ["error_rate", "latency_ms", "jitter_ms", "routes", "ttl_seconds"];

/// Faults of a service.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChaosSpec {
    /// Share of requests that are answered with 500, 0 to 1.
    pub error_rate: f64,
    /// Added to every request.
    pub latency_ms: u64,
    /// At most this much more, evenly spread.
    pub jitter_ms: u64,
    /// Route patterns that are disturbed; all of them when empty.
    pub routes: Vec<String>,
    /// When the fault ends by itself, counted from the change; 0 is never.
    pub ttl_seconds: u64,
}

impl Default for ChaosSpec {
    fn default() -> Self {
        Self {
            error_rate: 0.0,
            latency_ms: 0,
            jitter_ms: 0,
            routes: Vec::new(),
            ttl_seconds: DEFAULT_TTL_SECONDS,
        }
    }
}

/// A value that is not allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub field: String,
    pub found: String,
    pub expected: String,
}

impl ChaosSpec {
    pub fn is_off(&self) -> bool {
        self.error_rate == 0.0 && self.latency_ms == 0 && self.jitter_ms == 0
    }

    /// This spec with the members of `change` laid over it; `null` takes a member back to its default (RFC 7396).
    ///
    /// # Errors
    /// The first member that is unknown or out of its range, with the range. `routes` are those of the service.
    pub fn merged(&self, change: &Value, routes: &[&str]) -> Result<Self, Violation> {
        let Value::Object(members) = change else {
            return Err(violation("body", change, "an object"));
        };
        let default = Self::default();
        let mut spec = self.clone();
        for (key, value) in members {
            let given = Some(value).filter(|value| !value.is_null());
            match key.as_str() {
                "error_rate" => {
                    spec.error_rate = match given {
                        None => default.error_rate,
                        Some(value) => {
                            value.as_f64().ok_or_else(|| violation(key, value, "a number from 0 to 1"))?
                        }
                    }
                }
                "latency_ms" => spec.latency_ms = whole(key, given, default.latency_ms, &LATENCY_MS)?,
                "jitter_ms" => spec.jitter_ms = whole(key, given, default.jitter_ms, &JITTER_MS)?,
                "ttl_seconds" => spec.ttl_seconds = whole(key, given, default.ttl_seconds, &TTL_SECONDS)?,
                "routes" => spec.routes = given.map(strings).transpose()?.unwrap_or_default(),
                unknown => {
                    return Err(Violation {
                        field: unknown.to_owned(),
                        found: "an unknown member".into(),
                        expected: format!("one of {}", KEYS.join(", ")),
                    });
                }
            }
        }
        spec.check(routes)?;
        Ok(spec)
    }

    /// Checks ranges, and routes against those of the service.
    pub(crate) fn check(&self, routes: &[&str]) -> Result<(), Violation> {
        let number = |field: &str, value: u64, range: &RangeInclusive<u64>| {
            if range.contains(&value) {
                Ok(())
            } else {
                Err(violation(field, &value.into(), &between(range)))
            }
        };
        if !ERROR_RATE.contains(&self.error_rate) {
            return Err(Violation {
                field: "error_rate".into(),
                found: self.error_rate.to_string(),
                expected: "a number from 0 to 1".into(),
            });
        }
        number("latency_ms", self.latency_ms, &LATENCY_MS)?;
        number("jitter_ms", self.jitter_ms, &JITTER_MS)?;
        number("ttl_seconds", self.ttl_seconds, &TTL_SECONDS)?;
        for (at, route) in self.routes.iter().enumerate() {
            if !routes.contains(&route.as_str()) {
                let field = format!("routes[{at}]");
                return Err(Violation {
                    field,
                    found: format!("\"{route}\""),
                    expected: format!("one of {}", routes.join(", ")),
                });
            }
        }
        Ok(())
    }
}

fn whole(
    field: &str,
    value: Option<&Value>,
    default: u64,
    range: &RangeInclusive<u64>,
) -> Result<u64, Violation> {
    let Some(value) = value else { return Ok(default) };
    // Whole numbers may be written 500.0, as some tools do.
    let float = value.as_f64().filter(|float| float.fract() == 0.0 && (0.0..=9e15).contains(float));
    value
        .as_u64()
        .or(float.map(|float| float as u64))
        .filter(|number| range.contains(number))
        .ok_or_else(|| violation(field, value, &between(range)))
}

fn strings(value: &Value) -> Result<Vec<String>, Violation> {
    let wrong = || violation("routes", value, "a list of route patterns");
    value
        .as_array()
        .ok_or_else(wrong)?
        .iter()
        .map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong))
        .collect()
}

fn between(range: &RangeInclusive<u64>) -> String {
    format!("a whole number from {} to {}", range.start(), range.end())
}

fn violation(field: &str, found: &Value, expected: &str) -> Violation {
    Violation { field: field.into(), found: crate::json::shown(found), expected: expected.into() }
}

#[cfg(test)]
mod tests;
