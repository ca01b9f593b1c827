//! Telemetry of the shop's services.
