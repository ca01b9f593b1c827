use super::*;

fn discovery(base: &Path, job: &str) -> Discovery {
    let text = format!("scrape_configs:\n- job_name: x\n  {job}\n");
    Discovery::new(&stackconf::prometheus::parse("test.yml", &text).unwrap().config.scrape_configs[0], base)
}

fn shown(discovery: &mut Discovery) -> Vec<String> {
    discovery.targets().iter().map(|labels| labels.without_name().to_string()).collect()
}

#[test]
fn static_targets_have_their_groups_labels() {
    let mut found = discovery(Path::new("."), "static_configs: [{targets: ['a:1', 'b:2'], labels: {k: v}}]");
    assert!(found.is_fixed());
    assert_eq!(shown(&mut found), ["{__address__=\"a:1\", k=\"v\"}", "{__address__=\"b:2\", k=\"v\"}"]);
}

#[test]
fn files_are_read_again_when_they_change_and_keep_their_word_when_broken() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("one.yml");
    std::fs::write(&path, "[{targets: ['a:1']}]").unwrap();
    std::fs::write(dir.path().join("two.json"), r#"[{"targets": ["c:3"], "labels": {"k": "v"}}]"#).unwrap();
    let mut found = discovery(dir.path(), "file_sd_configs: [{files: ['*.yml', '*.json']}]");
    let addresses = |found: &mut Discovery| -> Vec<String> {
        found.targets().iter().map(|labels| labels.value(ADDRESS).to_owned()).collect()
    };
    assert_eq!(addresses(&mut found), ["a:1", "c:3"]);
    let file = found.targets()[0].value(FILE_PATH).to_owned();
    assert_eq!(file, path.display().to_string());

    std::fs::write(&path, "[{targets: ['a:1', 'b:22']}]").unwrap();
    assert_eq!(addresses(&mut found), ["a:1", "b:22", "c:3"]);

    std::fs::write(&path, "[{targets: 'not a list of targets'}]").unwrap();
    assert_eq!(addresses(&mut found), ["a:1", "b:22", "c:3"], "what it said before");
    assert!(found.errors()[0].contains("one.yml"), "{:?}", found.errors());

    std::fs::remove_file(&path).unwrap();
    assert_eq!(addresses(&mut found), ["c:3"]);
    assert!(found.errors().is_empty());
}
