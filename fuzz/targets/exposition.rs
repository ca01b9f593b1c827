//! Metrics pages: any bytes are read or refused, and what is read can be taken apart.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::openmetrics::{Entry, Format, Parser};

fuzz_target!(|data: &[u8]| {
    for format in [Format::OpenMetrics, Format::Text] {
        let Ok(parser) = Parser::from_bytes(data, format) else { continue };
        for entry in parser.flatten() {
            if let Entry::Series(series) = entry {
                if let Ok(labels) = series.labels() {
                    assert!(labels.metric_name().is_some());
                    assert!(labels.as_slice().is_sorted_by(|a, b| a.name < b.name));
                }
                let _ = series.exemplar(0);
            }
        }
    }
});
