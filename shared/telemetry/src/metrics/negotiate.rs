//! Which exposition format a scraper gets.
//!
//! OpenMetrics is sent only to who names it, with a weight that is not below that of plain text (RFC 9110, section 12.5.1).

use super::openmetrics;

/// The formats that a service can render.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text format 0.0.4.
    Text,
    OpenMetrics,
}

impl Format {
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => openmetrics::CONTENT_TYPE,
        }
    }

    /// Chooses by the value of an `Accept` header; what cannot be read is passed over.
    pub fn negotiate(accept: Option<&str>) -> Self {
        let mut open = 0.0f32;
        let mut text = 0.0f32;
        for range in accept.unwrap_or_default().split(',') {
            let mut parts = range.split(';').map(str::trim);
            let media = parts.next().unwrap_or_default();
            let mut weight = 1.0f32;
            let mut version = None;
            for parameter in parts {
                let Some((name, value)) = parameter.split_once('=') else { continue };
                match name.trim().to_ascii_lowercase().as_str() {
                    "q" => {
                        weight = value.trim().parse().ok().filter(|q| (0.0..=1.0).contains(q)).unwrap_or(0.0)
                    }
                    "version" => version = Some(value.trim().trim_matches('"')),
                    _ => {}
                }
            }
            if media.eq_ignore_ascii_case("application/openmetrics-text") {
                if version.is_none_or(|version| version == "1.0.0") {
                    open = open.max(weight);
                }
            } else if media.eq_ignore_ascii_case("text/plain")
                && version.is_none_or(|version| version == "0.0.4")
            {
                text = text.max(weight);
            }
        }
        if open > 0.0 && open >= text { Self::OpenMetrics } else { Self::Text }
    }
}

#[cfg(test)]
mod tests {
    use super::Format::{self, OpenMetrics, Text};

    #[test]
    fn what_scrapers_send() {
        for (accept, expected) in [
            (None, Text),
            (Some(""), Text),
            (Some("*/*"), Text),
            (Some("text/html,application/xhtml+xml,*/*;q=0.8"), Text),
            // Prometheus 2.42 with exemplar storage.
            (
                Some(
                    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                     text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                ),
                OpenMetrics,
            ),
            // Prometheus 3.
            (
                Some(
                    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                     text/plain;version=1.0.0;q=0.7,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                ),
                OpenMetrics,
            ),
            (Some("application/openmetrics-text; version=0.0.1, text/plain;q=0.5"), Text),
            (Some("application/openmetrics-text;q=0.2, text/plain;q=0.9"), Text),
            (Some("application/openmetrics-text;q=0.5, text/plain;q=0.5"), OpenMetrics),
            (Some("application/openmetrics-text;q=0"), Text),
            (Some("application/openmetrics-text;q=nonsense"), Text),
            (Some("APPLICATION/OpenMetrics-Text ; Version=\"1.0.0\" ; Q=1"), OpenMetrics),
            (Some(";;;,,=;q"), Text),
        ] {
            assert_eq!(Format::negotiate(accept), expected, "{accept:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_header_gets_a_format(accept: String) {
            let named = accept.to_ascii_lowercase().contains("application/openmetrics-text");
            let format = Format::negotiate(Some(&accept));
            proptest::prop_assert!(named || format == Text);
        }
    }
}
