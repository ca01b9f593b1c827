//! RED metrics and service graph from spans.
