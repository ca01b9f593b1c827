//! What of upstream's configuration files the embedded stack reads, as a document made from the very tables that the readers
//! use: docs/reference/compat.md. A test holds the two together.

use crate::yaml::Shape;
use crate::{alertmanager as am, compose, grafana, loki, prometheus, promtail, relabel, rules, tempo};
use std::fmt::Write;

struct File {
    name: &'static str,
    upstream: &'static str,
    shapes: Vec<&'static Shape>,
}

fn files() -> Vec<File> {
    use prometheus::{alerting, scrape};
    let file = |name, upstream, shapes| File { name, upstream, shapes };
    vec![
        file(
            "prometheus/prometheus.yml",
            "Prometheus 2.42 to 3.14",
            vec![
                &prometheus::TOP,
                &prometheus::GLOBAL,
                &prometheus::STORAGE,
                &prometheus::EXEMPLARS,
                &prometheus::TSDB,
                &prometheus::RETENTION,
                &scrape::SCRAPE,
                &scrape::STATIC,
                &scrape::FILE_SD,
                &relabel::RELABEL,
                &alerting::ALERTING,
                &alerting::ALERTMANAGER,
            ],
        ),
        file(
            "prometheus/rules/*.yml",
            "Prometheus 2.42 to 3.14",
            vec![&rules::FILE, &rules::GROUP, &rules::RULE],
        ),
        file(
            "alertmanager/alertmanager.yml",
            "Alertmanager 0.25 to 0.34",
            vec![
                &am::TOP,
                &am::GLOBAL,
                &am::ROUTE,
                &am::RECEIVER,
                &am::WEBHOOK,
                &am::INHIBIT,
                &am::intervals::NAMED,
                &am::intervals::INTERVAL,
                &am::intervals::TIMES,
            ],
        ),
        file(
            "loki/loki-config.yml",
            "Loki 3.7",
            vec![
                &loki::TOP,
                &loki::SERVER,
                &loki::LIMITS,
                &loki::SCHEMA,
                &loki::PERIOD,
                &loki::COMPACTOR,
                &loki::RULER,
                &loki::RULER_STORAGE,
                &loki::RULER_LOCAL,
            ],
        ),
        file("promtail/promtail-config.yml", "Promtail 3.6", {
            let mut shapes: Vec<&Shape> = vec![
                &promtail::TOP,
                &promtail::SERVER,
                &promtail::CLIENT,
                &promtail::BACKOFF,
                &promtail::POSITIONS,
                &promtail::LIMITS,
                &promtail::SCRAPE,
                &promtail::DOCKER_SD,
                &promtail::DOCKER_FILTER,
            ];
            shapes.extend(promtail::stages::SHAPES);
            shapes
        }),
        file(
            "tempo/tempo.yaml",
            "Tempo 3.0",
            vec![
                &tempo::TOP,
                &tempo::SERVER,
                &tempo::DISTRIBUTOR,
                &tempo::RECEIVERS,
                &tempo::OTLP,
                &tempo::PROTOCOLS,
                &tempo::ENDPOINT,
                &tempo::LIVE_STORE,
                &tempo::QUERY_FRONTEND,
                &tempo::SEARCH,
                &tempo::METRICS,
                &tempo::GENERATOR,
                &tempo::REGISTRY,
                &tempo::PROCESSOR,
                &tempo::SPAN_METRICS,
                &tempo::SERVICE_GRAPHS,
                &tempo::GENERATOR_STORAGE,
                &tempo::REMOTE_WRITE,
                &tempo::OVERRIDES,
                &tempo::OVERRIDES_DEFAULTS,
                &tempo::OVERRIDES_GENERATOR,
                &tempo::WORKER,
                &tempo::WORKER_COMPACTION,
            ],
        ),
        file("grafana/provisioning", "Grafana 13", {
            let mut shapes: Vec<&Shape> = vec![
                &grafana::DATASOURCES,
                &grafana::DATASOURCE,
                &grafana::DASHBOARDS,
                &grafana::PROVIDER,
                &grafana::OPTIONS,
            ];
            shapes.extend(grafana::JSON_DATA_SHAPES);
            shapes
        }),
        file("docker-compose.yml", "Compose 1.29 to 2", vec![&compose::SERVICE]),
    ]
}

/// The part of the document that is about configuration files.
pub fn markdown() -> String {
    let mut out = String::from(
        "## Configuration files\n\nA key in none of the columns is an error that names its line and the nearest known key. *Read*: obeyed. *No effect*: \
         accepted and changes nothing, mostly because it steers something that one process does not have: ports come from \
         docker-compose.yml, parts hand data to each other directly, traces and lines can be found at once. *Left out*: upstream knows \
         it and the embedded stack does not; a warning says so at the start.\n",
    );
    for file in files() {
        let _ = writeln!(out, "\n### {} ({})\n", file.name, file.upstream);
        out.push_str("| section | read | no effect | left out |\n|---|---|---|---|\n");
        for shape in file.shapes {
            let cell =
                |keys: &[&str]| keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" ");
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} |",
                shape.path.replace('<', "\\<"),
                cell(shape.keys),
                cell(shape.no_effect),
                cell(shape.unsupported)
            );
        }
    }
    let list = |names: &mut dyn Iterator<Item = &'static str>| {
        names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" ")
    };
    let _ = writeln!(
        out,
        "\nPipeline stages of Promtail, read: {}. Left out: {}.",
        list(&mut promtail::stages::names()),
        list(&mut promtail::stages::UNSUPPORTED.iter().copied())
    );
    out
}
