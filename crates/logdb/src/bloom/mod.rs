//! A filter over metadata pairs: says *surely not here* or *perhaps*. Source: Bloom, "Space/time trade-offs in hash
//! coding with allowable errors", 1970; two hashes make all others (Kirsch and Mitzenmacher, 2006).

/// Bits for each pair: about 1 % false answers with [`HASHES`] hashes.
const BITS_PER_PAIR: usize = 10;
const HASHES: u64 = 6;

#[derive(Clone, Debug, Default)]
pub struct Bloom {
    words: Box<[u64]>,
}

/// 64-bit FNV-1a with a final mix: the same in every process, as the filter is stored.
fn hash(name: &str, value: &str) -> u64 {
    let bytes = name.bytes().chain([0xff]).chain(value.bytes());
    let mut hash = bytes.fold(14_695_981_039_346_656_037u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(1_099_511_628_211)
    });
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash ^ (hash >> 29)
}

impl Bloom {
    pub fn new<'a>(pairs: impl ExactSizeIterator<Item = (&'a str, &'a str)>) -> Self {
        if pairs.len() == 0 {
            return Self::default();
        }
        let words = (pairs.len() * BITS_PER_PAIR).div_ceil(64);
        let mut filter = Self { words: vec![0; words].into() };
        for (name, value) in pairs {
            for bit in filter.bits(name, value) {
                filter.words[bit / 64] |= 1 << (bit % 64);
            }
        }
        filter
    }

    fn bits(&self, name: &str, value: &str) -> impl Iterator<Item = usize> + use<> {
        let hash = hash(name, value);
        let (first, second) = (hash, (hash >> 33) | 1);
        let size = (self.words.len() * 64) as u64;
        (0..HASHES).map(move |at| (first.wrapping_add(second.wrapping_mul(at)) % size) as usize)
    }

    pub fn may_contain(&self, name: &str, value: &str) -> bool {
        !self.words.is_empty()
            && self.bits(name, value).all(|bit| self.words[bit / 64] & (1 << (bit % 64)) != 0)
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        self.words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (words, rest) = bytes.as_chunks::<8>();
        rest.is_empty().then(|| Self { words: words.iter().map(|word| u64::from_le_bytes(*word)).collect() })
    }
}

#[cfg(test)]
mod tests;
