//! What is counted about requests: a handle for each route, method and status, found without a lock.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use axum::http::Method;
use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

use super::exemplar::{ExemplarHistogram, ExemplarHistogramVec};
use crate::{
    names::{label, metric, value},
    telemetry::Service,
};

/// Upper bounds in seconds. `.3` is the threshold of the latency objective, so that it can be read off exactly.
pub const BUCKETS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0];

/// In alphabetical order, as [`ExemplarHistogramVec`] wants them.
const LABELS: [&str; 4] = [label::METHOD, label::ROUTE, label::SERVICE, label::STATUS];

/// Method labels; the last stands for whatever HTTP does not define, which would be unbounded.
const METHODS: [&str; 10] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", value::OTHER_METHOD];

/// The statuses that HTTP has room for.
const STATUSES: std::ops::Range<u16> = 100..600;

/// The request metrics of one service.
pub struct RequestMetrics {
    service: &'static str,
    total: IntCounterVec,
    durations: ExemplarHistogramVec,
    in_flight: IntGauge,
    routes: Vec<RouteMetrics>,
    by_path: HashMap<&'static str, usize>,
}

/// The route and method of a request, as positions in the table of [`RequestMetrics`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    route: usize,
    method: usize,
}

/// A route, which is a path pattern, with what was counted there.
struct RouteMetrics {
    route: &'static str,
    methods: [OnceLock<Box<MethodMetrics>>; METHODS.len()],
}

/// A route with a method.
pub struct MethodMetrics {
    pub method: &'static str,
    /// `GET /items`: what a span is called (semantic conventions for HTTP).
    pub span_name: Arc<str>,
    statuses: Box<[OnceLock<Handles>]>,
}

/// The series of a route, a method and a status.
pub struct Handles {
    pub total: IntCounter,
    pub duration: ExemplarHistogram,
}

impl RequestMetrics {
    /// Registers the families and creates at zero every series whose absence would spoil a rate: a counter that
    /// appears with its first error has no increase to show.
    pub(super) fn new(service: &Service, registry: &Registry) -> Result<Self, prometheus::Error> {
        let total = IntCounterVec::new(
            Opts::new(metric::HTTP_REQUESTS_TOTAL, "Finished requests of users."),
            &LABELS,
        )?;
        let durations = ExemplarHistogramVec::new(
            metric::HTTP_REQUEST_DURATION_SECONDS,
            "Time from the head of a request to the head of its answer, in seconds.",
            &BUCKETS,
            &LABELS,
        )?;
        let in_flight = IntGaugeVec::new(
            Opts::new(metric::HTTP_REQUESTS_IN_FLIGHT, "Requests being handled now."),
            &[label::SERVICE],
        )?;
        registry.register(Box::new(total.clone()))?;
        registry.register(Box::new(durations.clone()))?;
        registry.register(Box::new(in_flight.clone()))?;

        let mut routes = Vec::new();
        let mut by_path = HashMap::new();
        for endpoint in service.endpoints {
            by_path.entry(endpoint.path).or_insert_with(|| {
                routes.push(RouteMetrics::new(endpoint.path));
                routes.len() - 1
            });
        }
        routes.push(RouteMetrics::new(value::UNMATCHED));
        let metrics = Self {
            service: service.name,
            total,
            durations,
            in_flight: in_flight.with_label_values(&[service.name]),
            routes,
            by_path,
        };
        for endpoint in service.endpoints {
            let method = Method::from_bytes(endpoint.method.as_bytes()).unwrap_or_default();
            let place = metrics.place(Some(endpoint.path), &method);
            for status in [&[endpoint.success, 500], service.more_errors].concat() {
                metrics.handles(place, status);
            }
        }
        Ok(metrics)
    }

    /// Where a request is counted. A pattern that the service did not declare counts as unmatched, as a path without a
    /// pattern does.
    pub fn place(&self, pattern: Option<&str>, method: &Method) -> Place {
        let route = pattern.and_then(|pattern| self.by_path.get(pattern)).copied();
        let method = METHODS.iter().position(|name| *name == method.as_str());
        Place { route: route.unwrap_or(self.routes.len() - 1), method: method.unwrap_or(METHODS.len() - 1) }
    }

    /// The route's pattern, or `unmatched`.
    pub fn route(&self, place: Place) -> &'static str {
        self.routes[place.route].route
    }

    pub fn method(&self, place: Place) -> &MethodMetrics {
        let route = &self.routes[place.route];
        route.methods[place.method].get_or_init(|| {
            let method = METHODS[place.method];
            Box::new(MethodMetrics {
                method,
                span_name: format!("{method} {}", route.route).into(),
                statuses: STATUSES.map(|_| OnceLock::new()).collect(),
            })
        })
    }

    pub fn handles(&self, place: Place, status: u16) -> &Handles {
        let index = usize::from(status.clamp(STATUSES.start, STATUSES.end - 1) - STATUSES.start);
        let method = self.method(place);
        method.statuses[index].get_or_init(|| {
            let status = status.to_string();
            let values = [method.method, self.route(place), self.service, status.as_str()];
            Handles {
                total: self.total.with_label_values(&values),
                duration: self.durations.with_label_values(&values),
            }
        })
    }

    pub fn in_flight(&self) -> &IntGauge {
        &self.in_flight
    }

    pub(super) fn durations(&self) -> &ExemplarHistogramVec {
        &self.durations
    }
}

impl RouteMetrics {
    fn new(route: &'static str) -> Self {
        Self { route, methods: std::array::from_fn(|_| OnceLock::new()) }
    }
}
