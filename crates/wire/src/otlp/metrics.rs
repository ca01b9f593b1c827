//! OTLP metrics as Prometheus takes them in: names with unit and type suffixes, `job` and `instance` from the
//! resource, classic histograms, `target_info`. Source: OpenTelemetry specification, "Prometheus and OpenMetrics
//! Compatibility", "OTLP Metric points to Prometheus".

use super::names::{NameKind, label_name, metric_name};
use super::{Encoding, OtlpError, Refused, json_metrics};
use model::clock::{Millis, NANOS_PER_MILLI};
use model::metrics::{AppendRow, Exemplar, Metadata, MetricType, Sample, SeriesKey, stale_marker};
use model::{LabelsBuilder, labels::METRIC_NAME};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1 as pb;
use prost::Message;
use std::collections::BTreeMap;

/// Rows to append, what the families say of themselves, and what was refused.
#[derive(Debug, Default, Clone)]
pub struct MetricRequest {
    pub rows: Vec<AppendRow>,
    pub metadata: BTreeMap<String, Metadata>,
    /// Data points, not rows: the unit of OTLP's partial success.
    pub points: u64,
    pub refused: Refused,
}

/// Reads one export request.
///
/// # Errors
/// [`OtlpError`] when the bytes are not an ExportMetricsServiceRequest. Delta temporality and exponential histograms
/// are refused point by point.
pub fn decode_metrics(bytes: &[u8], encoding: Encoding) -> Result<MetricRequest, OtlpError> {
    let request = match encoding {
        Encoding::Protobuf => ExportMetricsServiceRequest::decode(bytes)?,
        Encoding::Json => json_metrics::decode(bytes)?,
    };
    Ok(metrics_from_proto(&request))
}

pub fn metrics_from_proto(request: &ExportMetricsServiceRequest) -> MetricRequest {
    let mut out = MetricRequest::default();
    for of_resource in &request.resource_metrics {
        let attributes =
            of_resource.resource.as_ref().map(|resource| resource.attributes.as_slice()).unwrap_or(&[]);
        let target = Target::of(attributes);
        let mut newest: Option<Millis> = None;
        for metric in of_resource.scope_metrics.iter().flat_map(|of_scope| &of_scope.metrics) {
            let first = out.rows.len();
            convert(metric, &target, &mut out);
            newest = newest.max(out.rows[first..].iter().map(|row| row.sample.t).max());
        }
        if let (Some(t), Some(labels)) = (newest, target.info(attributes)) {
            out.rows.push(row(labels, t, 1.0, None));
            out.metadata.entry("target_info".to_owned()).or_insert_with(|| Metadata {
                kind: MetricType::Gauge,
                help: "Target metadata".to_owned(),
                unit: String::new(),
            });
        }
    }
    out
}

/// Who sent the metrics: `job` is `service.namespace/service.name`, `instance` is `service.instance.id`.
struct Target {
    job: String,
    instance: String,
}

const IDENTITY: [&str; 3] = ["service.name", "service.namespace", "service.instance.id"];

impl Target {
    fn of(attributes: &[KeyValue]) -> Self {
        let find = |name: &str| {
            attributes
                .iter()
                .find(|pair| pair.key == name)
                .map(|pair| text(pair.value.as_ref()))
                .unwrap_or_default()
        };
        let (name, namespace) = (find("service.name"), find("service.namespace"));
        let job = if namespace.is_empty() { name } else { format!("{namespace}/{name}") };
        Self { job, instance: find("service.instance.id") }
    }

    fn labels(&self, name: &str, attributes: &[KeyValue]) -> LabelsBuilder {
        let mut labels = LabelsBuilder::default();
        for pair in attributes {
            let name = label_name(&pair.key);
            // Two names that become one: the values are joined, as Prometheus does.
            let joined = match labels.get(&name) {
                Some(before) => format!("{before};{}", text(pair.value.as_ref())),
                None => text(pair.value.as_ref()),
            };
            labels.set(&name, &joined);
        }
        labels.set("job", &self.job).set("instance", &self.instance).set(METRIC_NAME, name);
        labels
    }

