//! Parameters of requests: from the query string and, of a POST, from the form in the body.

use super::LokiError;
use axum::body::Bytes;
use axum::http::{HeaderMap, Uri};
use logql::Direction;
use model::clock::Nanos;
use model::logs::NanosRange;
use std::time::Duration;

const SECOND: i64 = 1_000_000_000;
/// Range of a request that names none.
const DEFAULT_RANGE: i64 = 3_600 * SECOND;
/// Lines of an answer when the request does not say.
const DEFAULT_LIMIT: usize = 100;
/// Most steps of a range query.
const MAX_POINTS: i64 = 11_000;

pub struct Params {
    pairs: Vec<(String, String)>,
    now: Nanos,
}

impl Params {
    pub fn new(uri: &Uri, headers: &HeaderMap, body: &Bytes, now: Nanos) -> Self {
        let parse = |bytes: &[u8]| form_urlencoded::parse(bytes).into_owned().collect::<Vec<_>>();
        let mut pairs = parse(uri.query().unwrap_or("").as_bytes());
        let form = headers
            .get("content-type")
            .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
        if form {
            pairs.extend(parse(body));
        }
        Self { pairs, now }
    }

    /// The value of a parameter; one that is empty counts as absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        found.filter(|value| !value.is_empty())
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn query(&self) -> &str {
        self.get("query").unwrap_or("")
    }

    pub fn time(&self, name: &str) -> Result<Option<Nanos>, LokiError> {
        self.get(name).map(|text| parse_time(name, text)).transpose()
    }

    /// `time` of an instant query.
    pub fn instant(&self) -> Result<Nanos, LokiError> {
        Ok(self.time("time")?.unwrap_or(self.now))
    }

    /// `start` and `end`, or `since` before the end, or the last hour.
    pub fn range(&self) -> Result<NanosRange, LokiError> {
        let end = self.time("end")?.unwrap_or(self.now);
        let since = match self.get("since") {
            Some(text) => duration(text)?,
            None => DEFAULT_RANGE,
        };
        // An end in the future must not move the default start there.
        let start = self.time("start")?.unwrap_or_else(|| end.min(self.now).saturating_sub(since));
        Ok(NanosRange { start, end })
    }

    /// As [`Params::range`], of a query: it must not be empty, nor longer than allowed.
    pub fn query_range(&self, longest: Duration) -> Result<NanosRange, LokiError> {
        let range = self.range()?;
        if range.end <= range.start {
            return Err(LokiError::bad_request("end timestamp must not be before or equal to start time"));
        }
        let length = range.end.saturating_sub(range.start);
        let longest = i64::try_from(longest.as_nanos()).unwrap_or(i64::MAX);
        if longest > 0 && length > longest {
            return Err(LokiError::bad_request(format!(
                "the query time range exceeds the limit (query length: {}, limit: {})",
                logql::units::format_go_duration(length),
                logql::units::format_go_duration(longest)
            )));
        }
        Ok(range)
    }

    /// Nanoseconds. Without one: a 250th of the range, whole seconds, at least one.
    pub fn step(&self, range: NanosRange) -> Result<Nanos, LokiError> {
        let length = range.end.saturating_sub(range.start);
        let step = match self.get("step") {
            Some(text) => duration(text)?,
            None => (length / SECOND / 250).max(1) * SECOND,
        };
        if step <= 0 {
            return Err(LokiError::bad_request(
                "zero or negative query resolution step widths are not accepted. Try a positive integer",
            ));
        }
        if length / step > MAX_POINTS {
            return Err(LokiError::bad_request(
                "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter",
            ));
        }
        Ok(step)
    }

    /// `interval` of a log query, nanoseconds; 0 shows every line.
    pub fn interval(&self) -> Result<Nanos, LokiError> {
        self.get("interval").map_or(Ok(0), duration)
    }

    /// A whole number of at least `least`, or `default`.
    pub fn number(&self, name: &str, default: usize) -> Result<i64, LokiError> {
        let Some(text) = self.get(name) else { return Ok(default as i64) };
        text.parse().map_err(|_| {
            LokiError::bad_request(format!(
                "strconv.Atoi: parsing {}: invalid syntax",
                logql::units::quote(text)
            ))
        })
    }

    pub fn limit(&self) -> Result<usize, LokiError> {
        let limit = self.number("limit", DEFAULT_LIMIT)?;
        usize::try_from(limit)
            .ok()
            .filter(|limit| *limit > 0)
            .ok_or_else(|| LokiError::bad_request("limit must be a positive value"))
    }

    pub fn direction(&self) -> Result<Direction, LokiError> {
        match self.get("direction") {
            None => Ok(Direction::Backward),
            Some(text) if text.eq_ignore_ascii_case("backward") => Ok(Direction::Backward),
            Some(text) if text.eq_ignore_ascii_case("forward") => Ok(Direction::Forward),
            Some(text) => Err(LokiError::bad_request(format!(
                "invalid direction '{text}', expected forward or backward"
            ))),
        }
    }
}

/// Seconds (up to ten digits, or with a fraction), nanoseconds, or RFC 3339.
fn parse_time(name: &str, text: &str) -> Result<Nanos, LokiError> {
    let error = || {
        LokiError::bad_request(format!(
            "could not parse '{name}' parameter: strconv.ParseInt: parsing {}: invalid syntax",
            logql::units::quote(text)
        ))
    };
    if let Ok(number) = text.parse::<i64>() {
        let nanos =
            if text.trim_start_matches('-').len() <= 10 { number.checked_mul(SECOND) } else { Some(number) };
        return nanos.ok_or_else(error);
    }
    if let Ok(seconds) = text.parse::<f64>() {
        let fits = seconds.is_finite() && seconds.abs() < i64::MAX as f64 / 1e9;
        // Milliseconds are what a float of seconds holds for certain.
        return if fits { Ok((seconds * 1e3).round() as i64 * 1_000_000) } else { Err(error()) };
    }
    let parsed = chrono::DateTime::parse_from_rfc3339(text).map_err(|_| error())?;
    parsed.timestamp_nanos_opt().ok_or_else(error)
}

/// Seconds as a number, or a Prometheus duration. Nanoseconds.
pub fn duration(text: &str) -> Result<Nanos, LokiError> {
    let error =
        || LokiError::bad_request(format!("cannot parse {} to a valid duration", logql::units::quote(text)));
    if let Ok(seconds) = text.parse::<f64>() {
        let nanos = seconds * 1e9;
        let fits = nanos.is_finite() && nanos.abs() < i64::MAX as f64;
        return if fits { Ok(nanos as i64) } else { Err(error()) };
    }
    let parsed = model::duration::parse_duration(text).map_err(|_| error())?;
    i64::try_from(parsed.as_nanos()).map_err(|_| error())
}
