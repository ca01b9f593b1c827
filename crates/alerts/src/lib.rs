//! Alertmanager: routing, grouping, inhibition, silences, notification; the sink.
