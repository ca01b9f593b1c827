use super::*;
use proptest::prelude::*;

#[test]
fn a_damaged_count_is_refused_before_memory_is_asked_for() {
    let mut bytes = Vec::new();
    put_uvarint(&mut bytes, u64::MAX);
    assert_eq!(Cursor::new(&bytes).count().unwrap_err().offset, bytes.len());
    assert!(Cursor::new(&[0xff; 11]).uvarint().is_err(), "a varint has an end");
}

#[test]
fn unsorted_labels_are_refused() {
    let mut bytes = Vec::new();
    put_uvarint(&mut bytes, 2);
    for text in ["b", "1", "a", "2"] {
        put_bytes(&mut bytes, text.as_bytes());
    }
    assert!(Cursor::new(&bytes).labels().is_err());
}

proptest! {
    #[test]
    fn numbers_and_labels_come_back(
        number in any::<u64>(),
        signed in any::<i64>(),
        pairs in prop::collection::btree_map("[a-z]{1,5}", "\\PC{1,8}", 0..6),
    ) {
        let labels = Labels::from_pairs(pairs);
        let mut bytes = Vec::new();
        put_uvarint(&mut bytes, number);
        put_ivarint(&mut bytes, signed);
        put_labels(&mut bytes, &labels);
        let mut cursor = Cursor::new(&bytes);
        prop_assert_eq!(cursor.uvarint().unwrap(), number);
        prop_assert_eq!(cursor.ivarint().unwrap(), signed);
        prop_assert_eq!(cursor.labels().unwrap(), labels);
        prop_assert!(cursor.is_empty());
    }

    #[test]
    fn anything_decodes_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let mut cursor = Cursor::new(&bytes);
        while cursor.labels().is_ok() && !cursor.is_empty() {}
    }
}
