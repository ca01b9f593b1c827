//! Go's time layouts, written with the reference time `Mon Jan 2 15:04:05 MST 2006`. Source: Go's `time` package.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, TimeZone, Timelike};

/// Layouts that Go's `time` package and Promtail know by name.
pub fn named(name: &str) -> Option<&'static str> {
    Some(match name {
        "ANSIC" => "Mon Jan _2 15:04:05 2006",
        "UnixDate" => "Mon Jan _2 15:04:05 MST 2006",
        "RubyDate" => "Mon Jan 02 15:04:05 -0700 2006",
        "RFC822" => "02 Jan 06 15:04 MST",
        "RFC822Z" => "02 Jan 06 15:04 -0700",
        "RFC850" => "Monday, 02-Jan-06 15:04:05 MST",
        "RFC1123" => "Mon, 02 Jan 2006 15:04:05 MST",
        "RFC1123Z" => "Mon, 02 Jan 2006 15:04:05 -0700",
        "RFC3339" => "2006-01-02T15:04:05Z07:00",
        "RFC3339Nano" => "2006-01-02T15:04:05.999999999Z07:00",
        _ => return None,
    })
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Part<'a> {
    Text(&'a str),
    LongMonth,
    Month,
    NumMonth {
        zero: bool,
    },
    LongWeekday,
    Weekday,
    Day {
        zero: bool,
        under: bool,
    },
    YearDay {
        under: bool,
    },
    Hour24,
    Hour12 {
        zero: bool,
    },
    Minute {
        zero: bool,
    },
    Second {
        zero: bool,
    },
    LongYear,
    Year,
    AmPm {
        upper: bool,
    },
    ZoneName,
    /// `-0700`, `-07:00`, `-07`, and with `Z` for UTC.
    Offset {
        z: bool,
        colon: bool,
        minutes: bool,
        seconds: bool,
    },
    /// `.000` (always) or `.999` (trailing zeros cut).
    Fraction {
        digits: usize,
        cut: bool,
        comma: bool,
    },
}

/// The elements of the reference time; of two that start alike the longer stands first.
const ELEMENTS: [(&str, Part<'static>); 38] = {
    const fn offset(z: bool, colon: bool, minutes: bool, seconds: bool) -> Part<'static> {
        Part::Offset { z, colon, minutes, seconds }
    }
    [
        ("January", Part::LongMonth),
        ("Jan", Part::Month),
        ("Monday", Part::LongWeekday),
        ("Mon", Part::Weekday),
        ("MST", Part::ZoneName),
        ("2006", Part::LongYear),
        ("002", Part::YearDay { under: false }),
        ("__2", Part::YearDay { under: true }),
        ("01", Part::NumMonth { zero: true }),
        ("02", Part::Day { zero: true, under: false }),
        ("03", Part::Hour12 { zero: true }),
        ("04", Part::Minute { zero: true }),
        ("05", Part::Second { zero: true }),
        ("06", Part::Year),
        ("15", Part::Hour24),
        ("_2006", Part::Text("_")),
        ("_2", Part::Day { zero: false, under: true }),
        ("-07:00:00", offset(false, true, true, true)),
        ("-070000", offset(false, false, true, true)),
        ("-07:00", offset(false, true, true, false)),
        ("-0700", offset(false, false, true, false)),
        ("-07", offset(false, false, false, false)),
        ("Z07:00:00", offset(true, true, true, true)),
        ("Z070000", offset(true, false, true, true)),
        ("Z07:00", offset(true, true, true, false)),
        ("Z0700", offset(true, false, true, false)),
        ("Z07", offset(true, false, false, false)),
        ("PM", Part::AmPm { upper: true }),
        ("pm", Part::AmPm { upper: false }),
        ("1", Part::NumMonth { zero: false }),
        ("2", Part::Day { zero: false, under: false }),
        ("3", Part::Hour12 { zero: false }),
        ("4", Part::Minute { zero: false }),
        ("5", Part::Second { zero: false }),
        (".0", Part::Fraction { digits: 0, cut: false, comma: false }),
        (",0", Part::Fraction { digits: 0, cut: false, comma: true }),
        (".9", Part::Fraction { digits: 0, cut: true, comma: false }),
        (",9", Part::Fraction { digits: 0, cut: true, comma: true }),
    ]
};

