//! SLO specification to recording rules and burn-rate alerts.
