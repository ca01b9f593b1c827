//! Parameters of a request: from the query string and, of a POST, from the form.

use super::reply::ApiError;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use model::Matcher;
use model::clock::Millis;
use model::metrics::MillisRange;
use std::time::Duration;

/// Times further from 1970 than this are cut to it, so that arithmetic on them stays within range: 285,000 years.
const FAR: f64 = 9e15;

/// Pairs in the order of the request; those of the form come first, as in Go's `FormValue`.
#[derive(Clone, Debug, Default)]
pub struct Params(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Params {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_form = kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let mut pairs = Vec::new();
        if is_form {
            let body = Bytes::from_request(request, state).await;
            let body = body.map_err(|rejection| ApiError::bad_data(rejection.body_text()))?;
            pairs.extend(form_urlencoded::parse(&body).into_owned());
        }
        pairs.extend(form_urlencoded::parse(query.as_bytes()).into_owned());
        Ok(Self(pairs))
    }
}

impl Params {
    /// The first value of a parameter, or the empty string.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A time; `default` when the parameter is absent.
    pub fn time(&self, name: &str, default: Millis) -> Result<Millis, ApiError> {
        match self.get(name) {
            "" => Ok(default),
            // Upstream says it twice where it has a default.
            text => parse_time(text).ok_or_else(|| {
                let problem = format!("Invalid time value for '{name}': {}", no_timestamp(text));
                ApiError::parameter(name, problem)
            }),
        }
    }

    pub fn required_time(&self, name: &str) -> Result<Millis, ApiError> {
        let text = self.get(name);
        parse_time(text)
            .ok_or_else(|| ApiError::parameter(name, format!("cannot parse {text:?} to a valid timestamp")))
    }

    /// `start` and `end`, everything by default. When they are the wrong way round, nothing is within.
    pub fn range(&self) -> Result<MillisRange, ApiError> {
        Ok(MillisRange { start: self.time("start", Millis::MIN)?, end: self.time("end", Millis::MAX)? })
    }

    /// A duration in milliseconds; None when the parameter is absent.
    pub fn duration(&self, name: &str) -> Result<Option<Millis>, ApiError> {
        match self.get(name) {
            "" => Ok(None),
            text => match parse_duration(text) {
                Some(millis) => Ok(Some(millis)),
                None => {
                    let problem = format!("cannot parse {text:?} to a valid duration");
                    Err(ApiError::parameter(name, problem))
                }
            },
        }
    }

    pub fn timeout(&self, most: Duration) -> Result<Duration, ApiError> {
        let asked = self.duration("timeout")?.and_then(|millis| u64::try_from(millis).ok());
        Ok(asked.map_or(most, |millis| Duration::from_millis(millis).min(most)))
    }

    /// `limit`; 0 and absent are none.
    pub fn limit(&self) -> Result<Option<usize>, ApiError> {
        let text = self.get("limit");
        if text.is_empty() {
            return Ok(None);
        }
        match text.parse::<i64>() {
            Ok(number) if number < 0 => Err(ApiError::parameter("limit", "limit must be non-negative")),
            Ok(number) => Ok(usize::try_from(number).ok().filter(|limit| *limit > 0)),
            Err(_) => {
                let problem = format!("cannot parse {text:?} to a whole number");
                Err(ApiError::parameter("limit", problem))
            }
        }
    }

    /// Every `match[]` as a set of matchers.
    pub fn matchers(&self) -> Result<Vec<Vec<Matcher>>, ApiError> {
        let one = |text: &str| {
            let matchers =
                promql::parse_selector(text).map_err(|error| ApiError::parameter("match[]", error))?;
            match matchers.iter().all(Matcher::matches_empty) {
                true => {
                    let problem = "match[] must contain at least one non-empty matcher";
                    Err(ApiError::parameter("match[]", problem))
                }
                false => Ok(matchers),
            }
        };
        self.all("match[]").map(one).collect()
    }
}

fn no_timestamp(text: &str) -> String {
    format!("cannot parse {text:?} to a valid timestamp")
}

/// Seconds since 1970 with fractions, or RFC 3339.
fn parse_time(text: &str) -> Option<Millis> {
    if let Ok(seconds) = text.parse::<f64>() {
        return (!seconds.is_nan()).then(|| (seconds * 1000.0).round().clamp(-FAR, FAR) as Millis);
    }
    chrono::DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_millis())
}

/// Seconds with fractions, or a duration such as `1h30m`.
fn parse_duration(text: &str) -> Option<Millis> {
    if let Ok(seconds) = text.parse::<f64>() {
        let millis = seconds * 1000.0;
        return (millis.is_finite() && millis.abs() < FAR).then_some(millis as Millis);
    }
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let duration = model::duration::parse_duration(text).ok()?;
    Millis::try_from(duration.as_millis()).ok().map(|millis| sign * millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_or_rfc3339() {
        assert_eq!(parse_time("1600096945.479"), Some(1_600_096_945_479));
        assert_eq!(parse_time("-1"), Some(-1000));
        assert_eq!(parse_time("2015-07-01T20:10:51.781Z"), Some(1_435_781_451_781));
        assert_eq!(parse_time("2015-07-01T22:10:51+02:00"), Some(1_435_781_451_000));
        for wrong in ["", "x", "NaN", "2015-07-01"] {
            assert_eq!(parse_time(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn durations_are_seconds_or_words() {
        assert_eq!(parse_duration("0.5"), Some(500));
        assert_eq!(parse_duration("1h30m"), Some(5_400_000));
        assert_eq!(parse_duration("-5m"), Some(-300_000));
        for wrong in ["", "x", "NaN", "1e99", "5 m"] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }
}