/// Splits a layout at its elements.
fn parts(layout: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    'outer: while at < layout.len() {
        if layout.is_char_boundary(at) {
            for (text, part) in &ELEMENTS {
                if !layout[at..].starts_with(text) {
                    continue;
                }
                let (part, length) = match *part {
                    Part::Fraction { cut, comma, .. } => {
                        let digit = if cut { b'9' } else { b'0' };
                        let digits =
                            layout.as_bytes()[at + 1..].iter().take_while(|byte| **byte == digit).count();
                        // A fraction ends at something that is no digit: ".0001" is text.
                        if layout.as_bytes().get(at + 1 + digits).is_some_and(u8::is_ascii_digit) {
                            continue;
                        }
                        (Part::Fraction { digits, cut, comma }, digits + 1)
                    }
                    // "_2006" is an underscore and a year.
                    Part::Text("_") => (Part::Text("_"), 1),
                    part => (part, text.len()),
                };
                if start < at {
                    parts.push(Part::Text(&layout[start..at]));
                }
                parts.push(part);
                at += length;
                start = at;
                continue 'outer;
            }
        }
        at += 1;
    }
    if start < layout.len() {
        parts.push(Part::Text(&layout[start..]));
    }
    parts
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Writes a time by a Go layout.
pub fn format(time: &DateTime<FixedOffset>, layout: &str) -> String {
    let mut out = String::new();
    for part in parts(layout) {
        let two = |zero: bool, value: u32| if zero { format!("{value:02}") } else { value.to_string() };
        let month = MONTHS[time.month0() as usize];
        let weekday = WEEKDAYS[time.weekday().num_days_from_monday() as usize];
        let hour12 = (time.hour() + 11) % 12 + 1;
        match part {
            Part::Text(text) => out.push_str(text),
            Part::LongMonth => out.push_str(month),
            Part::Month => out.push_str(&month[..3]),
            Part::NumMonth { zero } => out.push_str(&two(zero, time.month())),
            Part::LongWeekday => out.push_str(weekday),
            Part::Weekday => out.push_str(&weekday[..3]),
            Part::Day { under: true, .. } => out.push_str(&format!("{:2}", time.day())),
            Part::Day { zero, .. } => out.push_str(&two(zero, time.day())),
            Part::YearDay { under: true } => out.push_str(&format!("{:3}", time.ordinal())),
            Part::YearDay { .. } => out.push_str(&format!("{:03}", time.ordinal())),
            Part::Hour24 => out.push_str(&two(true, time.hour())),
            Part::Hour12 { zero } => out.push_str(&two(zero, hour12)),
            Part::Minute { zero } => out.push_str(&two(zero, time.minute())),
            Part::Second { zero } => out.push_str(&two(zero, time.second())),
            Part::LongYear => out.push_str(&format!("{:04}", time.year())),
            Part::Year => out.push_str(&format!("{:02}", time.year().rem_euclid(100))),
            Part::AmPm { upper } => out.push_str(match (time.hour() >= 12, upper) {
                (true, true) => "PM",
                (true, false) => "pm",
                (false, true) => "AM",
                (false, false) => "am",
            }),
            Part::ZoneName => {
                // Names of zones need a database; an offset is written as Go writes a zone without a name.
                if time.offset().local_minus_utc() == 0 {
                    out.push_str("UTC");
                } else {
                    out.push_str(&offset(
                        time,
                        false,
                        false,
                        time.offset().local_minus_utc() % 3600 != 0,
                        false,
                    ));
                }
            }
            Part::Offset { z, colon, minutes, seconds } => {
                out.push_str(&offset(time, z, colon, minutes, seconds))
            }
            Part::Fraction { digits, cut, comma } => {
                let nanos = format!("{:09}", time.nanosecond() % 1_000_000_000);
                let mut fraction = &nanos[..digits.min(9)];
                if cut {
                    fraction = fraction.trim_end_matches('0');
                }
                if !fraction.is_empty() {
                    out.push(if comma { ',' } else { '.' });
                    out.push_str(fraction);
                }
            }
        }
    }
    out
}

fn offset(time: &DateTime<FixedOffset>, z: bool, colon: bool, minutes: bool, seconds: bool) -> String {
    let offset = time.offset().local_minus_utc();
    if z && offset == 0 {
        return "Z".to_owned();
    }
    let sign = if offset < 0 { '-' } else { '+' };
    let offset = offset.abs();
    let colon = if colon { ":" } else { "" };
    let mut out = format!("{sign}{:02}", offset / 3600);
    if minutes {
        out.push_str(&format!("{colon}{:02}", offset / 60 % 60));
    }
    if seconds {
        out.push_str(&format!("{colon}{:02}", offset % 60));
    }
    out
}

