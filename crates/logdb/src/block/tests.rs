use super::*;
use proptest::prelude::*;

type Line = (i64, String, Vec<(String, String)>);

fn filled(lines: &[Line]) -> Block {
    let (mut block, mut interner) = (Block::default(), Interner::default());
    for (t, line, metadata) in lines {
        let pairs = metadata.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        block.push(&mut interner, *t, line, pairs);
    }
    block
}

fn content(block: &Block) -> Vec<Line> {
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let line =
        |entry: &Entry| (entry.t, block.line(entry).to_owned(), block.metadata(entry).map(owned).collect());
    block.entries().iter().map(line).collect()
}

#[test]
fn shared_metadata_is_stored_once_and_ids_as_bytes() {
    let id = "4bf92f3577b34da6a3ce929d0e0e4736";
    let line = |t| (t, format!("line {t}"), vec![("trace_id".to_owned(), id.to_owned())]);
    let block = filled(&[line(1), line(2), line(3)]);
    assert_eq!(block.symbol_text.len(), id.len() + "trace_id".len());
    assert_eq!(block.distinct_pairs(), [("trace_id", id)]);
    assert!(
        block.has_pair("trace_id", id) && !block.has_pair("span_id", id) && !block.has_pair(id, "trace_id")
    );
    let packed = block.encode();
    let raw = lz4_flex::decompress_size_prepended(&packed).unwrap();
    assert!(!raw.windows(id.len()).any(|part| part == id.as_bytes()));
    assert_eq!(content(&Block::decode(&packed, 1 << 20).unwrap()), content(&block));
}

#[test]
fn sorting_keeps_the_order_of_one_instant() {
    let line = |t, text: &str| (t, text.to_owned(), vec![]);
    let mut block = filled(&[line(5, "a"), line(3, "b"), line(5, "c"), line(3, "d")]);
    assert!(!block.is_sorted());
    assert_eq!((block.min_t(), block.max_t()), (Some(3), Some(5)));
    assert!(block.contains(3, "d") && !block.contains(5, "d"));
    block.sort();
    let texts: Vec<_> = content(&block).into_iter().map(|line| line.1).collect();
    assert_eq!(texts, ["b", "d", "a", "c"]);
}

#[test]
fn a_size_that_lies_is_refused() {
    let packed = filled(&[(1, "x".repeat(1_000), vec![])]).encode();
    assert!(Block::decode(&packed, 500).is_none());
    assert!(Block::decode(&packed, 5_000).is_some());
}

proptest! {
    #[test]
    fn what_is_packed_comes_back(
        mut lines in proptest::collection::vec(
            (any::<i64>(), ".{0,20}", proptest::collection::vec(("[a-z]{1,3}", "[0-9a-f]{15,17}|.{0,5}"), 0..4)),
            0..40,
        )
    ) {
        lines.sort_by_key(|line| line.0);
        let block = filled(&lines);
        let back = Block::decode(&block.encode(), 1 << 20);
        prop_assert_eq!(back.as_ref().map(content), Some(lines));
    }

    #[test]
    fn damaged_bytes_are_refused_or_read(
        lines in proptest::collection::vec((any::<i64>(), "[a-zé]{0,9}", Just(vec![("a".to_owned(), "é".to_owned())])), 1..9),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut packed = filled(&lines).encode();
        let at = at.index(packed.len());
        packed[at] = byte;
        if let Some(block) = Block::decode(&packed, 1 << 20) {
            let _ = content(&block);
        }
        // The packing may hide it, so damage what is packed as well.
        let mut raw = lz4_flex::decompress_size_prepended(&filled(&lines).encode()).unwrap();
        let at = at % raw.len();
        raw[at] = byte;
        if let Some(block) = Block::decode(&lz4_flex::compress_prepend_size(&raw), 1 << 20) {
            let _ = content(&block);
        }
    }
}
