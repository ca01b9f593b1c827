//! Scraping, process output, promtail's pipeline stages, OTLP receivers.
pub mod discovery;
pub mod otlp;
pub mod process_output;
pub mod relabel;
pub mod scrape;
pub mod stages;
