//! The keys of every stage that has any.

use crate::yaml::Shape;

macro_rules! shapes {
    ($($name:ident $path:literal [$($key:literal),*] [$($unsupported:literal),*];)*) => {
        $(pub static $name: Shape =
            Shape { path: $path, keys: &[$($key),*], no_effect: &[], unsupported: &[$($unsupported),*] };)*
        /// All of them, for compat.md.
        pub static SHAPES: &[&Shape] = &[$(&$name),*];
    };
}

shapes! {
    JSON "stage json" ["expressions", "source", "drop_malformed"] [];
    LOGFMT "stage logfmt" ["mapping", "source"] [];
    REGEX "stage regex" ["expression", "source"] ["labels_from_groups"];
    TIMESTAMP "stage timestamp" ["source", "format", "fallback_formats", "location", "action_on_failure"] [];
    CRI "stage cri" ["max_partial_lines", "max_partial_line_size", "max_partial_line_size_truncate"] [];
    TEMPLATE "stage template" ["source", "template"] [];
    OUTPUT "stage output" ["source"] [];
    TENANT "stage tenant" ["label", "source", "value"] [];
    REPLACE "stage replace" ["expression", "source", "replace"] [];
    PACK "stage pack" ["labels", "ingest_timestamp"] [];
    MATCH "stage match" ["selector", "pipeline_name", "stages", "action", "drop_counter_reason"] [];
    DROP "stage drop"
        ["source", "separator", "expression", "value", "older_than", "longer_than", "drop_counter_reason"] [];
    MULTILINE "stage multiline" ["firstline", "max_wait_time", "max_lines"] [];
    LIMIT "stage limit" ["rate", "burst", "by_label_name", "max_distinct_labels", "drop"] [];
    SAMPLING "stage sampling" ["rate"] [];
    METRIC "stage metrics" ["type", "description", "source", "prefix", "max_idle_duration", "config"] [];
    METRIC_CONFIG "stage metrics, config" ["match_all", "count_entry_bytes", "value", "action", "buckets"] [];
}
