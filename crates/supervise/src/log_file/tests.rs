use super::*;

#[test]
fn a_full_file_moves_aside_and_the_disk_holds_at_most_two() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("logs/a.log");
    let mut log = LogFile::open(&path, 10).unwrap();
    for line in ["aaaa", "bbbb", "cccc", "dddddddddddddddd", "e"] {
        log.write_line(line).unwrap();
    }
    assert_eq!(std::fs::read_to_string(LogFile::previous(&path)).unwrap(), "dddddddddddddddd\n");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "e\n");
    drop(log);
    LogFile::open(&path, 10).unwrap().write_line("f").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "e\nf\n");
}
