//! TraceQL: any text is parsed or refused; what is parsed prints to the same tree and can be checked.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(parsed) = traceql::parse(text) else { return };
    let printed = parsed.to_string();
    assert_eq!(traceql::parse(&printed).as_ref(), Ok(&parsed), "{printed}");
    let _ = traceql::check(&parsed);
});
