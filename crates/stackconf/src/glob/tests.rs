use super::*;

#[test]
fn patterns_match_names() {
    for (pattern, name, expected) in [
        ("*.yml", "slo.yml", true),
        ("*.yml", "slo.yaml", false),
        ("*.yml", ".hidden.yml", false),
        ("a?c*", "abcdef", true),
        ("a*b*c", "a-b-b-c", true),
        ("a*b*c", "a-b-b-d", false),
        ("", "", true),
    ] {
        assert_eq!(matches(pattern, name), expected, "{pattern} on {name}");
    }
}

#[test]
fn files_come_sorted_and_a_missing_folder_is_empty() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["b.yml", "a.yml", "c.txt"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    let names: Vec<_> = expand(&folder.path().join("*.yml"))
        .into_iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["a.yml", "b.yml"]);
    assert!(expand(&folder.path().join("nowhere/*.yml")).is_empty());
}
