//! otlp.
