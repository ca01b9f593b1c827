use super::*;
use crate::block::{Block, Interner};

fn chunk(from: i64, lines: i64) -> Chunk {
    let (mut block, mut interner) = (Block::default(), Interner::default());
    for t in from..from + lines {
        block.push(&mut interner, t, &format!("line {t}"), [("id", format!("{t:016x}").as_str())]);
    }
    Chunk::seal(block).unwrap()
}

fn written(directory: &Path) -> Segment {
    let streams = vec![
        (Labels::from_pairs([("job", "a")]), vec![chunk(10, 5), chunk(20, 5)]),
        (Labels::from_pairs([("job", "b"), ("x", "é")]), vec![chunk(1, 100)]),
    ];
    write(directory, 3, 9, streams).unwrap()
}

#[test]
fn what_is_written_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let _ = written(folder.path());
    fs::write(folder.path().join("0000000009.tmp"), b"half").unwrap();
    assert_eq!(list(folder.path()).unwrap(), [3]);
    assert!(!folder.path().join("0000000009.tmp").exists());
    let segment = open(folder.path(), 3).unwrap();
    assert_eq!((segment.wal_upto, segment.streams.len()), (9, 2));
    let (labels, chunks) = &segment.streams[1];
    assert_eq!(labels.to_string(), "{job=\"b\", x=\"é\"}");
    assert_eq!((chunks[0].meta.min_t, chunks[0].meta.max_t, chunks[0].meta.lines), (1, 100, 100));
    assert!(chunks[0].meta.bloom.may_contain("id", "0000000000000011"));
    let block = chunks[0].open().unwrap();
    assert_eq!(block.line(&block.entries()[41]), "line 42");
}

#[test]
fn damage_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let _ = written(folder.path());
    let path = path_of(folder.path(), 3);
    let whole = fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(7) {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(matches!(open(folder.path(), 3), Err(StoreError::Damaged { .. })), "cut at {length}");
    }
    let mut index = whole.clone();
    let at = index.len() - TRAILER - 3;
    index[at] ^= 1;
    fs::write(&path, &index).unwrap();
    let error = open(folder.path(), 3).err().unwrap().to_string();
    assert!(error.contains("checksum"), "{error}");
    let mut data = whole.clone();
    data[20..200].fill(0xee);
    fs::write(&path, &data).unwrap();
    let segment = open(folder.path(), 3).unwrap();
    assert!(matches!(segment.streams[0].1[0].open(), Err(StoreError::Damaged { .. })));
}
