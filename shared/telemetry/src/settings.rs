//! What the environment says about telemetry, as plain values.
//!
//! The environment itself is read in each service's `config.rs`, which hands a lookup function in: tests hand in a table.

use std::{str::FromStr, time::Duration};

use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};

use crate::{chaos::ChaosSpec, names::env};

/// Spans that wait for export at most. A span takes about 1 kB, so this bounds the memory of an outage at 10 MB.
pub const SPAN_QUEUE_SIZE: usize = 8_192;
/// Spans in one export call.
pub const SPAN_BATCH_SIZE: usize = 1_024;
/// How long a span waits for company before it is exported.
pub const SPAN_EXPORT_INTERVAL: Duration = Duration::from_secs(1);

/// How a service's telemetry behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    pub logs: LogFilter,
    pub traces: TraceSettings,
    /// Faults in force from the start.
    pub chaos: ChaosSpec,
    /// Off only when the cost of metrics is measured.
    pub metrics: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            logs: LogFilter::default(),
            traces: TraceSettings::default(),
            chaos: ChaosSpec::default(),
            metrics: true,
        }
    }
}

impl Settings {
    /// Reads the settings through `lookup`, which answers with the value of an environment variable.
    ///
    /// # Errors
    /// A value that cannot be used, with the variable's name, what was found and what is expected.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let set = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let mut chaos = ChaosSpec::default();
        if let Some(text) = set(env::CHAOS_ERROR_RATE) {
            chaos.error_rate = number(env::CHAOS_ERROR_RATE, &text, "a number from 0 to 1")?;
        }
        if let Some(text) = set(env::CHAOS_LATENCY_MS) {
            chaos.latency_ms =
                number(env::CHAOS_LATENCY_MS, &text, "a whole number of milliseconds from 0 to 60000")?;
        }
        if !chaos.is_off() {
            // A fault that the environment asks for lasts until it is reset: nobody is there to renew it.
            chaos.ttl_seconds = 0;
        }
        chaos.check(&[]).map_err(|violation| SettingsError::Invalid {
            name: if violation.field == "error_rate" { env::CHAOS_ERROR_RATE } else { env::CHAOS_LATENCY_MS },
            found: violation.found,
            expected: violation.expected,
        })?;
        let logs = match set(env::LOG_LEVEL) {
            Some(text) => text.parse().map_err(|()| SettingsError::Invalid {
                name: env::LOG_LEVEL,
                found: text,
                expected: "off, error, warn, info, debug, trace, or target=level pairs".into(),
            })?,
            None => LogFilter::default(),
        };
        Ok(Self { logs, traces: TraceSettings::read(&set)?, chaos, metrics: true })
    }
}

/// What is traced and where spans go. The sampler, resource attributes, headers and timeouts are read from the standard
/// variables by the OpenTelemetry SDK itself.
#[derive(Debug, Clone, Default)]
pub struct TraceSettings {
    /// No spans at all (`OTEL_SDK_DISABLED=true`, `OTEL_TRACES_EXPORTER=none`).
    pub disabled: bool,
    /// `OTEL_SERVICE_NAME`.
    pub service_name: Option<String>,
    /// Where the collector is; `http://localhost:4317` when absent.
    pub endpoint: Option<String>,
    /// `OTEL_BSP_MAX_QUEUE_SIZE`, or [`SPAN_QUEUE_SIZE`].
    pub queue_size: Option<usize>,
    /// `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`, or [`SPAN_BATCH_SIZE`].
    pub batch_size: Option<usize>,
    /// `OTEL_BSP_SCHEDULE_DELAY` (milliseconds), or [`SPAN_EXPORT_INTERVAL`].
    pub interval: Option<Duration>,
}

