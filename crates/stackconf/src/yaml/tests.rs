use super::*;

static SAMPLE: Shape = Shape {
    path: "sample",
    keys: &["name", "count", "tags"],
    no_effect: &["ring"],
    unsupported: &["tls_config"],
};

struct Sample {
    name: String,
    count: u64,
    tags: Vec<String>,
}

impl FromNode for Sample {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &SAMPLE, ctx)?;
        Ok(Self { name: s.req("name")?, count: s.or("count", 7)?, tags: s.or_default("tags")? })
    }
}

fn read_sample(text: &str) -> Result<(Sample, Vec<String>), String> {
    crate::parse_with("f.yml", text, Sample::from_node)
        .map(|loaded| (loaded.config, loaded.warnings.iter().map(ToString::to_string).collect()))
        .map_err(|error| error.to_string())
}

#[test]
fn every_node_knows_its_line_and_scalars_keep_their_text() {
    let node = parse("f.yml", "# comment\na: 1.0\nb:\n  - x\n  - \"8080\"\n  - {c: true, d: }\n").unwrap();
    assert_eq!(node.get("a").unwrap().at, Place { line: 2, column: 4 });
    let text = |node: &Node| String::from_node(node, &Context::new("f")).unwrap();
    assert_eq!(text(node.get("a").unwrap()), "1.0");
    let Value::Seq(items) = &node.get("b").unwrap().value else { panic!("b is a list") };
    assert_eq!(items.iter().map(|item| item.at.line).collect::<Vec<_>>(), [4, 5, 6]);
    assert_eq!(text(&items[1]), "8080");
    assert!(items[2].get("d").unwrap().is_null());
}

#[test]
fn anchors_and_merges_are_followed() {
    let node = parse("f.yml", "x: &x {a: 1.50, b: two}\ny: *x\nz:\n  <<: *x\n  b: three\n").unwrap();
    let text = |path: [&str; 2]| {
        String::from_node(node.get(path[0]).unwrap().get(path[1]).unwrap(), &Context::new("f")).unwrap()
    };
    assert_eq!(text(["y", "a"]), "1.50");
    assert_eq!(text(["z", "a"]), "1.50");
    assert_eq!(text(["z", "b"]), "three");
}

#[test]
fn good_files_are_read_with_defaults_and_warnings() {
    let (sample, warnings) = read_sample("name: a\ntags: [b, 1, true]\nring: {}\ntls_config: {}\n").unwrap();
    assert_eq!((sample.name.as_str(), sample.count, sample.tags.join(",")), ("a", 7, "b,1,true".to_owned()));
    assert_eq!(
        warnings,
        ["f.yml:4: \"tls_config\" in sample is not supported by the embedded stack and left out"]
    );
}

#[test]
fn errors_say_where_what_was_found_and_what_was_expected() {
    for (text, expected) in [
        ("name: a\ncuont: 3\n", "f.yml:2: unknown key \"cuont\" in sample; did you mean \"count\"?"),
        ("name: a\nzebra: 3\n", "f.yml:2: unknown key \"zebra\" in sample"),
        ("count: 1\n", "f.yml:1: key \"name\" is missing in sample"),
        ("name: a\ncount: many\n", "f.yml:2: found \"many\", expected a whole number of at least 0"),
        ("name: a\ncount: \"3\"\n", "f.yml:2: found \"3\", expected a whole number of at least 0"),
        ("name: a\ncount: -3\n", "f.yml:2: found \"-3\", expected a whole number of at least 0"),
        ("name: a\ntags: b\n", "f.yml:2: found \"b\", expected a list"),
        ("name: [a]\n", "f.yml:1: found a list of 1, expected text"),
        ("- name: a\n", "f.yml:1: found a list of 1, expected the mapping sample"),
    ] {
        assert_eq!(read_sample(text).map(|_| ()).unwrap_err(), expected);
    }
}

#[test]
fn broken_yaml_names_its_line() {
    for text in
        ["name: a\n  b: c: d\n", "name: [a\n", "name: a\nname: b\n", "name: *nowhere\n", "a: \"\\q\"\n"]
    {
        let error = read_sample(text).map(|_| ()).unwrap_err();
        assert!(error.starts_with("f.yml:"), "{error}");
        assert!(error.contains("not valid YAML"), "{error}");
        assert!(!error.contains('\n'), "one line: {error}");
    }
}

#[test]
fn aliases_cannot_blow_up() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let before = format!("*a{}", level - 1);
        let items = vec![before; 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    assert!(parse("f.yml", &text).is_err());
    // Deep nesting is refused, not a stack overflow.
    assert!(parse("f.yml", &"[".repeat(100_000)).is_err());
}

#[test]
fn a_file_that_is_too_large_or_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("big.yml");
    std::fs::write(&path, vec![b'#'; usize::try_from(MAX_FILE_BYTES).unwrap() + 1]).unwrap();
    assert!(matches!(read(&path), Err(ConfigError::TooLarge { .. })));
    assert!(matches!(read(&folder.path().join("none.yml")), Err(ConfigError::Unreadable { .. })));
}

#[test]
fn durations_and_sizes() {
    use std::time::Duration;
    for (text, millis) in
        [("1h30m", 5_400_000), ("1.5s", 1500), ("0", 0), ("0s", 0), ("500ms", 500), ("3d", 259_200_000)]
    {
        assert_eq!(GoDuration::parse(text), Some(GoDuration(Duration::from_millis(millis))), "{text}");
    }
    for text in ["", "5", "s", "-5s", "5 s", "1h-3m"] {
        assert_eq!(GoDuration::parse(text), None, "{text}");
    }
    for (text, bytes) in
        [("4MB", 4 << 20), ("512KiB", 512 << 10), ("1000", 1000), ("1.5k", 1536), ("10B", 10)]
    {
        assert_eq!(ByteSize::parse(text), Some(ByteSize(bytes)), "{text}");
    }
    for text in ["", "MB", "4XB", "-1"] {
        assert_eq!(ByteSize::parse(text), None, "{text}");
    }
}
