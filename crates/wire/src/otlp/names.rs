//! Metric and label names as Prometheus writes those of OTLP. Source: OpenTelemetry specification, "Prometheus and
//! OpenMetrics Compatibility"; Prometheus, otlptranslator ("UnderscoreEscapingWithSuffixes").

/// Every character that a label name cannot hold becomes `_`; a leading digit gets `key_` before it.
pub(crate) fn label_name(name: &str) -> String {
    let mut out: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert_str(0, "key_");
    } else if out.starts_with('_') && !out.starts_with("__") {
        out.insert_str(0, "key");
    }
    out
}

/// What kind of suffix a metric takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind {
    Counter,
    Gauge,
    Other,
}

/// Units as words. Source: UCUM codes that Prometheus's translator knows.
const UNITS: [(&str, &str); 29] = [
    ("d", "days"),
    ("h", "hours"),
    ("min", "minutes"),
    ("s", "seconds"),
    ("ms", "milliseconds"),
    ("us", "microseconds"),
    ("ns", "nanoseconds"),
    ("By", "bytes"),
    ("KiBy", "kibibytes"),
    ("MiBy", "mebibytes"),
    ("GiBy", "gibibytes"),
    ("TiBy", "tibibytes"),
    ("KBy", "kilobytes"),
    ("MBy", "megabytes"),
    ("GBy", "gigabytes"),
    ("TBy", "terabytes"),
    ("B", "bytes"),
    ("KB", "kilobytes"),
    ("MB", "megabytes"),
    ("GB", "gigabytes"),
    ("m", "meters"),
    ("V", "volts"),
    ("A", "amperes"),
    ("J", "joules"),
    ("W", "watts"),
    ("g", "grams"),
    ("Cel", "celsius"),
    ("Hz", "hertz"),
    ("%", "percent"),
];

/// Units after the slash of `By/s`.
const PER_UNITS: [(&str, &str); 8] = [
    ("s", "second"),
    ("m", "minute"),
    ("h", "hour"),
    ("d", "day"),
    ("w", "week"),
    ("mo", "month"),
    ("y", "year"),
    ("min", "minute"),
];

fn word<'a>(table: &[(&str, &'static str)], unit: &'a str) -> &'a str {
    table.iter().find(|(code, _)| *code == unit).map_or(unit, |(_, word)| word)
}

/// The Prometheus name of a metric: tokens joined by `_`, the unit and `total` or `ratio` behind.
pub fn metric_name(name: &str, unit: &str, kind: NameKind) -> String {
    let tokens_of = |text: &str| -> Vec<String> {
        text.split(|c: char| !(c.is_ascii_alphanumeric() || c == ':'))
            .filter(|token| !token.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let mut tokens = tokens_of(name);
    let (main, per) = unit.split_once('/').unwrap_or((unit, ""));
    let mut suffixes = Vec::new();
    if !main.trim().is_empty() && !main.contains(['{', '}']) && main != "1" {
        suffixes.extend(tokens_of(word(&UNITS, main.trim())));
    }
    if !per.trim().is_empty() && !per.contains(['{', '}']) {
        suffixes.push("per".to_owned());
        suffixes.extend(tokens_of(word(&PER_UNITS, per.trim())));
    }
    for suffix in suffixes {
        if !tokens.contains(&suffix) || suffix == "per" {
            tokens.push(suffix);
        }
    }
    let last = match kind {
        NameKind::Counter => Some("total"),
        NameKind::Gauge if unit == "1" => Some("ratio"),
        NameKind::Gauge | NameKind::Other => None,
    };
    if let Some(last) = last {
        tokens.retain(|token| token != last);
        tokens.push(last.to_owned());
    }
    let mut out = tokens.join("_");
    if out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, '_');
    }
    out
}
