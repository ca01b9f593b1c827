//! A Bloom filter over trace ids: 16 bits and 6 probes an id, about one false answer in a thousand.

use model::traces::TraceId;

const BITS_PER_ID: usize = 16;
const PROBES: u64 = 6;

#[derive(Default)]
pub(super) struct Bloom(Vec<u8>);

impl Bloom {
    pub(super) fn of(ids: &[TraceId]) -> Self {
        let mut bloom = Self(vec![0; (ids.len() * BITS_PER_ID).div_ceil(8).max(8)]);
        for id in ids {
            for bit in bloom.bits(*id) {
                bloom.0[bit / 8] |= 1 << (bit % 8);
            }
        }
        bloom
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn may_contain(&self, id: TraceId) -> bool {
        !self.0.is_empty() && self.bits(id).all(|bit| self.0[bit / 8] & 1 << (bit % 8) != 0)
    }

    /// Ids may be short or count upwards, so both halves are mixed (splitmix64's finaliser) before use.
    fn bits(&self, id: TraceId) -> impl Iterator<Item = usize> + use<> {
        let half = |at: usize| id.0[at..at + 8].iter().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
        let mix = |mut word: u64| {
            word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^ word >> 31
        };
        let first = mix(half(0) ^ mix(half(8).wrapping_add(0x9e37_79b9_7f4a_7c15)));
        let second = mix(first ^ 0x9e37_79b9_7f4a_7c15) | 1;
        let count = (self.0.len() * 8) as u64;
        (0..PROBES).map(move |probe| (first.wrapping_add(second.wrapping_mul(probe)) % count) as usize)
    }
}
