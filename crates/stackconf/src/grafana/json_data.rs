//! `jsonData` of the four kinds of data source: keys are checked, values are handed on as JSON, because the console and a
//! browser read them as such.

use crate::error::ConfigError;
use crate::yaml::{Context, Node, Section, Shape, Value};
use serde_json::{Map, Value as Json};

macro_rules! shape {
    ($name:ident $path:literal [$($key:literal),* $(,)?] [$($unsupported:literal),* $(,)?]) => {
        static $name: Shape =
            Shape { path: $path, keys: &[$($key),*], no_effect: &[], unsupported: &[$($unsupported),*] };
    };
}

shape!(PROMETHEUS "jsonData of prometheus"
    ["httpMethod", "timeInterval", "prometheusType", "prometheusVersion", "exemplarTraceIdDestinations", "cacheLevel",
     "incrementalQuerying", "incrementalQueryOverlapWindow", "disableMetricsLookup", "defaultEditor", "queryTimeout",
     "manageAlerts", "allowAsRecordingRulesTarget", "customQueryParameters", "disableRecordingRules"]
    ["sigV4Auth", "oauthPassThru", "tlsAuth"]);
shape!(EXEMPLAR "exemplarTraceIdDestinations[]" ["name", "datasourceUid", "url", "urlDisplayLabel"] []);
shape!(LOKI "jsonData of loki"
    ["maxLines", "timeout", "derivedFields", "manageAlerts", "alertmanagerUid", "predefinedOperations"]
    ["oauthPassThru", "tlsAuth", "keepCookies"]);
shape!(DERIVED "derivedFields[]"
    ["name", "matcherType", "matcherRegex", "datasourceUid", "url", "urlDisplayLabel", "targetBlank"] []);
shape!(TEMPO "jsonData of tempo"
    ["tracesToLogsV2", "tracesToMetrics", "serviceMap", "nodeGraph", "search", "traceQuery", "spanBar",
     "streamingEnabled", "tagLimit", "timeRangeForTags"]
    ["tracesToProfiles", "lokiSearch", "oauthPassThru"]);
shape!(TO_LOGS "tracesToLogsV2"
    ["datasourceUid", "spanStartTimeShift", "spanEndTimeShift", "tags", "filterByTraceID", "filterBySpanID", "customQuery",
     "query"] []);
shape!(TO_METRICS "tracesToMetrics" ["datasourceUid", "spanStartTimeShift", "spanEndTimeShift", "tags", "queries"] []);
shape!(TAG "tags[]" ["key", "value"] []);
shape!(QUERY "queries[]" ["name", "query"] []);
shape!(SERVICE_MAP "serviceMap" ["datasourceUid", "histogramType"] []);
shape!(NODE_GRAPH "nodeGraph" ["enabled"] []);
shape!(SEARCH "search" ["hide", "filters"] []);
shape!(TRACE_QUERY "traceQuery" ["timeShiftEnabled", "spanStartTimeShift", "spanEndTimeShift"] []);
shape!(STREAMING "streamingEnabled" ["search", "metrics"] []);
shape!(SPAN_BAR "spanBar" ["type", "tag"] []);
shape!(ALERTMANAGER "jsonData of alertmanager" ["implementation", "handleGrafanaManagedAlerts"] []);

/// All of them, for compat.md.
pub static SHAPES: &[&Shape] = &[
    &PROMETHEUS,
    &EXEMPLAR,
    &LOKI,
    &DERIVED,
    &TEMPO,
    &TO_LOGS,
    &TO_METRICS,
    &TAG,
    &QUERY,
    &SERVICE_MAP,
    &NODE_GRAPH,
    &SEARCH,
    &TRACE_QUERY,
    &STREAMING,
    &SPAN_BAR,
    &ALERTMANAGER,
];

/// Which key of which shape holds another mapping, or a list of them.
static NESTED: &[(&Shape, &str, &Shape)] = &[
    (&PROMETHEUS, "exemplarTraceIdDestinations", &EXEMPLAR),
    (&LOKI, "derivedFields", &DERIVED),
    (&TEMPO, "tracesToLogsV2", &TO_LOGS),
    (&TEMPO, "tracesToMetrics", &TO_METRICS),
    (&TEMPO, "serviceMap", &SERVICE_MAP),
    (&TEMPO, "nodeGraph", &NODE_GRAPH),
    (&TEMPO, "search", &SEARCH),
    (&TEMPO, "traceQuery", &TRACE_QUERY),
    (&TEMPO, "streamingEnabled", &STREAMING),
    (&TEMPO, "spanBar", &SPAN_BAR),
    (&TO_LOGS, "tags", &TAG),
    (&TO_METRICS, "tags", &TAG),
    (&TO_METRICS, "queries", &QUERY),
];

/// Checks the keys by the data source's type and returns the whole as JSON. Settings of unknown types are not checked.
pub(super) fn read(kind: &str, node: &Node, ctx: &Context) -> Result<Json, ConfigError> {
    let shape = match kind {
        "prometheus" => &PROMETHEUS,
        "loki" => &LOKI,
        "tempo" => &TEMPO,
        "alertmanager" => &ALERTMANAGER,
        other => {
            ctx.warn(node.at, format!("data source type {other:?} is not supported by the embedded stack"));
            return Ok(to_json(node));
        }
    };
    check(node, shape, ctx)?;
    Ok(to_json(node))
}

fn check(node: &Node, shape: &'static Shape, ctx: &Context) -> Result<(), ConfigError> {
    if let Value::Seq(items) = &node.value {
        return items.iter().try_for_each(|item| check(item, shape, ctx));
    }
    let section = Section::open(node, shape, ctx)?;
    for (parent, key, child) in NESTED {
        if std::ptr::eq(*parent, shape)
            && let Some(inner) = section.node(key)
        {
            check(inner, child, ctx)?;
        }
    }
    Ok(())
}

fn to_json(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Scalar(scalar) if scalar.is_string => Json::String(scalar.text.clone()),
        // Numbers and booleans are written alike in YAML and JSON; what is not (1_000, .inf) stays text.
        Value::Scalar(scalar) => {
            serde_json::from_str(&scalar.text).unwrap_or_else(|_| Json::String(scalar.text.clone()))
        }
        Value::Seq(items) => Json::Array(items.iter().map(to_json).collect()),
        Value::Map(entries) => Json::Object(
            entries.iter().map(|entry| (entry.key.clone(), to_json(&entry.value))).collect::<Map<_, _>>(),
        ),
    }
}
