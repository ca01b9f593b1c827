//! The open-model load generator.
