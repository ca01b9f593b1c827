//! Metrics of the daemon's own parts, as a text page for a scrape.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use std::fmt::Write as _;
use std::sync::Arc;

/// Prometheus's text format, version 0.0.4.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A page that is written anew for each scrape.
#[derive(Default)]
pub struct Page(String);

impl Page {
    pub fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, help, "counter");
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{name} {value}");
    }

    pub fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.family(name, help, "gauge");
        let _ = writeln!(self.0, "{name} {value}");
    }

    /// A gauge with one label and a value for each of its values.
    pub fn gauges<'a>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (&'a str, f64)>,
    ) {
        self.family(name, help, "gauge");
        for (of, value) in values {
            let _ = writeln!(self.0, "{name}{{{label}={of:?}}} {value}");
        }
    }

    fn family(&mut self, name: &str, help: &str, kind: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }
}

/// Serves `/metrics`, and 200 at `/ready` and `/-/ready`.
pub fn router(write: impl Fn(&mut Page) + Send + Sync + 'static) -> Router {
    let write = Arc::new(write);
    let page = move || {
        let mut page = Page::default();
        write(&mut page);
        async { ([(CONTENT_TYPE, TEXT)], page.0) }
    };
    Router::new()
        .route("/metrics", get(page))
        .route("/ready", get(|| async { "Ready" }))
        .route("/-/ready", get(|| async { "Ready" }))
}

/// Resident memory of this process in bytes, where the system tells it cheaply.
pub fn resident_bytes() -> Option<f64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: f64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_have_help_and_type_and_labels_are_quoted() {
        let mut page = Page::default();
        page.counter("a_total", "What.", 3);
        page.gauges("b", "Which.", "part", [("x\"y", 1.0)]);
        assert_eq!(
            page.0,
            "# HELP a_total What.\n# TYPE a_total counter\na_total 3\n# HELP b Which.\n# TYPE b gauge\nb{part=\"x\\\"y\"} 1\n"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_uses_some_memory() {
        assert!(resident_bytes().unwrap() > 1e6);
    }
}
