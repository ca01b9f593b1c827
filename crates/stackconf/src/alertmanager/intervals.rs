//! `time_intervals`: names for parts of the week, the month, the year.

use crate::error::ConfigError;
use crate::yaml::{Context, FromNode, Node, Section, Shape};
use std::ops::{Range, RangeInclusive};

pub static NAMED: Shape =
    Shape { path: "time_intervals[]", keys: &["name", "time_intervals"], no_effect: &[], unsupported: &[] };
pub static INTERVAL: Shape = Shape {
    path: "time_intervals[].time_intervals[]",
    keys: &["times", "weekdays", "days_of_month", "months", "years", "location"],
    no_effect: &[],
    unsupported: &[],
};
pub static TIMES: Shape = Shape {
    path: "time_intervals[].time_intervals[].times[]",
    keys: &["start_time", "end_time"],
    no_effect: &[],
    unsupported: &[],
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedInterval {
    pub name: String,
    pub intervals: Vec<TimeInterval>,
}

/// Every list that is not empty has to hold; of a list one entry is enough. Times are UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeInterval {
    /// Minutes since midnight; the end is excluded.
    pub times: Vec<Range<u32>>,
    /// 0 = Sunday … 6 = Saturday.
    pub weekdays: Vec<RangeInclusive<u32>>,
    /// 1 to 31; negative days count from the end of the month.
    pub days_of_month: Vec<RangeInclusive<i32>>,
    /// 1 to 12.
    pub months: Vec<RangeInclusive<u32>>,
    pub years: Vec<RangeInclusive<i32>>,
}

const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

impl FromNode for NamedInterval {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &NAMED, ctx)?;
        Ok(Self { name: s.req("name")?, intervals: s.or_default("time_intervals")? })
    }
}

impl FromNode for TimeInterval {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &INTERVAL, ctx)?;
        if let Some(location) = s.opt::<String>("location")?.filter(|name| name != "UTC" && !name.is_empty())
        {
            let at = s.node("location").map_or(s.at, |node| node.at);
            ctx.warn(
                at,
                format!("time zone {location:?} is not supported by the embedded stack: times are UTC"),
            );
        }
        let weekday = |text: &str| position(&WEEKDAYS, text);
        let month = |text: &str| {
            position(&MONTHS, text)
                .map(|at| at + 1)
                .or_else(|| text.parse().ok().filter(|n| (1..=12).contains(n)))
        };
        let day = |text: &str| text.parse::<i32>().ok().filter(|day| *day != 0 && (-31..=31).contains(day));
        Ok(Self {
            times: s.or_default::<Vec<TimesOfDay>>("times")?.into_iter().map(|times| times.0).collect(),
            weekdays: ranges(&s, "weekdays", "a weekday or a range such as monday:friday", weekday)?,
            days_of_month: days(&s, day)?,
            months: ranges(&s, "months", "a month or a range such as january:march", month)?,
            years: ranges(&s, "years", "a year or a range such as 2026:2028", |text| text.parse().ok())?,
        })
    }
}

fn position(names: &[&str], text: &str) -> Option<u32> {
    names.iter().position(|name| name.eq_ignore_ascii_case(text)).and_then(|at| u32::try_from(at).ok())
}

fn bounds<T: Copy>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<RangeInclusive<T>> {
    let (first, last) = text.split_once(':').unwrap_or((text, text));
    Some(read(first.trim())?..=read(last.trim())?)
}

fn ranges<T: Copy + PartialOrd>(
    s: &Section,
    key: &str,
    expected: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Vec<RangeInclusive<T>>, ConfigError> {
    let texts: Vec<String> = s.or_default(key)?;
    let wrong = |text: &str| s.bad(key, format!("found {text:?}, expected {expected}"));
    texts
        .iter()
        .map(|text| {
            bounds(text, &read).filter(|range| range.start() <= range.end()).ok_or_else(|| wrong(text))
        })
        .collect()
}

/// Days may run from the start of the month to its end (`1:-1`), so that the order says nothing across the signs.
fn days(s: &Section, read: impl Fn(&str) -> Option<i32>) -> Result<Vec<RangeInclusive<i32>>, ConfigError> {
    let texts: Vec<String> = s.or_default("days_of_month")?;
    let wrong = |text: &str| {
        s.bad("days_of_month", format!("found {text:?}, expected a day or a range such as 1:5 or -3:-1"))
    };
    let ordered = |range: &RangeInclusive<i32>| {
        let (first, last) = (*range.start(), *range.end());
        !(first < 0 && last > 0) && (first.signum() != last.signum() || first <= last)
    };
    texts.iter().map(|text| bounds(text, &read).filter(ordered).ok_or_else(|| wrong(text))).collect()
}

struct TimesOfDay(Range<u32>);

impl FromNode for TimesOfDay {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &TIMES, ctx)?;
        let minutes = |key: &str| -> Result<u32, ConfigError> {
            let text: String = s.req(key)?;
            let read = || {
                let (hour, minute) = text.split_once(':')?;
                let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
                (minute < 60 && hour * 60 + minute <= 24 * 60).then_some(hour * 60 + minute)
            };
            read().ok_or_else(|| s.bad(key, format!("found {text:?}, expected a time such as 09:00")))
        };
        let range = minutes("start_time")?..minutes("end_time")?;
        if range.is_empty() {
            return Err(s.bad("end_time", "end_time has to be later than start_time"));
        }
        Ok(Self(range))
    }
}