/// A text that does not fit its layout.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("parsing time {text:?} as {layout:?}: cannot parse {rest:?} as {expected}")]
pub struct LayoutError {
    pub text: String,
    pub layout: String,
    pub rest: String,
    pub expected: String,
}

/// Reads a time by a Go layout. What the layout does not name is zero (year 0 becomes year 1970's caller's business:
/// Go says year 0 too); a time without a zone is taken in `zone`.
///
/// # Errors
/// [`LayoutError`] with what is left of the text where it stopped to fit.
pub fn parse(text: &str, layout: &str, zone: FixedOffset) -> Result<DateTime<FixedOffset>, LayoutError> {
    let mut reader = Reader { text, layout, rest: text };
    let mut found = Found { day: 1, month: 1, zone, ..Found::default_in(zone) };
    let parts = parts(layout);
    for (at, part) in parts.iter().enumerate() {
        // A layout without a fraction still accepts one behind the seconds.
        reader.part(*part, &mut found, parts.get(at + 1))?;
    }
    if !reader.rest.is_empty() {
        return Err(reader.fail("the end"));
    }
    let hour = match found.pm {
        Some(true) if found.hour < 12 => found.hour + 12,
        Some(false) if found.hour == 12 => 0,
        _ => found.hour,
    };
    let date = match found.year_day {
        Some(day) => NaiveDate::from_yo_opt(found.year, day),
        None => NaiveDate::from_ymd_opt(found.year, found.month, found.day),
    };
    let time = date.and_then(|date| date.and_hms_nano_opt(hour, found.minute, found.second, found.nanos));
    let time = time.and_then(|time| found.zone.from_local_datetime(&time).single());
    time.ok_or_else(|| LayoutError {
        text: text.to_owned(),
        layout: layout.to_owned(),
        rest: text.to_owned(),
        expected: "a time that exists (out of range)".to_owned(),
    })
}

struct Found {
    year: i32,
    month: u32,
    day: u32,
    year_day: Option<u32>,
    hour: u32,
    minute: u32,
    second: u32,
    nanos: u32,
    pm: Option<bool>,
    zone: FixedOffset,
}

impl Found {
    fn default_in(zone: FixedOffset) -> Self {
        Self {
            year: 0,
            month: 1,
            day: 1,
            year_day: None,
            hour: 0,
            minute: 0,
            second: 0,
            nanos: 0,
            pm: None,
            zone,
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    layout: &'a str,
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn fail(&self, expected: &str) -> LayoutError {
        LayoutError {
            text: self.text.to_owned(),
            layout: self.layout.to_owned(),
            rest: self.rest.to_owned(),
            expected: expected.to_owned(),
        }
    }

    /// Between `least` and `most` digits.
    fn digits(&mut self, least: usize, most: usize, expected: &str) -> Result<u32, LayoutError> {
        let count = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if count < least {
            return Err(self.fail(expected));
        }
        let (digits, rest) = self.rest.split_at(count);
        let value = digits.parse().map_err(|_| self.fail(expected))?;
        self.rest = rest;
        Ok(value)
    }

    fn padded(&mut self, zero: bool, expected: &str) -> Result<u32, LayoutError> {
        self.digits(if zero { 2 } else { 1 }, 2, expected)
    }

    fn name(&mut self, names: &[&str], short: bool, expected: &str) -> Result<usize, LayoutError> {
        for (at, name) in names.iter().enumerate() {
            let name = if short { &name[..3] } else { name };
            if self.rest.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name)) {
                self.rest = &self.rest[name.len()..];
                return Ok(at);
            }
        }
        Err(self.fail(expected))
    }

    fn fraction(&mut self, found: &mut Found) {
        let digits = self.rest[1..].bytes().take_while(u8::is_ascii_digit).count();
        let text: String = self.rest[1..=digits].chars().chain("000000000".chars()).take(9).collect();
        found.nanos = text.parse().unwrap_or(0);
        self.rest = &self.rest[1 + digits..];
    }

    fn at_fraction(&self) -> bool {
        self.rest.starts_with(['.', ',']) && self.rest[1..].starts_with(|c: char| c.is_ascii_digit())
    }

