//! Query parameters that may stand more than once (`filter=a="b"&filter=c="d"`), which axum's own extractor refuses.

use super::ApiError;
use ::alerts::AlertFilter;
use model::{MatchOp, Matcher};

/// Most `filter` parameters of a request.
const MAX_FILTERS: usize = 100;

pub struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(raw: Option<String>) -> Self {
        let raw = raw.unwrap_or_default();
        Self(form_urlencoded::parse(raw.as_bytes()).into_owned().collect())
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.all(name).last() {
            None | Some("true" | "1") => Ok(true),
            Some("false" | "0") => Ok(false),
            Some(found) => Err(ApiError::bad_request(format!(
                "parameter {name}: found {found:?}, expected true or false"
            ))),
        }
    }

    pub fn matchers(&self) -> Result<Vec<Matcher>, ApiError> {
        if self.all("filter").count() > MAX_FILTERS {
            return Err(ApiError::bad_request(format!("more than {MAX_FILTERS} filters")));
        }
        let mut matchers = Vec::new();
        for text in self.all("filter") {
            let parsed = stackconf::alertmanager::parse_matchers(text);
            matchers.extend(
                parsed.map_err(|error| ApiError::bad_request(format!("bad matcher format: {error}")))?,
            );
        }
        Ok(matchers)
    }

    pub fn alert_filter(&self) -> Result<AlertFilter, ApiError> {
        let receiver = match self.all("receiver").last() {
            Some(pattern) if !pattern.is_empty() => {
                let matcher = Matcher::new("receiver", MatchOp::Regex, pattern);
                Some(matcher.map_err(|error| {
                    ApiError::bad_request(format!("failed to parse receiver param: {error}"))
                })?)
            }
            _ => None,
        };
        Ok(AlertFilter {
            active: self.flag("active")?,
            silenced: self.flag("silenced")?,
            inhibited: self.flag("inhibited")?,
            unprocessed: self.flag("unprocessed")?,
            muted: self.flag("muted")?,
            matchers: self.matchers()?,
            receiver,
        })
    }
}
