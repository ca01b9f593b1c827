//! openmetrics.