    /// The labels of `target_info`; none when the resource says no more than its identity.
    fn info(&self, attributes: &[KeyValue]) -> Option<LabelsBuilder> {
        let rest: Vec<KeyValue> =
            attributes.iter().filter(|pair| !IDENTITY.contains(&pair.key.as_str())).cloned().collect();
        let known = !self.job.is_empty() || !self.instance.is_empty();
        (known && !rest.is_empty()).then(|| self.labels("target_info", &rest))
    }
}

fn row(labels: LabelsBuilder, t: Millis, v: f64, exemplar: Option<Exemplar>) -> AppendRow {
    AppendRow { series: SeriesKey::Labels(labels.build()), sample: Sample { t, v }, exemplar }
}

fn millis(nanos: u64) -> Millis {
    (nanos / NANOS_PER_MILLI as u64) as Millis
}

/// Bit 0 of a point's flags: there is no value any more.
fn gone(flags: u32) -> bool {
    flags & pb::DataPointFlags::NoRecordedValueMask as u32 != 0
}

fn convert(metric: &pb::Metric, target: &Target, out: &mut MetricRequest) {
    let cumulative = |temporality: i32| temporality == pb::AggregationTemporality::Cumulative as i32;
    let delta = || format!("metric {:?} has delta temporality, expected cumulative", metric.name);
    let family = |kind| metric_name(&metric.name, &metric.unit, kind);
    let (name, kind) = match &metric.data {
        None => return,
        Some(pb::metric::Data::Gauge(gauge)) => {
            let name = family(NameKind::Gauge);
            numbers(&gauge.data_points, &name, target, out);
            (name, MetricType::Gauge)
        }
        Some(pb::metric::Data::Sum(sum)) => {
            let kind = if sum.is_monotonic { NameKind::Counter } else { NameKind::Other };
            if !cumulative(sum.aggregation_temporality) {
                return out.refused.add(sum.data_points.len() as u64, delta);
            }
            let name = family(kind);
            numbers(&sum.data_points, &name, target, out);
            (name, if sum.is_monotonic { MetricType::Counter } else { MetricType::Gauge })
        }
        Some(pb::metric::Data::Histogram(histogram)) => {
            if !cumulative(histogram.aggregation_temporality) {
                return out.refused.add(histogram.data_points.len() as u64, delta);
            }
            let name = family(NameKind::Other);
            histogram.data_points.iter().for_each(|point| buckets(point, &name, target, out));
            (name, MetricType::Histogram)
        }
        Some(pb::metric::Data::Summary(summary)) => {
            let name = family(NameKind::Other);
            summary.data_points.iter().for_each(|point| quantiles(point, &name, target, out));
            (name, MetricType::Summary)
        }
        Some(pb::metric::Data::ExponentialHistogram(histogram)) => {
            return out.refused.add(histogram.data_points.len() as u64, || {
                format!("metric {:?} is an exponential histogram, expected explicit bounds", metric.name)
            });
        }
    };
    out.metadata.insert(name, Metadata { kind, help: metric.description.clone(), unit: String::new() });
}

fn numbers(points: &[pb::NumberDataPoint], name: &str, target: &Target, out: &mut MetricRequest) {
    for point in points {
        let v = match point.value {
            _ if gone(point.flags) => stale_marker(),
            Some(pb::number_data_point::Value::AsDouble(v)) => v,
            Some(pb::number_data_point::Value::AsInt(v)) => v as f64,
            None => 0.0,
        };
        let exemplar = point.exemplars.last().map(exemplar);
        out.points += 1;
        out.rows.push(row(target.labels(name, &point.attributes), millis(point.time_unix_nano), v, exemplar));
    }
}

