//! Named times of the week and the year in which a route is mute or active. Times are UTC: names of time zones would need
//! a database. Source: Alertmanager's documentation, `time_interval`.

use chrono::{DateTime, Datelike, Timelike, Utc};
use model::clock::Millis;
use std::ops::RangeInclusive;

/// Every list that is not empty has to hold; within a list one entry is enough.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimeInterval {
    /// Minutes since midnight, from (included) and to (excluded).
    pub times: Vec<(u32, u32)>,
    /// 0 = Sunday … 6 = Saturday.
    pub weekdays: Vec<RangeInclusive<u32>>,
    /// 1 to 31; negative days count from the end of the month.
    pub days_of_month: Vec<RangeInclusive<i32>>,
    /// 1 to 12.
    pub months: Vec<RangeInclusive<u32>>,
    pub years: Vec<RangeInclusive<i32>>,
}

impl TimeInterval {
    pub fn contains(&self, now: Millis) -> bool {
        let Some(at) = DateTime::<Utc>::from_timestamp_millis(now) else { return false };
        fn holds<T>(list: &[T], test: impl Fn(&T) -> bool) -> bool {
            list.is_empty() || list.iter().any(test)
        }
        let days = i32::try_from(days_in_month(at.year(), at.month())).unwrap_or(31);
        let day = i32::try_from(at.day()).unwrap_or(1);
        let from_start = |bound: i32| if bound < 0 { days + 1 + bound } else { bound };
        holds(&self.times, |(start, end)| (*start..*end).contains(&(at.hour() * 60 + at.minute())))
            && holds(&self.weekdays, |range| range.contains(&at.weekday().num_days_from_sunday()))
            && holds(&self.days_of_month, |range| {
                (from_start(*range.start()).max(1)..=from_start(*range.end()).min(days)).contains(&day)
            })
            && holds(&self.months, |range| range.contains(&at.month()))
            && holds(&self.years, |range| range.contains(&at.year()))
    }
}

fn days_in_month(year: i32, month: u32) -> u32 {
    let next = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    let first_of_next = chrono::NaiveDate::from_ymd_opt(next.0, next.1, 1);
    first_of_next.and_then(|date| date.pred_opt()).map_or(31, |date| date.day())
}

#[cfg(test)]
mod tests;
