//! Bytes to model and back: OpenMetrics text, OTLP, Loki push, remote write.
pub mod loki_push;
pub mod openmetrics;
pub mod otlp;
pub mod remote_write;
