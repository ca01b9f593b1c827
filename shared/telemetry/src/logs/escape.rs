//! JSON strings and numbers, written without an intermediate value.

use std::fmt::Write;

/// Appends `text` as a JSON string, quotes included (RFC 8259, section 7).
pub fn write_string(out: &mut String, text: &str) {
    out.push('"');
    write_escaped(out, text);
    out.push('"');
}

/// Appends `text` with the characters escaped that may not stand in a JSON string.
pub fn write_escaped(out: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut written = 0;
    for (at, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..=0x1f => "",
            _ => continue,
        };
        // All of the bytes above are ASCII, so both ends of the slice are character boundaries.
        out.push_str(&text[written..at]);
        written = at + 1;
        if short.is_empty() {
            out.push_str("\\u00");
            out.push(HEX[usize::from(byte >> 4)] as char);
            out.push(HEX[usize::from(byte & 15)] as char);
        } else {
            out.push_str(short);
        }
    }
    out.push_str(&text[written..]);
}

/// Appends a number; JSON has no word for what is not a finite number, so that becomes `null`.
pub fn write_f64(out: &mut String, value: f64) {
    if value.is_finite() {
        let _ = write!(out, "{value}");
    } else {
        out.push_str("null");
    }
}

/// Writes what is formatted into it as the inside of a JSON string.
pub(super) struct Escaping<'a>(pub &'a mut String);

impl Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        write_escaped(self.0, text);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
