//! ExportMetricsServiceRequest in OTLP/JSON, as the protobuf message.

use super::json::{EnumText, F64, I64, KeyValue, Origin, Text, U64, hex, pairs_to_proto};
use super::json_logs::{resource, scope};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1 as pb;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Request<'a> {
    #[serde(default, alias = "resource_metrics")]
    resource_metrics: Vec<ResourceMetrics<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct ResourceMetrics<'a> {
    #[serde(default)]
    resource: Origin<'a>,
    #[serde(default, alias = "scope_metrics")]
    scope_metrics: Vec<ScopeMetrics<'a>>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct ScopeMetrics<'a> {
    #[serde(default)]
    scope: Origin<'a>,
    #[serde(default = "Vec::new")]
    metrics: Vec<Metric<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Metric<'a> {
    name: Text<'a>,
    description: Text<'a>,
    unit: Text<'a>,
    gauge: Option<Points<NumberPoint<'a>>>,
    sum: Option<Points<NumberPoint<'a>>>,
    histogram: Option<Points<HistogramPoint<'a>>>,
    #[serde(alias = "exponential_histogram")]
    exponential_histogram: Option<Points<serde::de::IgnoredAny>>,
    summary: Option<Points<SummaryPoint<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Points<T> {
    #[serde(default = "Vec::new", alias = "data_points")]
    data_points: Vec<T>,
    #[serde(default, alias = "aggregation_temporality")]
    aggregation_temporality: Option<EnumText>,
    #[serde(default, alias = "is_monotonic")]
    is_monotonic: bool,
}

impl<T> Points<T> {
    fn temporality(&self) -> i32 {
        EnumText::number(self.aggregation_temporality.as_ref(), |name| {
            pb::AggregationTemporality::from_str_name(name).map(|kind| kind as i32)
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct NumberPoint<'a> {
    attributes: Vec<KeyValue<'a>>,
    #[serde(alias = "start_time_unix_nano")]
    start_time_unix_nano: U64,
    #[serde(alias = "time_unix_nano")]
    time_unix_nano: U64,
    #[serde(alias = "as_double")]
    as_double: Option<F64>,
    #[serde(alias = "as_int")]
    as_int: Option<I64>,
    exemplars: Vec<JsonExemplar<'a>>,
    flags: u32,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct HistogramPoint<'a> {
    attributes: Vec<KeyValue<'a>>,
    #[serde(alias = "start_time_unix_nano")]
    start_time_unix_nano: U64,
    #[serde(alias = "time_unix_nano")]
    time_unix_nano: U64,
    count: U64,
    sum: Option<F64>,
    #[serde(alias = "bucket_counts")]
    bucket_counts: Vec<U64>,
    #[serde(alias = "explicit_bounds")]
    explicit_bounds: Vec<F64>,
    exemplars: Vec<JsonExemplar<'a>>,
    flags: u32,
    min: Option<F64>,
    max: Option<F64>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct SummaryPoint<'a> {
    attributes: Vec<KeyValue<'a>>,
    #[serde(alias = "start_time_unix_nano")]
    start_time_unix_nano: U64,
    #[serde(alias = "time_unix_nano")]
    time_unix_nano: U64,
    count: U64,
    sum: F64,
    #[serde(alias = "quantile_values")]
    quantile_values: Vec<Quantile>,
    flags: u32,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Quantile {
    quantile: F64,
    value: F64,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct JsonExemplar<'a> {
    #[serde(alias = "filtered_attributes")]
    filtered_attributes: Vec<KeyValue<'a>>,
    #[serde(alias = "time_unix_nano")]
    time_unix_nano: U64,
    #[serde(alias = "span_id")]
    span_id: Text<'a>,
    #[serde(alias = "trace_id")]
    trace_id: Text<'a>,
    #[serde(alias = "as_double")]
    as_double: Option<F64>,
    #[serde(alias = "as_int")]
    as_int: Option<I64>,
}

pub(crate) fn decode(bytes: &[u8]) -> Result<ExportMetricsServiceRequest, serde_json::Error> {
    let request: Request<'_> = serde_json::from_slice(bytes)?;
    let resource_metrics = request
        .resource_metrics
        .iter()
        .map(|of_resource| pb::ResourceMetrics {
            resource: Some(resource(&of_resource.resource)),
            scope_metrics: of_resource
                .scope_metrics
                .iter()
                .map(|of_scope| pb::ScopeMetrics {
                    scope: Some(scope(&of_scope.scope)),
                    metrics: of_scope.metrics.iter().map(metric).collect(),
                    schema_url: String::new(),
                })
                .collect(),
            schema_url: String::new(),
        })
        .collect();
    Ok(ExportMetricsServiceRequest { resource_metrics })
}

fn metric(metric: &Metric<'_>) -> pb::Metric {
    use pb::metric::Data;
    let data = if let Some(points) = &metric.gauge {
        Some(Data::Gauge(pb::Gauge { data_points: points.data_points.iter().map(number).collect() }))
    } else if let Some(points) = &metric.sum {
        Some(Data::Sum(pb::Sum {
            data_points: points.data_points.iter().map(number).collect(),
            aggregation_temporality: points.temporality(),
            is_monotonic: points.is_monotonic,
        }))
    } else if let Some(points) = &metric.histogram {
        Some(Data::Histogram(pb::Histogram {
            data_points: points.data_points.iter().map(histogram).collect(),
            aggregation_temporality: points.temporality(),
        }))
    } else if let Some(points) = &metric.exponential_histogram {
        // Refused further on, so only their number counts.
        let data_points = points.data_points.iter().map(|_| Default::default()).collect();
        Some(Data::ExponentialHistogram(pb::ExponentialHistogram {
            data_points,
            aggregation_temporality: points.temporality(),
        }))
    } else {
        metric.summary.as_ref().map(|points| {
            Data::Summary(pb::Summary { data_points: points.data_points.iter().map(summary).collect() })
        })
    };
    pb::Metric {
        name: metric.name.as_str().to_owned(),
        description: metric.description.as_str().to_owned(),
        unit: metric.unit.as_str().to_owned(),
        metadata: Vec::new(),
        data,
    }
}

fn number(point: &NumberPoint<'_>) -> pb::NumberDataPoint {
    use pb::number_data_point::Value;
    pb::NumberDataPoint {
        attributes: pairs_to_proto(&point.attributes),
        start_time_unix_nano: point.start_time_unix_nano.0,
        time_unix_nano: point.time_unix_nano.0,
        exemplars: point.exemplars.iter().map(exemplar).collect(),
        flags: point.flags,
        value: point
            .as_double
            .map(|v| Value::AsDouble(v.0))
            .or_else(|| point.as_int.map(|v| Value::AsInt(v.0))),
    }
}

fn histogram(point: &HistogramPoint<'_>) -> pb::HistogramDataPoint {
    pb::HistogramDataPoint {
        attributes: pairs_to_proto(&point.attributes),
        start_time_unix_nano: point.start_time_unix_nano.0,
        time_unix_nano: point.time_unix_nano.0,
        count: point.count.0,
        sum: point.sum.map(|sum| sum.0),
        bucket_counts: point.bucket_counts.iter().map(|count| count.0).collect(),
        explicit_bounds: point.explicit_bounds.iter().map(|bound| bound.0).collect(),
        exemplars: point.exemplars.iter().map(exemplar).collect(),
        flags: point.flags,
        min: point.min.map(|min| min.0),
        max: point.max.map(|max| max.0),
    }
}

fn summary(point: &SummaryPoint<'_>) -> pb::SummaryDataPoint {
    pb::SummaryDataPoint {
        attributes: pairs_to_proto(&point.attributes),
        start_time_unix_nano: point.start_time_unix_nano.0,
        time_unix_nano: point.time_unix_nano.0,
        count: point.count.0,
        sum: point.sum.0,
        quantile_values: point
            .quantile_values
            .iter()
            .map(|at| pb::summary_data_point::ValueAtQuantile { quantile: at.quantile.0, value: at.value.0 })
            .collect(),
        flags: point.flags,
    }
}

fn exemplar(from: &JsonExemplar<'_>) -> pb::Exemplar {
    use pb::exemplar::Value;
    pb::Exemplar {
        filtered_attributes: pairs_to_proto(&from.filtered_attributes),
        time_unix_nano: from.time_unix_nano.0,
        span_id: hex(from.span_id.as_str()).unwrap_or_default(),
        trace_id: hex(from.trace_id.as_str()).unwrap_or_default(),
        value: from
            .as_double
            .map(|v| Value::AsDouble(v.0))
            .or_else(|| from.as_int.map(|v| Value::AsInt(v.0))),
    }
}
