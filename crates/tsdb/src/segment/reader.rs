//! Opens a segment: checks header, footer and index; the samples stay on disk until they are asked for.

use super::{Extent, FOOTER_BYTES, HEADER_BYTES, MAGIC, Segment, VERSION};
use crate::codec::{Cursor, DecodeError};
use model::{Label, Labels, StoreError};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// A segment and its series in the order of the file.
pub type Loaded = (Arc<Segment>, Vec<(Labels, Extent)>);

/// Reads all of a segment but its samples.
///
/// # Errors
/// [`StoreError::Damaged`] when a checksum or a length is wrong, [`StoreError::Version`] for a newer format.
pub fn load(path: &Path) -> Result<Loaded, StoreError> {
    let io = |error| StoreError::io("read", path)(error);
    let damaged = |offset: u64, reason: &str| StoreError::Damaged {
        path: path.to_path_buf(),
        offset,
        reason: reason.to_owned(),
    };
    let file = File::open(path).map_err(io)?;
    let bytes = file.metadata().map_err(io)?.len();
    if bytes < (HEADER_BYTES + FOOTER_BYTES) as u64 {
        return Err(damaged(bytes, "the file ends before its footer"));
    }
    let mut header = [0; HEADER_BYTES];
    file.read_exact_at(&mut header, 0).map_err(io)?;
    if header[..7] != MAGIC {
        return Err(damaged(0, "not a segment"));
    }
    if header[7] != VERSION {
        let (found, expected) = (header[7].into(), VERSION.into());
        return Err(StoreError::Version { path: path.to_path_buf(), found, expected });
    }
    if crc32fast::hash(&header[..24]).to_le_bytes() != header[24..] {
        return Err(damaged(24, "checksum of the header"));
    }
    let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap_or_default());
    let (start, end) = (number(&header[8..16]) as i64, number(&header[16..24]) as i64);

    let footer_at = bytes - FOOTER_BYTES as u64;
    let mut footer = [0; FOOTER_BYTES];
    file.read_exact_at(&mut footer, footer_at).map_err(io)?;
    let (index_at, length) = (number(&footer[..8]), number(&footer[8..16]));
    if footer[20..27] != MAGIC || index_at.checked_add(length) != Some(footer_at) {
        return Err(damaged(footer_at, "no footer at the end"));
    }
    let mut index = vec![0; length as usize];
    file.read_exact_at(&mut index, index_at).map_err(io)?;
    if crc32fast::hash(&index).to_le_bytes() != footer[16..20] {
        return Err(damaged(index_at, "checksum of the index"));
    }
    let segment = Arc::new(Segment::new(path.to_path_buf(), start, end, bytes));
    let series = decode(&index, &segment, index_at)
        .map_err(|error| damaged(index_at + error.offset as u64, error.expected))?;
    Ok((segment, series))
}

fn decode(index: &[u8], segment: &Arc<Segment>, index_at: u64) -> Result<Vec<(Labels, Extent)>, DecodeError> {
    let mut cursor = Cursor::new(index);
    let strings =
        (0..cursor.count()?).map(|_| cursor.text().map(Arc::<str>::from)).collect::<Result<Vec<_>, _>>()?;
    let mut offset = HEADER_BYTES as u64;
    let count = cursor.count()?;
    let mut out = Vec::with_capacity(count);
    for _ in 0..count {
        let mut labels: Vec<Label> = Vec::new();
        for _ in 0..cursor.count()? {
            let mut text = || {
                let number = cursor.uvarint()?;
                let known = usize::try_from(number).ok().and_then(|number| strings.get(number)).cloned();
                known.ok_or_else(|| cursor.error("the number of a string"))
            };
            labels.push(Label { name: text()?, value: text()? });
        }
        if !labels.is_sorted_by(|a, b| a.name < b.name) || labels.iter().any(|label| label.value.is_empty()) {
            return Err(cursor.error("labels sorted by name, with values"));
        }
        let length = u32::try_from(cursor.uvarint()?).map_err(|_| cursor.error("a length"))?;
        let samples = u32::try_from(cursor.uvarint()?).map_err(|_| cursor.error("a number of samples"))?;
        let min_time = segment.start.wrapping_add(cursor.ivarint()?);
        let max_time = min_time.wrapping_add(cursor.ivarint()?);
        let segment = Arc::clone(segment);
        out.push((
            Labels::from_sorted(labels),
            Extent { segment, offset, length, samples, min_time, max_time },
        ));
        offset += u64::from(length);
        if offset > index_at {
            return Err(cursor.error("an extent before the index"));
        }
    }
    Ok(out)
}
