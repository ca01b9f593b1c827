//! Prometheus remote write 1.0: a snappy block of protobuf with series, samples, exemplars and metadata.
//!
//! Source: "Prometheus Remote-Write 1.0 specification" and prometheus/prompb. Native histograms are counted and left out.

mod proto;

use model::labels::METRIC_NAME;
use model::metrics::{AppendRow, Exemplar, Metadata, MetricType, Sample, SeriesKey};
use model::{Label, Labels};
use prost::Message;

pub const CONTENT_TYPE: &str = "application/x-protobuf";

/// A request that cannot be taken. The sender must not repeat it.
#[derive(Debug, thiserror::Error)]
pub enum RemoteWriteError {
    #[error("unsupported content type {found:?}, expected application/x-protobuf of remote write 1.0")]
    ContentType { found: String },
    #[error("unsupported content encoding {found:?}, expected snappy")]
    ContentEncoding { found: String },
    #[error("not a snappy block: {0}")]
    Snappy(#[from] snap::Error),
    #[error("the request has {found} bytes when decompressed, expected at most {limit}")]
    TooLarge { found: usize, limit: usize },
    #[error("not a write request: {0}")]
    Protobuf(#[from] prost::DecodeError),
    #[error("series {index}: {reason}")]
    Series { index: usize, reason: String },
}

/// What a request asks to write.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WriteRequest {
    pub series: Vec<WriteSeries>,
    pub metadata: Vec<(String, Metadata)>,
    /// Native histograms that were left out.
    pub histograms: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct WriteSeries {
    pub labels: Labels,
    pub samples: Vec<(i64, u64)>,
    pub exemplars: Vec<Exemplar>,
}

impl WriteSeries {
    /// One row a sample, oldest first as they came.
    pub fn rows(&self) -> impl Iterator<Item = AppendRow> {
        self.samples.iter().map(|(t, bits)| AppendRow {
            series: SeriesKey::Labels(self.labels.clone()),
            sample: Sample { t: *t, v: f64::from_bits(*bits) },
            exemplar: None,
        })
    }
}

/// Whether the headers announce a request that [`decode`] can read.
///
/// # Errors
/// [`RemoteWriteError`] for another encoding or for version 2 of the protocol.
pub fn check_headers(content_type: &str, content_encoding: &str) -> Result<(), RemoteWriteError> {
    let mut parts = content_type.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default();
    let proto = parts.find_map(|part| part.strip_prefix("proto="));
    let version_1 = proto.is_none_or(|proto| proto == "prometheus.WriteRequest");
    // Some senders leave the type out; the protobuf decoder will tell.
    if !(media.is_empty() || media == CONTENT_TYPE) || !version_1 {
        return Err(RemoteWriteError::ContentType { found: content_type.chars().take(100).collect() });
    }
    if !matches!(content_encoding, "" | "snappy") {
        return Err(RemoteWriteError::ContentEncoding {
            found: content_encoding.chars().take(100).collect(),
        });
    }
    Ok(())
}

/// Reads a request body; `limit` is for the decompressed size in bytes.
///
/// # Errors
/// [`RemoteWriteError`] when any part of it is malformed.
pub fn decode(body: &[u8], limit: usize) -> Result<WriteRequest, RemoteWriteError> {
    let found = snap::raw::decompress_len(body)?;
    if found > limit {
        return Err(RemoteWriteError::TooLarge { found, limit });
    }
    let bytes = snap::raw::Decoder::new().decompress_vec(body)?;
    let request = proto::WriteRequest::decode(bytes.as_slice())?;
    let mut out = WriteRequest::default();
    for (index, series) in request.timeseries.into_iter().enumerate() {
        out.histograms += series.histograms.len();
        let read = labels(series.labels, true).and_then(|of_series| {
            let exemplars = series.exemplars.into_iter().map(|exemplar| {
                let labels = labels(exemplar.labels, false)?;
                Ok(Exemplar { labels, value: exemplar.value, t: exemplar.timestamp })
            });
            let exemplars = exemplars.collect::<Result<_, String>>()?;
            let samples =
                series.samples.iter().map(|sample| (sample.timestamp, sample.value.to_bits())).collect();
            Ok(WriteSeries { labels: of_series, samples, exemplars })
        });
        out.series.push(read.map_err(|reason| RemoteWriteError::Series { index, reason })?);
    }
    for metadata in request.metadata {
        let kind = kind_of(metadata.kind);
        out.metadata.push((metadata.family, Metadata { kind, help: metadata.help, unit: metadata.unit }));
    }
    Ok(out)
}

/// Writes a request body, compressed.
///
/// # Errors
/// [`RemoteWriteError::Snappy`] when the request is larger than a block may be (4 GiB).
pub fn encode(request: &WriteRequest) -> Result<Vec<u8>, RemoteWriteError> {
    let pairs = |labels: &Labels| {
        labels.iter().map(|(name, value)| proto::Label { name: name.into(), value: value.into() }).collect()
    };
    let series = |series: &WriteSeries| proto::TimeSeries {
        labels: pairs(&series.labels),
        samples: series
            .samples
            .iter()
            .map(|(t, bits)| proto::Sample { value: f64::from_bits(*bits), timestamp: *t })
            .collect(),
        exemplars: series
            .exemplars
            .iter()
            .map(|exemplar| proto::Exemplar {
                labels: pairs(&exemplar.labels),
                value: exemplar.value,
                timestamp: exemplar.t,
            })
            .collect(),
        histograms: Vec::new(),
    };
    let metadata = |(family, metadata): &(String, Metadata)| proto::MetricMetadata {
        kind: KINDS.iter().position(|kind| *kind == metadata.kind).unwrap_or(0) as i32,
        family: family.clone(),
        help: metadata.help.clone(),
        unit: metadata.unit.clone(),
    };
    let message = proto::WriteRequest {
        timeseries: request.series.iter().map(series).collect(),
        metadata: request.metadata.iter().map(metadata).collect(),
    };
    Ok(snap::raw::Encoder::new().compress_vec(&message.encode_to_vec())?)
}

/// The order of prompb's enum.
const KINDS: [MetricType; 8] = [
    MetricType::Unknown,
    MetricType::Counter,
    MetricType::Gauge,
    MetricType::Histogram,
    MetricType::GaugeHistogram,
    MetricType::Summary,
    MetricType::Info,
    MetricType::StateSet,
];

fn kind_of(number: i32) -> MetricType {
    usize::try_from(number).ok().and_then(|number| KINDS.get(number)).copied().unwrap_or_default()
}

fn labels(pairs: Vec<proto::Label>, named: bool) -> Result<Labels, String> {
    let mut labels: Vec<Label> = pairs
        .into_iter()
        .filter(|pair| !pair.value.is_empty())
        .map(|pair| Label { name: pair.name.into(), value: pair.value.into() })
        .collect();
    labels.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(pair) = labels.windows(2).find(|pair| pair[0].name == pair[1].name) {
        return Err(format!("label {:?} is there twice", pair[0].name));
    }
    if labels.first().is_some_and(|label| label.name.is_empty()) {
        return Err("a label has no name".to_owned());
    }
    let labels = Labels::from_sorted(labels);
    match named && labels.get(METRIC_NAME).is_none() {
        true => Err(format!("found {labels}, expected a label __name__")),
        false => Ok(labels),
    }
}

#[cfg(test)]
mod tests;
