//! Query parameters, with the errors that Tempo (Go's strconv) gives.

use super::ApiError;
use model::clock::{NANOS_PER_SECOND, Nanos};
use model::duration::parse_duration;
use model::logs::NanosRange;

/// The parameters of a request; of a repeated one the first counts.
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    pub(super) fn of(query: Option<&str>) -> Self {
        Self(form_urlencoded::parse(query.unwrap_or("").as_bytes()).into_owned().collect())
    }

    /// None when it is absent or empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    pub(super) fn unsigned(&self, name: &str) -> Result<Option<u64>, ApiError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            ApiError::bad_request(format!(
                "invalid {name}: strconv.ParseUint: parsing {text:?}: invalid syntax"
            ))
        })
    }

    /// Seconds since the epoch, as an integer.
    fn seconds(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            ApiError::bad_request(format!(
                "invalid {name}: strconv.ParseInt: parsing {text:?}: invalid syntax"
            ))
        })
    }

    /// `start` and `end` in seconds: both or neither, in order.
    pub(super) fn window(&self) -> Result<Option<NanosRange>, ApiError> {
        match (self.seconds("start")?, self.seconds("end")?) {
            (None, None) => Ok(None),
            (Some(start), Some(end)) if start >= end => Err(ApiError::bad_request(format!(
                "http parameter start must be before end. received start={start} end={end}"
            ))),
            (Some(start), Some(end)) => Ok(Some(NanosRange {
                start: start.saturating_mul(NANOS_PER_SECOND),
                end: end.saturating_mul(NANOS_PER_SECOND),
            })),
            (Some(_), None) | (None, Some(_)) => {
                Err(ApiError::bad_request("invalid start/end: both are needed, or neither"))
            }
        }
    }

    /// An instant in seconds (also with a fraction), nanoseconds or RFC 3339.
    pub(super) fn instant(&self, name: &str) -> Result<Option<Nanos>, ApiError> {
        /// Larger numbers are nanoseconds: as seconds they would be beyond the year 5000.
        const LARGEST_SECONDS: f64 = 1e11;
        let Some(text) = self.get(name) else { return Ok(None) };
        if let Ok(number) = text.parse::<i64>() {
            let seconds = (number as f64) < LARGEST_SECONDS;
            return Ok(Some(if seconds { number.saturating_mul(NANOS_PER_SECOND) } else { number }));
        }
        if let Ok(number) = text.parse::<f64>()
            && number.abs() < LARGEST_SECONDS
        {
            return Ok(Some((number * NANOS_PER_SECOND as f64) as Nanos));
        }
        chrono::DateTime::parse_from_rfc3339(text)
            .ok()
            .and_then(|time| time.timestamp_nanos_opt())
            .map(Some)
            .ok_or_else(|| {
                ApiError::bad_request(format!("invalid {name}: could not parse {text:?} as a time"))
            })
    }

    /// A duration as Go or Prometheus writes it, or seconds as a number; in nanoseconds.
    pub(super) fn duration(&self, name: &str) -> Result<Option<Nanos>, ApiError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        if let Ok(seconds) = text.parse::<f64>()
            && seconds.is_finite()
            && seconds.abs() < 9e9
        {
            return Ok(Some((seconds * NANOS_PER_SECOND as f64) as Nanos));
        }
        // Go's form is what a TraceQL literal has; Prometheus's knows days and weeks.
        let go = traceql::duration_nanos(text);
        let prometheus =
            || parse_duration(text).ok().and_then(|duration| Nanos::try_from(duration.as_nanos()).ok());
        go.or_else(prometheus)
            .map(Some)
            .ok_or_else(|| ApiError::bad_request(format!("invalid {name}: time: invalid duration {text:?}")))
    }
}
