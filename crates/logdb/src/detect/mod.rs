//! What a line is given when it comes in: `detected_level`, and `service_name` for its stream. Source: Loki's
//! documentation, `discover_log_levels` and `discover_service_name`.

use model::Labels;

pub const DETECTED_LEVEL: &str = "detected_level";
pub const SERVICE_NAME: &str = "service_name";
const UNKNOWN_SERVICE: &str = "unknown_service";

/// Names under which a level is looked for, in labels, in metadata and in the line.
const LEVEL_NAMES: [&str; 16] = [
    "level",
    "LEVEL",
    "Level",
    "log.level",
    "severity",
    "SEVERITY",
    "Severity",
    "SeverityText",
    "lvl",
    "LVL",
    "Lvl",
    "severity_text",
    "Severity_Text",
    "SEVERITY_TEXT",
    "log_level",
    "severityText",
];

/// One name for each level; what is none stays as it is written.
fn normalise(level: &str) -> &str {
    const KNOWN: [(&str, &str); 15] = [
        ("trace", "trace"),
        ("trc", "trace"),
        ("debug", "debug"),
        ("dbg", "debug"),
        ("info", "info"),
        ("inf", "info"),
        ("information", "info"),
        ("warn", "warn"),
        ("wrn", "warn"),
        ("warning", "warn"),
        ("error", "error"),
        ("err", "error"),
        ("critical", "critical"),
        ("fatal", "fatal"),
        ("unknown", "unknown"),
    ];
    KNOWN.iter().find(|(name, _)| level.eq_ignore_ascii_case(name)).map_or(level, |(_, level)| level)
}

/// The level that the stream's labels name.
pub fn level_of_labels(labels: &Labels) -> Option<String> {
    LEVEL_NAMES.iter().find_map(|name| labels.get(name)).map(|level| normalise(level).to_owned())
}

/// The level of one line whose stream names none. `None`: the line carries `detected_level` already.
pub fn level_of_line<'a>(metadata: &'a [(String, String)], line: &'a str) -> Option<&'a str> {
    let get =
        |wanted: &str| metadata.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    if get(DETECTED_LEVEL).is_some() {
        return None;
    }
    if let Some(level) = LEVEL_NAMES.iter().find_map(|name| get(name)) {
        return Some(normalise(level));
    }
    if let Some(number) = get("severity_number").and_then(|number| number.parse::<u8>().ok()) {
        // OpenTelemetry logs data model, "SeverityNumber".
        return Some(match number {
            1..=4 => "trace",
            5..=8 => "debug",
            9..=12 => "info",
            13..=16 => "warn",
            17..=20 => "error",
            21..=24 => "fatal",
            _ => "unknown",
        });
    }
    Some(level_in_text(line))
}

fn level_in_text(line: &str) -> &str {
    let found = if line.trim_start().starts_with('{') {
        LEVEL_NAMES.iter().find_map(|name| json_value(line, name))
    } else {
        LEVEL_NAMES.iter().find_map(|name| logfmt_value(line, name))
    };
    if let Some(level) = found {
        let level = normalise(level);
        let known = ["trace", "debug", "info", "warn", "error", "critical", "fatal"].contains(&level);
        return if known { level } else { "unknown" };
    }
    let has = |words: &[&str]| words.iter().any(|word| line.contains(word));
    if has(&["info", "INFO"]) {
        "info"
    } else if has(&["err:", "ERR:", "error", "ERROR"]) {
        "error"
    } else if has(&["warn:", "WARN:", "warning", "WARNING"]) {
        "warn"
    } else if has(&["critical:", "CRITICAL:"]) {
        "critical"
    } else if has(&["debug:", "DEBUG:"]) {
        "debug"
    } else {
        "unknown"
    }
}

/// The text value behind `"name":`. The line is looked at for a few names only, so it is not parsed as a whole.
fn json_value<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = line;
    loop {
        let at = rest.find(name)?;
        let after = &rest[at + name.len()..];
        if rest[..at].ends_with('"')
            && let Some(value) =
                after.strip_prefix('"').map(str::trim_start).and_then(|text| text.strip_prefix(':'))
        {
            let value = value.trim_start();
            let quoted = value.strip_prefix('"').and_then(|text| text.split('"').next());
            return quoted.or_else(|| value.split([',', '}', ' ']).next());
        }
        rest = after;
    }
}

fn logfmt_value<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = line;
    loop {
        let at = rest.find(name)?;
        let starts = rest[..at].is_empty() || rest[..at].ends_with([' ', '\t']);
        let after = &rest[at + name.len()..];
        match after.strip_prefix('=').filter(|_| starts) {
            Some(value) => {
                let value = value.strip_prefix('"').unwrap_or(value);
                return value.split([' ', '"', '\t']).next().filter(|level| !level.is_empty());
            }
            None => rest = after,
        }
    }
}

/// The labels with `service_name`, when the list is not empty and they have none.
pub fn with_service_name(labels: Labels, sources: &[String]) -> Labels {
    if sources.is_empty() || labels.get(SERVICE_NAME).is_some() || labels.is_empty() {
        return labels;
    }
    let found = sources.iter().find_map(|name| labels.get(name)).unwrap_or(UNKNOWN_SERVICE).to_owned();
    let mut builder = labels.to_builder();
    builder.set(SERVICE_NAME, &found);
    builder.build()
}

#[cfg(test)]
mod tests;