fn buckets(point: &pb::HistogramDataPoint, name: &str, target: &Target, out: &mut MetricRequest) {
    if point.bucket_counts.len() != point.explicit_bounds.len() + 1 && !point.bucket_counts.is_empty() {
        return out.refused.add(1, || {
            format!(
                "histogram {name:?} has {} bounds and {} buckets, expected one bucket more than bounds",
                point.explicit_bounds.len(),
                point.bucket_counts.len()
            )
        });
    }
    out.points += 1;
    let t = millis(point.time_unix_nano);
    let value = |v: f64| if gone(point.flags) { stale_marker() } else { v };
    let mut cumulated = 0_u64;
    let mut below = f64::NEG_INFINITY;
    let bounds = point.explicit_bounds.iter().copied().chain([f64::INFINITY]);
    for (at, bound) in bounds.enumerate() {
        cumulated += point.bucket_counts.get(at).copied().unwrap_or(0);
        let last = bound.is_infinite();
        let mut labels = target.labels(&format!("{name}_bucket"), &point.attributes);
        labels.set("le", &if last { "+Inf".to_owned() } else { bound.to_string() });
        let of_bucket =
            point.exemplars.iter().rev().map(exemplar).find(|e| e.value > below && e.value <= bound);
        let count = if last { point.count } else { cumulated };
        out.rows.push(row(labels, t, value(count as f64), of_bucket));
        below = bound;
    }
    if let Some(sum) = point.sum {
        out.rows.push(row(target.labels(&format!("{name}_sum"), &point.attributes), t, value(sum), None));
    }
    let labels = target.labels(&format!("{name}_count"), &point.attributes);
    out.rows.push(row(labels, t, value(point.count as f64), None));
}

fn quantiles(point: &pb::SummaryDataPoint, name: &str, target: &Target, out: &mut MetricRequest) {
    out.points += 1;
    let t = millis(point.time_unix_nano);
    let value = |v: f64| if gone(point.flags) { stale_marker() } else { v };
    for at in &point.quantile_values {
        let mut labels = target.labels(name, &point.attributes);
        labels.set("quantile", &at.quantile.to_string());
        out.rows.push(row(labels, t, value(at.value), None));
    }
    let labels = |suffix: &str| target.labels(&format!("{name}_{suffix}"), &point.attributes);
    out.rows.push(row(labels("sum"), t, value(point.sum), None));
    out.rows.push(row(labels("count"), t, value(point.count as f64), None));
}

fn exemplar(from: &pb::Exemplar) -> Exemplar {
    let mut labels = LabelsBuilder::default();
    for pair in &from.filtered_attributes {
        labels.set(&label_name(&pair.key), &text(pair.value.as_ref()));
    }
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    labels.set("trace_id", &hex(&from.trace_id)).set("span_id", &hex(&from.span_id));
    let value = match from.value {
        Some(pb::exemplar::Value::AsDouble(v)) => v,
        Some(pb::exemplar::Value::AsInt(v)) => v as f64,
        None => 0.0,
    };
    Exemplar { labels: labels.build(), value, t: millis(from.time_unix_nano) }
}

/// An attribute as a label value.
fn text(any: Option<&AnyValue>) -> String {
    match any.and_then(|any| any.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::BoolValue(flag)) => flag.to_string(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        Some(Value::ArrayValue(array)) => {
            let parts: Vec<String> = array.values.iter().map(|any| text(Some(any))).collect();
            format!("[{}]", parts.join(","))
        }
        Some(Value::KvlistValue(list)) => {
            let parts: Vec<String> = list
                .values
                .iter()
                .map(|pair| format!("{}:{}", pair.key, text(pair.value.as_ref())))
                .collect();
            format!("{{{}}}", parts.join(","))
        }
        Some(Value::BytesValue(bytes)) => super::base64::encode(bytes),
        Some(_) | None => String::new(),
    }
}
