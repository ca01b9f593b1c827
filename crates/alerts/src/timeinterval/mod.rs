//! Named times of the week and the year in which a route is mute or active. Times are UTC: names of time zones would need
//! a database. Source: Alertmanager's documentation, `time_interval`.

use chrono::{DateTime, Datelike, Timelike, Utc};
use model::clock::Millis;
use stackconf::alertmanager::TimeInterval;

/// Whether an interval holds at a time: every list that is not empty has to, and within a list one entry is enough.
pub fn contains(interval: &TimeInterval, now: Millis) -> bool {
    let Some(at) = DateTime::<Utc>::from_timestamp_millis(now) else { return false };
    fn holds<T>(list: &[T], test: impl Fn(&T) -> bool) -> bool {
        list.is_empty() || list.iter().any(test)
    }
    let days = i32::try_from(days_in_month(at.year(), at.month())).unwrap_or(31);
    let day = i32::try_from(at.day()).unwrap_or(1);
    let from_start = |bound: i32| if bound < 0 { days + 1 + bound } else { bound };
    holds(&interval.times, |range| range.contains(&(at.hour() * 60 + at.minute())))
        && holds(&interval.weekdays, |range| range.contains(&at.weekday().num_days_from_sunday()))
        && holds(&interval.days_of_month, |range| {
            (from_start(*range.start()).max(1)..=from_start(*range.end()).min(days)).contains(&day)
        })
        && holds(&interval.months, |range| range.contains(&at.month()))
        && holds(&interval.years, |range| range.contains(&at.year()))
}

fn days_in_month(year: i32, month: u32) -> u32 {
    let next = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    let first_of_next = chrono::NaiveDate::from_ymd_opt(next.0, next.1, 1);
    first_of_next.and_then(|date| date.pred_opt()).map_or(31, |date| date.day())
}

#[cfg(test)]
mod tests;
