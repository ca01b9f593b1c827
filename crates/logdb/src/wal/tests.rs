use super::*;
use proptest::prelude::*;

fn write(directory: &Path, pushes: &[&[(&str, i64, &str)]]) -> PathBuf {
    let mut wal = Wal::create(directory, 7).unwrap();
    for push in pushes {
        let mut record = Record::default();
        record.clear();
        for (job, t, line) in *push {
            record.stream(&Labels::from_pairs([("job", *job)]), 1);
            let metadata = [("m".to_owned(), "é".to_owned())];
            record.line(&WalLine { t: *t, line, metadata: &metadata, level: Some("info") });
        }
        wal.append(&mut record).unwrap();
    }
    path_of(directory, 7)
}

fn read(path: &Path) -> (FileReport, Vec<String>) {
    let mut lines = Vec::new();
    let report = replay(path, &mut |labels, line| {
        lines.push(format!("{labels} {} {} {:?}", line.t, line.line, line.metadata));
    });
    (report.unwrap(), lines)
}

#[test]
fn what_is_written_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), &[&[("a", 1, "x"), ("b", -2, "")], &[("a", 3, "z")]]);
    let (report, lines) = read(&path);
    assert_eq!(report, FileReport { records: 2, lines: 3, cut: 0 });
    assert_eq!(lines[1], "{job=\"b\"} -2  [(\"m\", \"é\"), (\"detected_level\", \"info\")]");
    assert_eq!(list(folder.path()).unwrap(), [7]);
}

#[test]
fn other_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("0000000001.wal");
    fs::write(&path, b"something else").unwrap();
    assert!(matches!(replay(&path, &mut |_, _| {}), Err(StoreError::Damaged { .. })));
    fs::write(&path, b"LABLWAL\x09rest").unwrap();
    assert!(matches!(replay(&path, &mut |_, _| {}), Err(StoreError::Version { found: 9, expected: 1, .. })));
}

proptest! {
    /// Wherever the file ends, the whole records before are there and the rest is cut once and for all.
    #[test]
    fn a_torn_tail_is_cut(end in any::<prop::sample::Index>()) {
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), &[&[("a", 1, "first")], &[("a", 2, "second")], &[("a", 3, "third")]]);
        let whole = fs::read(&path).unwrap();
        let end = end.index(whole.len());
        fs::write(&path, &whole[..end]).unwrap();
        let (report, lines) = read(&path);
        prop_assert!(lines.len() as u64 == report.lines && report.lines < 3);
        let (again, same) = read(&path);
        prop_assert_eq!((again.cut, same), (0, lines));
    }

    #[test]
    fn a_wrong_byte_ends_the_log(at in any::<prop::sample::Index>(), change in 1u8..) {
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), &[&[("a", 1, "first")], &[("a", 2, "second")]]);
        let mut bytes = fs::read(&path).unwrap();
        let at = 8 + at.index(bytes.len() - 8);
        bytes[at] ^= change;
        fs::write(&path, &bytes).unwrap();
        let (report, lines) = read(&path);
        prop_assert!(report.cut > 0 && report.records < 2);
        prop_assert!(lines.iter().all(|line| line.contains("first")));
    }
}
