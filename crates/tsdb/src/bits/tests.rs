use super::*;
use proptest::prelude::*;

#[test]
fn reading_past_the_end_gives_none() {
    let mut writer = BitWriter::default();
    writer.write(0b101, 3);
    let bytes = writer.into_bytes();
    let mut reader = BitReader::new(&bytes);
    assert_eq!(reader.read(3), Some(0b101));
    assert_eq!(reader.read(5), Some(0), "the rest of the byte is zeros");
    assert_eq!(reader.read(1), None);
    assert_eq!(BitReader::new(&[]).read(64), None);
}

proptest! {
    #[test]
    fn reads_what_was_written(parts in prop::collection::vec((any::<u64>(), 0u32..=64), 0..200)) {
        let masked = |value: u64, count: u32| if count == 64 { value } else { value & ((1 << count) - 1) };
        let mut writer = BitWriter::default();
        for (value, count) in &parts {
            writer.write(*value, *count);
        }
        let bytes = writer.into_bytes();
        let mut reader = BitReader::new(&bytes);
        for (value, count) in parts {
            prop_assert_eq!(reader.read(count), Some(masked(value, count)));
        }
    }
}