impl TraceSettings {
    fn read(set: &dyn Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        // The specification: only "true", in any case, is true; everything else is false.
        let disabled = set(env::OTEL_SDK_DISABLED).is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let exporter = set(env::OTEL_TRACES_EXPORTER);
        if let Some(found) = exporter.as_deref().filter(|found| !["otlp", "none"].contains(found)) {
            return Err(SettingsError::Invalid {
                name: env::OTEL_TRACES_EXPORTER,
                found: found.to_owned(),
                expected: "otlp or none".into(),
            });
        }
        for name in [env::OTEL_EXPORTER_OTLP_TRACES_PROTOCOL, env::OTEL_EXPORTER_OTLP_PROTOCOL] {
            if let Some(found) = set(name).filter(|found| found != "grpc") {
                return Err(SettingsError::Invalid { name, found, expected: "grpc".into() });
            }
        }
        let mut endpoint = None;
        for name in [env::OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, env::OTEL_EXPORTER_OTLP_ENDPOINT] {
            if let Some(found) = set(name) {
                // The SDK takes an address without a scheme for https, which fails far from its cause.
                if !found.starts_with("http://") {
                    return Err(SettingsError::Invalid {
                        name,
                        expected: format!(
                            "an address that starts with http:// (hint: http://{})",
                            found.split("//").last().unwrap_or(&found)
                        ),
                        found,
                    });
                }
                endpoint = Some(found);
                break;
            }
        }
        let positive = |name: &'static str| -> Result<Option<usize>, SettingsError> {
            let Some(found) = set(name) else { return Ok(None) };
            match found.parse() {
                Ok(value) if value > 0 => Ok(Some(value)),
                _ => Err(SettingsError::Invalid { name, found, expected: "a whole number above 0".into() }),
            }
        };
        Ok(Self {
            disabled: disabled || exporter.as_deref() == Some("none"),
            service_name: set(env::OTEL_SERVICE_NAME),
            endpoint,
            queue_size: positive(env::OTEL_BSP_MAX_QUEUE_SIZE)?,
            batch_size: positive(env::OTEL_BSP_MAX_EXPORT_BATCH_SIZE)?,
            interval: positive(env::OTEL_BSP_SCHEDULE_DELAY)?.map(|ms| Duration::from_millis(ms as u64)),
        })
    }
}

/// Which log lines are written.
#[derive(Debug, Clone)]
pub struct LogFilter {
    default: LevelFilter,
    /// Set when `LOG_LEVEL` lists targets itself.
    explicit: Option<Targets>,
}

impl LogFilter {
    /// No line at all.
    pub fn off() -> Self {
        Self { default: LevelFilter::OFF, explicit: None }
    }

    /// The filter for a service: its own code at the level asked for, libraries from WARN on.
    pub(crate) fn targets(&self, service: &'static str) -> Targets {
        self.explicit.clone().unwrap_or_else(|| {
            Targets::new()
                .with_default(self.default.min(LevelFilter::WARN))
                .with_targets([(service, self.default), ("telemetry", self.default)])
        })
    }

    /// Whether the line of a request at `level` is written.
    pub(crate) fn allows(&self, service: &'static str, level: Level) -> bool {
        self.targets(service).would_enable(service, &level)
    }
}

impl Default for LogFilter {
    fn default() -> Self {
        Self { default: LevelFilter::INFO, explicit: None }
    }
}

impl FromStr for LogFilter {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
        if LEVELS.iter().any(|level| level.eq_ignore_ascii_case(text)) {
            return Ok(Self { default: text.parse().map_err(|_| ())?, explicit: None });
        }
        // A lone word would be taken for a target; it is far more likely a misspelt level.
        if !text.contains('=') {
            return Err(());
        }
        Ok(Self { default: LevelFilter::INFO, explicit: Some(text.parse().map_err(|_| ())?) })
    }
}

/// A variable whose value cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SettingsError {
    #[error("{name}={found}: expected {expected}")]
    Invalid { name: &'static str, found: String, expected: String },
}

fn number<T: FromStr>(name: &'static str, text: &str, expected: &str) -> Result<T, SettingsError> {
    text.parse().map_err(|_| SettingsError::Invalid { name, found: text.into(), expected: expected.into() })
}

#[cfg(test)]
mod tests;
