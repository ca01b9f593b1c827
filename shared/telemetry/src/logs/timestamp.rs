//! RFC 3339 time stamps with microseconds.
//!
//! The calendar is worked out once a second and thread; the rest is digits.

use std::{cell::Cell, time::SystemTime};

use chrono::{DateTime, Datelike, Timelike, Utc};

use crate::clock::since_epoch;

/// `2026-11-20T13:33:57` is this long.
const SECOND_LENGTH: usize = 19;

/// Appends `time` in UTC, for instance `2026-11-20T13:33:57.123456Z`.
pub(super) fn write(out: &mut String, time: SystemTime) {
    thread_local! {
        static LAST: Cell<(u64, [u8; SECOND_LENGTH])> = const { Cell::new((u64::MAX, [b'0'; SECOND_LENGTH])) };
    }
    let since = since_epoch(time);
    let (mut second, mut text) = LAST.get();
    if second != since.as_secs() {
        second = since.as_secs();
        text = calendar(second);
        LAST.set((second, text));
    }
    out.extend(text.iter().map(|&byte| byte as char));
    out.push('.');
    digits(out, since.subsec_micros(), 6);
    out.push('Z');
}

/// Appends `value` with exactly `width` digits.
pub(super) fn digits(out: &mut String, value: u32, width: u32) {
    for place in (0..width).rev() {
        out.push((b'0' + (value / 10u32.pow(place) % 10) as u8) as char);
    }
}

fn calendar(second: u64) -> [u8; SECOND_LENGTH] {
    let time: DateTime<Utc> =
        i64::try_from(second).ok().and_then(|second| DateTime::from_timestamp(second, 0)).unwrap_or_default();
    let mut text = String::with_capacity(SECOND_LENGTH);
    digits(&mut text, time.year().unsigned_abs().min(9_999), 4);
    for (mark, value) in [
        ('-', time.month()),
        ('-', time.day()),
        ('T', time.hour()),
        (':', time.minute()),
        (':', time.second()),
    ] {
        text.push(mark);
        digits(&mut text, value, 2);
    }
    let mut bytes = [b'0'; SECOND_LENGTH];
    bytes.copy_from_slice(text.as_bytes());
    bytes
}

#[cfg(test)]
mod tests;
