//! Which targets are allowed: this machine and the compose network, nothing else. A load generator that can be pointed
//! at a stranger is a weapon.

use std::net::IpAddr;

use reqwest::Url;

use crate::PlanError;

/// Compose services that may be loaded by name.
const COMPOSE_NAMES: [&str; 3] = ["gateway", "catalog", "checkout"];

/// Parses and checks an address.
///
/// # Errors
/// Not an http address, or one of another machine.
pub(crate) fn parse(text: &str) -> Result<Url, PlanError> {
    let url: Url = text.parse().map_err(|_| PlanError::NoAddress { found: text.to_owned() })?;
    if url.scheme() != "http" {
        return Err(PlanError::NoAddress { found: text.to_owned() });
    }
    let host = url.host_str().unwrap_or_default();
    let ip: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    let allowed = match ip {
        Some(ip) => ip.is_loopback(),
        None => host == "localhost" || COMPOSE_NAMES.contains(&host),
    };
    if allowed { Ok(url) } else { Err(PlanError::ForeignTarget { host: host.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_and_the_compose_network() {
        for allowed in [
            "http://127.0.0.1:8000",
            "http://127.9.9.9",
            "http://[::1]:8000/",
            "http://localhost:8000",
            "http://LOCALHOST",
            "http://gateway:8000",
            "http://catalog:8001",
        ] {
            assert!(parse(allowed).is_ok(), "{allowed}");
        }
    }

    #[test]
    fn nobody_else() {
        for foreign in [
            "http://example.com",
            "http://10.0.0.1:8000",
            "http://0.0.0.0:8000",
            "http://gateway.example.com",
            "http://localhost.example.com",
            "http://127.0.0.1@example.com/",
            "http://[2001:db8::1]/",
            "http://[::ffff:10.0.0.1]/",
        ] {
            assert!(matches!(parse(foreign), Err(PlanError::ForeignTarget { .. })), "{foreign}");
        }
        for nonsense in ["", "gateway:8000", "https://127.0.0.1", "file:///etc/passwd", "127.0.0.1:8000"] {
            assert!(matches!(parse(nonsense), Err(PlanError::NoAddress { .. })), "{nonsense}");
        }
    }
}
