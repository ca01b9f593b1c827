//! `index/stats`, `index/volume` and `index/volume_range`: how much there is. Counted from what is stored, where Loki
//! estimates from its index.

use super::params::Params;
use super::run::blocking;
use super::{Inner, LokiApi, LokiError, respond};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use logql::{Answer, Interrupt, LabelSet};
use model::logs::{NanosRange, ScanStats};
use model::{Labels, Matcher};
use std::collections::{BTreeMap, BTreeSet};

/// Entries of an answer when the request does not say.
const DEFAULT_LIMIT: usize = 100;
/// Most steps of `volume_range`: each is a pass over the index.
const MAX_STEPS: i64 = 1_000;

fn matchers(params: &Params) -> Result<Vec<Matcher>, LokiError> {
    match params.get("query").map(str::trim) {
        None | Some("{}") => Ok(Vec::new()),
        Some(text) => Ok(logql::parse_matchers(text, true)?),
    }
}

pub async fn stats(
    State(api): State<LokiApi>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, LokiError> {
    let params = Params::new(&uri, &headers, &body, api.inner.clock.now_nanos());
    let range = params.range()?;
    let matchers = logql::parse_matchers(params.query(), false)?;
    let found = blocking(&api, move |inner, _| Ok(inner.store.volumes(range, &matchers)?)).await?;
    let mut sum = ScanStats::default();
    for (_, stats) in &found {
        sum.streams += 1;
        sum.chunks += stats.chunks;
        sum.bytes += stats.bytes;
        sum.lines += stats.lines;
    }
    Ok(respond::json(format!(
        "{{\"streams\":{},\"chunks\":{},\"bytes\":{},\"entries\":{}}}",
        sum.streams, sum.chunks, sum.bytes, sum.lines
    )))
}

/// How sizes are added up.
struct Grouping {
    /// Labels that make a group; `None`: all of the stream.
    targets: Option<BTreeSet<String>>,
    /// One entry for each label name instead of one for each group.
    by_name: bool,
    limit: usize,
}

impl Grouping {
    fn read(params: &Params, matchers: &[Matcher]) -> Result<Self, LokiError> {
        let by_name = match params.get("aggregateBy") {
            None | Some("series") => false,
            Some("labels") => true,
            Some(other) => {
                return Err(LokiError::bad_request(format!(
                    "invalid aggregateBy parameter: found {other:?}, expected series or labels"
                )));
            }
        };
        let named = params.get("targetLabels").map(|list| {
            list.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
        });
        // Without targets a series is told apart by the labels that the selector names.
        let selected = || matchers.iter().map(|matcher| matcher.name.clone()).collect::<BTreeSet<_>>();
        let targets = named.or_else(|| (!by_name && !matchers.is_empty()).then(selected));
        let limit = params.number("limit", DEFAULT_LIMIT)?;
        let limit = usize::try_from(limit).ok().filter(|limit| *limit > 0);
        let limit = limit.ok_or_else(|| LokiError::bad_request("limit must be a positive value"))?;
        Ok(Self { targets, by_name, limit })
    }

    fn wants(&self, name: &str) -> bool {
        self.targets.as_ref().is_none_or(|targets| targets.contains(name))
    }

    fn add(&self, sizes: &mut BTreeMap<LabelSet, u64>, labels: &Labels, bytes: u64) {
        let kept = labels.iter().filter(|(name, _)| self.wants(name));
        if self.by_name {
            for (name, _) in kept {
                *sizes.entry(LabelSet::from_pairs([(name, "")])).or_default() += bytes;
            }
        } else {
            let group = LabelSet::from_pairs(kept);
            if !group.is_empty() {
                *sizes.entry(group).or_default() += bytes;
            }
        }
    }

    /// The largest groups.
    fn largest(&self, sizes: BTreeMap<LabelSet, u64>) -> Vec<(LabelSet, u64)> {
        let mut all: Vec<_> = sizes.into_iter().collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        all.truncate(self.limit);
        all
    }
}

pub async fn volume(
    State(api): State<LokiApi>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, LokiError> {
    let params = Params::new(&uri, &headers, &body, api.inner.clock.now_nanos());
    let range = params.query_range(api.inner.limits.max_query_length)?;
    let matchers = matchers(&params)?;
    let grouping = Grouping::read(&params, &matchers)?;
    let answer = blocking(&api, move |inner, _| {
        let mut sizes = BTreeMap::new();
        for (labels, stats) in inner.store.volumes(range, &matchers)? {
            grouping.add(&mut sizes, &labels, stats.bytes);
        }
        let samples = grouping.largest(sizes).into_iter();
        Ok(Answer::Vector(samples.map(|(labels, bytes)| (labels, range.end, bytes as f64)).collect()))
    })
    .await?;
    Ok(respond::json(respond::metric(&answer, &nothing_read())))
}

pub async fn volume_range(
    State(api): State<LokiApi>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, LokiError> {
    let params = Params::new(&uri, &headers, &body, api.inner.clock.now_nanos());
    let range = params.query_range(api.inner.limits.max_query_length)?;
    let matchers = matchers(&params)?;
    let grouping = Grouping::read(&params, &matchers)?;
    let step = params.step(range)?;
    if range.end.saturating_sub(range.start) / step > MAX_STEPS {
        return Err(LokiError::bad_request(format!(
            "exceeded maximum of {MAX_STEPS} steps. Try increasing the value of the step parameter"
        )));
    }
    let answer =
        blocking(&api, move |inner, stop| by_step(inner, range, step, &matchers, &grouping, stop)).await?;
    Ok(respond::json(respond::metric(&answer, &nothing_read())))
}

/// Samples stand at the end of their step, a millisecond before the next one begins; the last at the end.
fn by_step(
    inner: &Inner,
    range: NanosRange,
    step: i64,
    matchers: &[Matcher],
    grouping: &Grouping,
    stop: &dyn Interrupt,
) -> Result<Answer, LokiError> {
    let mut totals: BTreeMap<LabelSet, u64> = BTreeMap::new();
    let mut series: BTreeMap<LabelSet, Vec<(i64, f64)>> = BTreeMap::new();
    let mut start = range.start;
    while start < range.end {
        if stop.interrupted() {
            return Err(logql::EvalError::Interrupted.into());
        }
        let end = start.div_euclid(step).saturating_add(1).saturating_mul(step).min(range.end);
        let mut sizes = BTreeMap::new();
        for (labels, stats) in inner.store.volumes(NanosRange { start, end }, matchers)? {
            grouping.add(&mut sizes, &labels, stats.bytes);
        }
        let stamp = if end == range.end { end } else { end - 1_000_000 };
        for (labels, bytes) in sizes {
            *totals.entry(labels.clone()).or_default() += bytes;
            series.entry(labels).or_default().push((stamp, bytes as f64));
        }
        start = end;
    }
    let kept = grouping.largest(totals).into_iter();
    Ok(Answer::Matrix(
        kept.map(|(labels, _)| (labels.clone(), series.remove(&labels).unwrap_or_default())).collect(),
    ))
}

fn nothing_read() -> respond::Summary {
    respond::Summary { read: ScanStats::default(), took: 0, returned: 0 }
}
