//! There is no login on loopback, so the browser has to be kept from being used against it: only known host names (no DNS
//! rebinding), no changes from other sites, and headers that let pages run nothing but their own script.

use crate::ConsoleState;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Script and style only from here; uPlot and the editors set styles on elements, which `style-src-attr` allows.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub async fn guard(State(state): State<ConsoleState>, request: Request, next: Next) -> Response {
    if let Some(refusal) = refuse(&state, &request) {
        return (StatusCode::FORBIDDEN, refusal).into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Why a request is refused.
fn refuse(state: &ConsoleState, request: &Request) -> Option<String> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let host = header(header::HOST).unwrap_or_default();
    if !is_known(state, host) {
        return Some(format!("host {host:?} is not one of this console; call it by localhost\n"));
    }
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    let origin = header(header::ORIGIN).filter(|_| !reads)?;
    let origin_host = origin.split_once("://").map_or(origin, |(_, host)| host);
    (origin_host != host).then(|| format!("a change from {origin:?} is refused\n"))
}

fn is_known(state: &ConsoleState, host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let loopback = name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    loopback
        || name.eq_ignore_ascii_case("localhost")
        || state.allowed_hosts.iter().any(|allowed| allowed == name)
}
