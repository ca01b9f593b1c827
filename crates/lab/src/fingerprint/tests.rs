use super::*;

#[test]
fn a_changed_a_new_and_a_removed_file_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("docker-compose.yml", "a");
    write("prometheus/prometheus.yml", "a");
    write("bin/lab", "x");
    let place = Place::find(folder.path(), None).unwrap();
    let program = folder.path().join("bin/lab");
    let before = take(&place, &program, false);
    assert_eq!(changed(&before, &take(&place, &program, false)), [""; 0]);
    write("prometheus/prometheus.yml", "b");
    write("loki/loki-config.yml", "c");
    fs::remove_file(folder.path().join("docker-compose.yml")).unwrap();
    write("bin/lab", "xy");
    assert_eq!(
        changed(&before, &take(&place, &program, false)),
        ["docker-compose.yml", "lab", "loki/loki-config.yml", "prometheus/prometheus.yml"]
    );
    assert_eq!(take(&place, &program, true)["gateway"], "missing");
}
