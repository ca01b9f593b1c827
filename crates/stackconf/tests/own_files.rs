//! The repository's own files are read whole: no error, and no warning about a key that the embedded stack would leave out.

use stackconf::{Loaded, alertmanager, compose, grafana, loki, names, prometheus, promtail, tempo};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn whole<T>(loaded: Result<Loaded<T>, stackconf::ConfigError>) -> T {
    let loaded = loaded.unwrap_or_else(|error| panic!("{error}"));
    let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert!(warnings.is_empty(), "{warnings:#?}");
    loaded.config
}

fn compose_file() -> compose::Compose {
    whole(compose::load(&root().join("docker-compose.yml"), &BTreeMap::new()))
}

#[test]
fn prometheus_scrapes_every_part_under_its_service_name() {
    let config = whole(prometheus::load(&root().join("prometheus/prometheus.yml")));
    assert_eq!(config.global.scrape_interval, Duration::from_secs(5));
    let mut services = BTreeSet::new();
    for target in config.scrape_configs.iter().flat_map(|job| &job.static_configs) {
        let service = target.labels.get("service").expect("every target has the label service");
        assert!(target.targets.iter().all(|name| name.starts_with(&format!("{service}:"))), "{target:?}");
        services.insert(service.clone());
    }
    let expected = [
        "alertmanager",
        "catalog",
        "checkout",
        "gateway",
        "grafana",
        "loki",
        "prometheus",
        "promtail",
        "tempo",
    ];
    assert_eq!(services.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    let shop = &config.scrape_configs[0];
    assert!(shop.job_name == "services" && shop.honor_labels);
}

#[test]
fn every_name_in_the_files_is_in_the_name_table() {
    let names = names::Names::from_compose(&compose_file(), 0).unwrap();
    let prometheus = whole(prometheus::load(&root().join("prometheus/prometheus.yml")));
    for target in
        prometheus.scrape_configs.iter().flat_map(|job| &job.static_configs).flat_map(|c| &c.targets)
    {
        assert!(names.resolve(target).is_some(), "{target}");
    }
    for target in prometheus.alerting.static_targets() {
        assert!(names.resolve(target).is_some(), "{target}");
    }
    let alerts = whole(alertmanager::load(&root().join("alertmanager/alertmanager.yml")));
    let promtail = whole(promtail::load(&root().join("promtail/promtail-config.yml")));
    let tempo = whole(tempo::load(&root().join("tempo/tempo.yaml")));
    let loki = whole(loki::load(&root().join("loki/loki-config.yml")));
    let mut urls: Vec<String> = alerts
        .receivers
        .iter()
        .flat_map(|receiver| &receiver.webhook_configs)
        .map(|hook| hook.url.clone())
        .collect();
    urls.extend(promtail.clients.iter().map(|client| client.url.clone()));
    urls.extend(tempo.generator.remote_write.iter().map(|write| write.url.clone()));
    urls.extend(loki.alertmanager_url);
    assert!(urls.len() >= 5);
    for url in urls {
        assert!(names.resolve_url(&url).contains("://127.0.0.1:"), "{url}");
    }
}

#[test]
fn compose_mounts_lead_to_the_files() {
    let root = root();
    for (windows, folder) in [("", "lab"), ("production", "production")] {
        let variables = BTreeMap::from([("SLO_WINDOWS".to_owned(), windows.to_owned())]);
        let compose = whole(compose::load(&root.join("docker-compose.yml"), &variables));
        let rules = compose.host_path("prometheus", &root, "/etc/prometheus/rules/x.yml").unwrap();
        assert!(rules.ends_with(format!("prometheus/rules/{folder}/x.yml")), "{}", rules.display());
    }
    let compose = compose_file();
    for (service, inside) in [
        ("prometheus", "/etc/prometheus/prometheus.yml"),
        ("alertmanager", "/etc/alertmanager/alertmanager.yml"),
        ("loki", "/etc/loki/loki-config.yml"),
        ("promtail", "/etc/promtail/promtail-config.yml"),
        ("tempo", "/etc/tempo/tempo.yaml"),
        ("grafana", "/etc/grafana/provisioning/datasources/lab.yml"),
    ] {
        let path = compose.host_path(service, &root, inside).expect(inside);
        assert!(path.is_file(), "{}", path.display());
    }
}

#[test]
fn a_page_goes_out_at_once_and_info_to_nobody() {
    let config = whole(alertmanager::load(&root().join("alertmanager/alertmanager.yml")));
    let route = |severity: &str| {
        config
            .route
            .routes
            .iter()
            .find(|route| route.matchers.iter().all(|m| m.matches(severity)))
            .expect(severity)
    };
    assert_eq!(route("page").group_wait, Duration::ZERO);
    // The 6x page ends about 150 s after the last error; the news of it has to be out by 170 s.
    assert!(route("page").group_interval <= Duration::from_secs(15));
    let nobody = config.receivers.iter().find(|receiver| receiver.name == route("info").receiver).unwrap();
    assert!(nobody.webhook_configs.is_empty());
}

#[test]
fn traces_and_logs_are_kept_longer_than_the_slo_period_with_lab_windows() {
    const PERIOD: Duration = Duration::from_secs(60 * 3600);
    assert!(whole(tempo::load(&root().join("tempo/tempo.yaml"))).block_retention > PERIOD);
    let loki = whole(loki::load(&root().join("loki/loki-config.yml")));
    assert!(loki.retention_enabled && loki.limits.retention_period > PERIOD);
}

#[test]
fn ids_are_structured_metadata_and_never_labels() {
    let config = whole(promtail::load(&root().join("promtail/promtail-config.yml")));
    let stages = &config.scrape_configs[0].pipeline_stages;
    let names = |pairs: &[(String, String)]| pairs.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let labels = stages
        .iter()
        .find_map(|s| if let promtail::Stage::Labels(pairs) = s { Some(names(pairs)) } else { None });
    assert_eq!(labels.unwrap(), ["level"]);
    let metadata = stages.iter().find_map(|s| {
        if let promtail::Stage::StructuredMetadata(pairs) = s { Some(names(pairs)) } else { None }
    });
    assert_eq!(metadata.unwrap(), ["trace_id", "span_id"]);
}

#[test]
fn grafana_links_lead_to_data_sources_that_exist() {
    let path = root().join("grafana/provisioning/datasources/lab.yml");
    let text = std::fs::read_to_string(&path).unwrap();
    let sources = whole(grafana::parse_datasources("lab.yml", &text, &BTreeMap::new())).datasources;
    let uids: Vec<&str> = sources.iter().map(|source| source.uid.as_str()).collect();
    assert_eq!(uids, ["prometheus", "loki", "tempo", "alertmanager"]);
    for source in &sources {
        for (place, uid) in source.links() {
            assert!(uids.contains(&uid.as_str()), "{} {place} leads to {uid}", source.name);
        }
    }
}
