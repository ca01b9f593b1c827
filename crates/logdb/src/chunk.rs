//! A sealed block: bounds, filter and where its bytes are.

use crate::block::Block;
use crate::bloom::Bloom;
use crate::segment::SegmentFile;
use model::StoreError;
use std::sync::Arc;

/// Largest block that is unpacked, in bytes: a damaged size must not eat the memory.
const MAX_UNPACKED: usize = 64 << 20;

/// What is known of a chunk without reading it.
#[derive(Clone, Debug)]
pub struct ChunkMeta {
    pub min_t: i64,
    pub max_t: i64,
    pub lines: u64,
    /// Text bytes before packing.
    pub bytes: u64,
    pub bloom: Bloom,
}

#[derive(Clone, Debug)]
pub enum ChunkData {
    Memory(Arc<[u8]>),
    Disk { file: Arc<SegmentFile>, offset: u64, length: u32 },
}

#[derive(Clone, Debug)]
pub struct Chunk {
    pub meta: Arc<ChunkMeta>,
    pub data: ChunkData,
}

impl Chunk {
    /// Packs a block that is not empty.
    pub fn seal(mut block: Block) -> Option<Self> {
        block.sort();
        let pairs = block.distinct_pairs();
        let meta = ChunkMeta {
            min_t: block.entries().first()?.t,
            max_t: block.entries().last()?.t,
            lines: block.len() as u64,
            bytes: block.size() as u64,
            bloom: Bloom::new(pairs.into_iter()),
        };
        Some(Self { meta: Arc::new(meta), data: ChunkData::Memory(block.encode().into()) })
    }

    pub fn overlaps(&self, start: i64, end: i64) -> bool {
        self.meta.min_t < end && self.meta.max_t >= start
    }

    pub fn packed_size(&self) -> usize {
        match &self.data {
            ChunkData::Memory(bytes) => bytes.len(),
            ChunkData::Disk { .. } => 0,
        }
    }

    /// # Errors
    /// [`StoreError`] when the bytes cannot be read or are not what was written.
    pub fn open(&self) -> Result<Block, StoreError> {
        match &self.data {
            ChunkData::Memory(bytes) => {
                Block::decode(bytes, MAX_UNPACKED).ok_or_else(|| StoreError::Damaged {
                    path: "memory".into(),
                    offset: 0,
                    reason: "a packed block cannot be unpacked".to_owned(),
                })
            }
            ChunkData::Disk { file, offset, length } => {
                let bytes = file.read(*offset, *length)?;
                Block::decode(&bytes, MAX_UNPACKED).ok_or_else(|| StoreError::Damaged {
                    path: file.path().to_owned(),
                    offset: *offset,
                    reason: "a packed block cannot be unpacked".to_owned(),
                })
            }
        }
    }
}
