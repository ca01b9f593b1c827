//! Remote write requests: any bytes, and any bytes within a proper snappy block.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::remote_write::{decode, encode};

const LIMIT: usize = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let _ = decode(data, LIMIT);
    let Ok(packed) = snap::raw::Encoder::new().compress_vec(data) else { return };
    if let Ok(request) = decode(&packed, LIMIT) {
        // What was understood is written and understood in the same way. NaNs compare by their bits.
        let again = encode(&request).and_then(|bytes| decode(&bytes, usize::MAX)).expect("what was read can be written");
        assert_eq!(format!("{:?}", again.series), format!("{:?}", request.series));
    }
});
