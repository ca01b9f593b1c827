//! Parts of a date in UTC, from seconds since the epoch.

const DAY: i64 = 86_400;

struct Date {
    year: i64,
    /// 1 to 12.
    month: i64,
    /// 1 to 31.
    day: i64,
}

/// Whole seconds; what no calendar holds becomes the nearest time that one does.
fn whole(seconds: f64) -> i64 {
    /// Far beyond any clock, near enough that nothing below overflows.
    const LIMIT: f64 = 1e15;
    seconds.clamp(-LIMIT, LIMIT) as i64
}

/// Source: Howard Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
fn date(seconds: f64) -> Date {
    let days = whole(seconds).div_euclid(DAY) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    // Years begin in March here, so that the leap day is the last.
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Date { year, month, day: day_of_year - (153 * shifted + 2) / 5 + 1 }
}

fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn month_length(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

pub(super) fn year(seconds: f64) -> f64 {
    date(seconds).year as f64
}

pub(super) fn month(seconds: f64) -> f64 {
    date(seconds).month as f64
}

pub(super) fn day_of_month(seconds: f64) -> f64 {
    date(seconds).day as f64
}

pub(super) fn day_of_year(seconds: f64) -> f64 {
    let date = date(seconds);
    ((1..date.month).map(|month| month_length(date.year, month)).sum::<i64>() + date.day) as f64
}

/// Sunday is 0; the epoch was a Thursday.
pub(super) fn day_of_week(seconds: f64) -> f64 {
    (whole(seconds).div_euclid(DAY) + 4).rem_euclid(7) as f64
}

pub(super) fn days_in_month(seconds: f64) -> f64 {
    let date = date(seconds);
    month_length(date.year, date.month) as f64
}

pub(super) fn hour(seconds: f64) -> f64 {
    (whole(seconds).rem_euclid(DAY) / 3_600) as f64
}

pub(super) fn minute(seconds: f64) -> f64 {
    (whole(seconds).rem_euclid(3_600) / 60) as f64
}
