//! Reads a log file record by record and says where it stops making sense.

use super::record::{LoggedChunk, LoggedSample, Visit, visit};
use super::{FRAME_BYTES, HEADER_BYTES, MAGIC, MAX_RECORD, VERSION};
use crate::exemplars::Packed;
use crate::report::Damage;
use model::metrics::Metadata;
use model::{Labels, StoreError};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// What one file held.
#[derive(Debug, Default)]
pub struct Replayed {
    pub records: u64,
    pub damage: Option<Damage>,
}

/// Shows every whole record of a file to `visitor`. A torn or corrupt record ends the reading: what is behind it cannot
/// be told from rubbish.
///
/// # Errors
/// [`StoreError::Io`] when the file cannot be read at all, [`StoreError::Version`] for a newer format.
pub fn replay(path: &Path, visitor: &mut dyn Visit) -> Result<Replayed, StoreError> {
    let io = |error| StoreError::io("read", path)(error);
    let file = File::open(path).map_err(io)?;
    let size = file.metadata().map_err(io)?.len();
    let mut reader = BufReader::with_capacity(1 << 18, file);
    let mut done = Replayed::default();
    let mut at = 0;
    let damage = |offset: u64, reason: String| {
        Some(Damage { file: path.to_path_buf(), offset, bytes_lost: size - offset, reason })
    };
    // A process that dies between creating a file and writing its header leaves less than a header.
    if size < HEADER_BYTES {
        return Ok(done);
    }
    let mut header = [0; HEADER_BYTES as usize];
    reader.read_exact(&mut header).map_err(io)?;
    at += HEADER_BYTES;
    if header[..7] != MAGIC {
        done.damage = damage(0, "not a log file".to_owned());
        return Ok(done);
    }
    if header[7] != VERSION {
        let (found, expected) = (header[7].into(), VERSION.into());
        return Err(StoreError::Version { path: path.to_path_buf(), found, expected });
    }
    let mut payload = Vec::new();
    while at < size {
        if let Err(reason) = next(&mut reader, size - at, &mut payload).map_err(io)? {
            done.damage = damage(at, reason);
            break;
        }
        // First a look at the whole record, so that one which makes no sense is cut off whole and not half replayed.
        if let Err(error) = visit(&payload, &mut Check).and_then(|()| visit(&payload, visitor)) {
            // The checksum holds, so this was written by a different program, not torn.
            done.damage = damage(at, error.to_string());
            break;
        }
        done.records += 1;
        at += FRAME_BYTES + payload.len() as u64;
    }
    Ok(done)
}

/// Takes nothing: reading alone shows whether a record makes sense.
struct Check;

impl Visit for Check {
    fn series(&mut self, _: u64, _: Labels) {}
    fn sample(&mut self, _: LoggedSample) {}
    fn exemplar(&mut self, _: Packed) {}
    fn metadata(&mut self, _: &str, _: Metadata) {}
    fn chunk(&mut self, _: LoggedChunk<'_>) {}
}

/// Reads one record's payload, or says what is wrong with it. `left` is what the file has from here on.
fn next(reader: &mut impl Read, left: u64, payload: &mut Vec<u8>) -> io::Result<Result<(), String>> {
    if left < FRAME_BYTES {
        return Ok(Err(format!("torn record: {left} bytes left, expected {FRAME_BYTES}")));
    }
    let mut frame = [0; FRAME_BYTES as usize];
    reader.read_exact(&mut frame)?;
    let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap_or_default());
    let (length, sum) = (word(&frame[..4]), word(&frame[4..]));
    // A length of zero is what a file system leaves that lost the data but kept the size.
    if length == 0 || length as usize > MAX_RECORD {
        return Ok(Err(format!("length of a record: found {length}, expected 1 to {MAX_RECORD}")));
    }
    if u64::from(length) > left - FRAME_BYTES {
        return Ok(Err(format!("torn record: {} bytes left, expected {length}", left - FRAME_BYTES)));
    }
    payload.resize(length as usize, 0);
    reader.read_exact(payload)?;
    let found = crc32fast::hash(payload);
    if found != sum {
        return Ok(Err(format!("checksum of a record: found {found:08x}, expected {sum:08x}")));
    }
    Ok(Ok(()))
}
