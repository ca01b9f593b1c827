use super::*;
use model::metrics::{STALE_NAN_BITS, stale_marker};
use proptest::prelude::*;

fn pack(samples: &[(Millis, u64)]) -> Chunk {
    let sample = |(t, bits): (Millis, u64)| Sample { t, v: f64::from_bits(bits) };
    let mut open = OpenChunk::new(sample(samples[0]));
    for next in &samples[1..] {
        open.push(sample(*next));
    }
    open.close()
}

fn unpack(chunk: &Chunk, range: MillisRange) -> Vec<(Millis, u64)> {
    let mut out = Vec::new();
    chunk.read(range, &mut out).unwrap();
    out.into_iter().map(|sample| (sample.t, sample.v.to_bits())).collect()
}

#[test]
fn stale_markers_and_other_nans_keep_their_bits() {
    let samples = [
        (1, 1.0_f64.to_bits()),
        (2, stale_marker().to_bits()),
        (3, 0x7ff8_0000_0000_0001),
        (4, f64::NEG_INFINITY.to_bits()),
        (5, (-0.0_f64).to_bits()),
    ];
    let back = unpack(&pack(&samples), MillisRange::ALL);
    assert_eq!(back, samples);
    assert_eq!(back[1].1, STALE_NAN_BITS);
}

#[test]
fn a_range_takes_only_its_samples() {
    let samples: Vec<_> = (0..100).map(|i| (i * 10, (i as f64).to_bits())).collect();
    let chunk = pack(&samples);
    assert_eq!(unpack(&chunk, MillisRange { start: 15, end: 40 }), samples[2..=4]);
    assert_eq!(unpack(&chunk, MillisRange { start: 991, end: 2000 }), []);
}

#[test]
fn a_counter_scraped_with_jitter_costs_less_than_three_bytes_a_sample() {
    let samples: Vec<_> =
        (0..120).map(|i| (i * 5_000 + (i * 7) % 5, ((i * 3 + 1000) as f64).to_bits())).collect();
    let chunk = pack(&samples);
    assert!(chunk.bytes.len() < 360, "{} bytes", chunk.bytes.len());
    let flat: Vec<_> = (0..120).map(|i| (i * 5_000, 1.0_f64.to_bits())).collect();
    assert!(pack(&flat).bytes.len() < 52, "a constant costs two bits: {}", pack(&flat).bytes.len());
}

proptest! {
    #[test]
    fn every_sample_comes_back_bit_for_bit(
        start in any::<i32>(),
        steps in prop::collection::vec((prop_oneof![1_i64..40, 4_990_i64..5_010, 1_i64..1 << 40], any::<u64>()), 1..120),
        repeat in any::<bool>(),
    ) {
        let mut t = i64::from(start);
        let mut samples = Vec::new();
        for (step, bits) in steps {
            t += step;
            // Half of the runs have small integers, which is what counters are.
            samples.push((t, if repeat { ((bits % 1000) as f64).to_bits() } else { bits }));
        }
        prop_assert_eq!(unpack(&pack(&samples), MillisRange::ALL), samples);
    }

    #[test]
    fn any_bytes_decode_or_fail_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), samples in any::<u16>()) {
        let _ = decode(&bytes, samples, MillisRange::ALL, &mut Vec::new());
    }

    #[test]
    fn a_cut_chunk_is_an_error(cut in 0_usize..40) {
        let samples: Vec<_> = (0..60_i64).map(|i| (i * 5_000, (i as f64).sqrt().to_bits())).collect();
        let mut chunk = pack(&samples);
        let length = chunk.bytes.len() - 1 - cut;
        chunk.bytes = chunk.bytes[..length].into();
        prop_assert!(chunk.read(MillisRange::ALL, &mut Vec::new()).is_err());
    }
}
