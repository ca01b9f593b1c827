//! `/metrics`: what the stack says of itself.

use super::PrometheusApi;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use model::metrics::MetricType;
use std::sync::atomic::{AtomicU64, Ordering};
use wire::openmetrics::{Encoder, Format};

pub async fn page(State(api): State<PrometheusApi>, headers: HeaderMap) -> Response {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let format = Format::from_accept(accept);
    let mut page = Encoder::new(format);
    about(&mut page, &api);
    store(&mut page, &api);
    queries(&mut page, &api);
    scrapes(&mut page, &api);
    (api.more_metrics)(&mut page);
    ([(CONTENT_TYPE, format.content_type())], page.finish()).into_response()
}

fn about(page: &mut Encoder, api: &PrometheusApi) {
    let (version, revision) = (api.status.version.as_str(), api.status.revision.as_str());
    page.family("prometheus_build_info", MetricType::Gauge, "What is running; the value is 1.")
        .sample(&[("revision", revision), ("version", version)], 1.0);
    page.family("prometheus_ready", MetricType::Gauge, "Whether queries are answered.")
        .sample(&[], f64::from(u8::from((api.ready)())));
    page.family(
        "prometheus_config_last_reload_successful",
        MetricType::Gauge,
        "Whether the last attempt to read the configuration went well.",
    )
    .sample(&[], f64::from(u8::from(api.reloaded())));
    page.family(
        "prometheus_config_last_reload_success_timestamp_seconds",
        MetricType::Gauge,
        "When the configuration in force was read.",
    )
    .sample(&[], api.last_reload() as f64 / 1000.0);
}

fn store(page: &mut Encoder, api: &PrometheusApi) {
    let stats = api.store.stats();
    for (name, help, value) in [
        ("prometheus_tsdb_head_series", "Series in the store.", stats.series),
        ("prometheus_tsdb_head_chunks", "Chunks in memory.", stats.chunks),
        ("prometheus_tsdb_storage_samples", "Samples in memory and on disk.", stats.samples),
        (
            "prometheus_tsdb_head_bytes",
            "Bytes of memory that series and chunks use, estimated.",
            stats.bytes_in_memory,
        ),
        ("prometheus_tsdb_storage_blocks_bytes", "Bytes on disk, log included.", stats.bytes_on_disk),
    ] {
        page.family(name, MetricType::Gauge, help).sample(&[], value as f64);
    }
    for counter in api.store.store_counters() {
        page.family(counter.name, MetricType::Counter, counter.help).sample(&[], counter.value as f64);
    }
}

fn queries(page: &mut Encoder, api: &PrometheusApi) {
    let of = |cell: &AtomicU64| cell.load(Ordering::Relaxed) as f64;
    let counts = &api.counts;
    counter(
        page,
        "prometheus_engine_queries_answered",
        "Queries, failed ones included.",
        of(&counts.queries),
    );
    counter(page, "prometheus_engine_query_failures", "Queries that failed.", of(&counts.query_failures));
    let seconds = of(&counts.query_nanos) / 1e9;
    counter(page, "prometheus_engine_query_seconds", "Time spent on queries, waiting included.", seconds);
    let samples = of(&counts.remote_samples);
    counter(page, "prometheus_remote_storage_samples_in", "Samples received by remote write.", samples);
}

fn scrapes(page: &mut Encoder, api: &PrometheusApi) {
    let Some(scraper) = &api.scraper else { return };
    let counts = scraper.counts();
    for (name, help, cell) in [
        ("prometheus_target_scrapes", "Scrapes, failed ones included.", &counts.scrapes),
        ("prometheus_target_scrape_failures", "Scrapes that failed.", &counts.failures),
        ("prometheus_target_scrape_samples_appended", "Samples written.", &counts.samples),
        (
            "prometheus_target_scrapes_sample_out_of_order",
            "Samples older than what the series has.",
            &counts.out_of_order,
        ),
        (
            "prometheus_target_scrapes_sample_duplicate_timestamp",
            "Samples for a time that the series has.",
            &counts.duplicates,
        ),
        ("prometheus_target_scrapes_sample_refused", "Samples over the limit on series.", &counts.refused),
        ("prometheus_target_scrapes_exemplar_refused", "Exemplars refused.", &counts.exemplars_refused),
        ("prometheus_target_scrapes_stale_markers", "Stale markers written.", &counts.stale_markers),
    ] {
        counter(page, name, help, cell.load(Ordering::Relaxed) as f64);
    }
}

fn counter(page: &mut Encoder, name: &str, help: &str, value: f64) {
    page.family(name, MetricType::Counter, help).sample(&[], value);
}