    fn part(
        &mut self,
        part: Part<'a>,
        found: &mut Found,
        next: Option<&Part<'_>>,
    ) -> Result<(), LayoutError> {
        match part {
            Part::Text(text) => {
                // White space in the layout stands for any amount of it.
                let same = text.trim_end();
                self.rest = self.rest.strip_prefix(same).ok_or_else(|| self.fail(text))?;
                if same.len() < text.len() {
                    self.rest = self.rest.trim_start_matches(' ');
                }
            }
            Part::LongMonth => found.month = self.name(&MONTHS, false, "a month")? as u32 + 1,
            Part::Month => found.month = self.name(&MONTHS, true, "a short month")? as u32 + 1,
            Part::NumMonth { zero } => found.month = self.padded(zero, "a month's number")?,
            Part::LongWeekday => drop(self.name(&WEEKDAYS, false, "a weekday")?),
            Part::Weekday => drop(self.name(&WEEKDAYS, true, "a short weekday")?),
            Part::Day { zero, .. } => {
                self.rest = self.rest.strip_prefix(' ').unwrap_or(self.rest);
                found.day = self.padded(zero, "a day")?;
            }
            Part::YearDay { .. } => {
                self.rest = self.rest.trim_start_matches(' ');
                found.year_day = Some(self.digits(1, 3, "a day of the year")?);
            }
            Part::Hour24 => found.hour = self.padded(true, "an hour")?,
            Part::Hour12 { zero } => found.hour = self.padded(zero, "an hour")?,
            Part::Minute { zero } => found.minute = self.padded(zero, "a minute")?,
            Part::Second { zero } => {
                found.second = self.padded(zero, "a second")?;
                if self.at_fraction() && !matches!(next, Some(Part::Fraction { .. })) {
                    self.fraction(found);
                }
            }
            Part::LongYear => found.year = self.digits(4, 4, "a year")? as i32,
            Part::Year => {
                let year = self.digits(2, 2, "a year's last two digits")? as i32;
                found.year = if year >= 69 { 1900 + year } else { 2000 + year };
            }
            Part::AmPm { .. } => {
                let head = self.rest.get(..2).map(str::to_ascii_uppercase);
                found.pm = match head.as_deref() {
                    Some("AM") => Some(false),
                    Some("PM") => Some(true),
                    _ => return Err(self.fail("AM or PM")),
                };
                self.rest = &self.rest[2..];
            }
            Part::ZoneName => {
                let letters = self.rest.bytes().take_while(u8::is_ascii_alphabetic).count();
                if letters < 3 {
                    return Err(self.fail("a zone's name"));
                }
                self.rest = &self.rest[letters..];
            }
            Part::Offset { z, colon, minutes, seconds } => self.offset(z, colon, minutes, seconds, found)?,
            Part::Fraction { cut, digits, .. } => {
                let there = self.rest.get(1..).unwrap_or("").bytes().take_while(u8::is_ascii_digit).count();
                match (self.at_fraction(), cut) {
                    (false, true) => {}
                    (true, true) => self.fraction(found),
                    (true, false) if there == digits => self.fraction(found),
                    _ => return Err(self.fail("a fraction of a second")),
                }
            }
        }
        Ok(())
    }

    fn offset(
        &mut self,
        z: bool,
        colon: bool,
        minutes: bool,
        seconds: bool,
        found: &mut Found,
    ) -> Result<(), LayoutError> {
        const EXPECTED: &str = "an offset from UTC";
        if z && let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            found.zone = FixedOffset::east_opt(0).ok_or_else(|| self.fail(EXPECTED))?;
            return Ok(());
        }
        let sign = match self.rest.chars().next() {
            Some('+') => 1,
            Some('-') => -1,
            _ => return Err(self.fail(EXPECTED)),
        };
        self.rest = &self.rest[1..];
        let mut total = self.digits(2, 2, EXPECTED)? * 3600;
        for (wanted, unit) in [(minutes, 60), (seconds, 1)] {
            if wanted {
                if colon {
                    self.rest = self.rest.strip_prefix(':').ok_or_else(|| self.fail(EXPECTED))?;
                }
                total += self.digits(2, 2, EXPECTED)? * unit;
            }
        }
        found.zone = FixedOffset::east_opt(sign * total as i32).ok_or_else(|| self.fail(EXPECTED))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
