//! The functions on text, and the table of all functions. Source: Loki's documentation, "Template functions", whose list
//! is a part of the Sprig library and a few of its own; others are unknown on purpose.

use super::{numbers, times};
use crate::units;
use gotmpl::{FuncMap, Value};
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Longest text that `repeat` and its like may make.
const MAX_TEXT: usize = 1 << 20;

pub(super) fn all() -> FuncMap {
    times::add(numbers::add(text(FuncMap::new())))
}

/// How a value reads as text: labels are text already, numbers print themselves.
pub(super) fn string(value: &Value) -> String {
    match value {
        Value::Missing | Value::Null => String::new(),
        other => other.display(),
    }
}

/// The texts of exactly `N` arguments.
pub(super) fn texts<const N: usize>(name: &str, args: &[Value]) -> Result<[String; N], String> {
    let all: Vec<String> = args.iter().map(string).collect();
    all.try_into()
        .map_err(|all: Vec<String>| format!("wrong number of args for {name}: want {N} got {}", all.len()))
}

fn bounded(text: String) -> Result<Value, String> {
    if text.len() > MAX_TEXT {
        Err(format!("the text is longer than {MAX_TEXT} bytes"))
    } else {
        Ok(text.into())
    }
}

type Regexes = Arc<Mutex<BTreeMap<String, Regex>>>;

fn regex(cache: &Regexes, pattern: &str) -> Result<Regex, String> {
    let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = cache.get(pattern) {
        return Ok(found.clone());
    }
    let made = units::regex(pattern).map_err(|error| error.to_string())?;
    // A pattern made of labels could be another one for each line.
    if cache.len() >= 64 {
        cache.clear();
    }
    cache.insert(pattern.to_owned(), made.clone());
    Ok(made)
}

/// Go writes `${1}` and `$1`; the regex crate reads `$1x` as a name, as Go does.
fn one(name: &'static str, f: fn(&str) -> String) -> impl Fn(&[Value]) -> Result<Value, String> {
    move |args| {
        let [text] = texts(name, args)?;
        bounded(f(&text))
    }
}

fn text(map: FuncMap) -> FuncMap {
    let cache = Regexes::default();
    let (replace, literal, count) = (cache.clone(), cache.clone(), cache);
    let map = map
        .with("lower", one("lower", str::to_lowercase))
        .with("ToLower", one("ToLower", str::to_lowercase))
        .with("upper", one("upper", str::to_uppercase))
        .with("ToUpper", one("ToUpper", str::to_uppercase))
        .with("title", one("title", title))
        .with("trim", one("trim", |text| text.trim().to_owned()))
        .with("TrimSpace", one("TrimSpace", |text| text.trim().to_owned()))
        .with("b64enc", one("b64enc", |text| base64_encode(text.as_bytes())))
        .with("urlencode", one("urlencode", gotmpl::builtins::escape_query))
        .with("urldecode", |args| {
            texts("urldecode", args).and_then(|[text]| url_decode(&text).map(Value::from))
        })
        .with("b64dec", |args| {
            let [text] = texts("b64dec", args)?;
            Ok(base64_decode(&text).map_or_else(|| "illegal base64 data".into(), Value::from))
        });
    let map = map
        .with("trimAll", |args| texts("trimAll", args).map(|[set, text]| trim_set(&text, &set, true, true)))
        .with("Trim", |args| texts("Trim", args).map(|[text, set]| trim_set(&text, &set, true, true)))
        .with("TrimLeft", |args| {
            texts("TrimLeft", args).map(|[text, set]| trim_set(&text, &set, true, false))
        })
        .with("TrimRight", |args| {
            texts("TrimRight", args).map(|[text, set]| trim_set(&text, &set, false, true))
        })
        .with("trimSuffix", |args| texts("trimSuffix", args).map(|[end, text]| cut_end(&text, &end)))
        .with("TrimSuffix", |args| texts("TrimSuffix", args).map(|[text, end]| cut_end(&text, &end)))
        .with("trimPrefix", |args| texts("trimPrefix", args).map(|[start, text]| cut_start(&text, &start)))
        .with("TrimPrefix", |args| texts("TrimPrefix", args).map(|[text, start]| cut_start(&text, &start)))
        .with("contains", |args| texts("contains", args).map(|[part, text]| text.contains(&part).into()))
        .with("hasPrefix", |args| texts("hasPrefix", args).map(|[part, text]| text.starts_with(&part).into()))
        .with("hasSuffix", |args| texts("hasSuffix", args).map(|[part, text]| text.ends_with(&part).into()))
        .with("replace", |args| {
            texts("replace", args).and_then(|[old, new, text]| bounded(text.replace(&old, &new)))
        })
        .with("Replace", |args| {
            let [text, old, new, times] = texts("Replace", args)?;
            let times: i64 = times.parse().map_err(|_| "Replace: the fourth argument is no number")?;
            bounded(
                usize::try_from(times)
                    .map_or_else(|_| text.replace(&old, &new), |n| text.replacen(&old, &new, n)),
            )
        });
    let map = map
        .with("repeat", |args| {
            let [count, text] = texts("repeat", args)?;
            let count: usize =
                count.parse().map_err(|_| format!("repeat: found {count:?}, expected a count"))?;
            if count.saturating_mul(text.len()) > MAX_TEXT {
                return Err(format!("repeat: the text is longer than {MAX_TEXT} bytes"));
            }
            Ok(text.repeat(count).into())
        })
        .with("indent", |args| {
            let [count, text] = texts("indent", args)?;
            indent("indent", &count, &text).and_then(bounded)
        })
        .with("nindent", |args| {
            let [count, text] = texts("nindent", args)?;
            indent("nindent", &count, &text).and_then(|text| bounded(format!("\n{text}")))
        })
        .with("trunc", |args| {
            let [count, text] = texts("trunc", args)?;
            let count: i64 =
                count.parse().map_err(|_| format!("trunc: found {count:?}, expected a length"))?;
            let length = text.chars().count();
            let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
            let cut: String = match (wanted < length, count < 0) {
                (false, _) => text,
                (true, false) => text.chars().take(wanted).collect(),
                (true, true) => text.chars().skip(length - wanted).collect(),
            };
            Ok(cut.into())
        })
        .with("substr", |args| {
            let [start, end, text] = texts("substr", args)?;
            let number = |text: &str| {
                text.parse::<i64>().map_err(|_| format!("substr: found {text:?}, expected a number"))
            };
            let (start, end) = (number(&start)?, number(&end)?);
            let from = usize::try_from(start).unwrap_or(0);
            let until = usize::try_from(end).unwrap_or(usize::MAX);
            Ok(text.chars().take(until).skip(from).collect::<String>().into())
        })
        .with("alignLeft", |args| {
            let [count, text] = texts("alignLeft", args)?;
            align(&count, &text, true)
        })
        .with("alignRight", |args| {
            let [count, text] = texts("alignRight", args)?;
            align(&count, &text, false)
        });
    map.with("regexReplaceAll", move |args| {
        let [pattern, text, replacement] = texts("regexReplaceAll", args)?;
        bounded(regex(&replace, &pattern)?.replace_all(&text, replacement.as_str()).into_owned())
    })
    .with("regexReplaceAllLiteral", move |args| {
        let [pattern, text, replacement] = texts("regexReplaceAllLiteral", args)?;
        let regex = regex(&literal, &pattern)?;
        bounded(regex.replace_all(&text, ::regex::NoExpand(&replacement)).into_owned())
    })
    .with("count", move |args| {
        let [pattern, text] = texts("count", args)?;
        Ok(Value::Int(regex(&count, &pattern)?.find_iter(&text).count() as i64))
    })
    .with("default", |args| match args {
        [default, value] => Ok(if value.truth() { value.clone() } else { default.clone() }),
        [default] => Ok(default.clone()),
        _ => Err(format!("wrong number of args for default: want 2 got {}", args.len())),
    })
    .with("fromJson", |args| {
        let [text] = texts("fromJson", args)?;
        Ok(serde_json::from_str(&text).map_or(Value::Null, |value| from_json(&value)))
    })
    .with("bytes", |args| {
        let [text] = texts("bytes", args)?;
        units::parse_bytes(&text)
            .map(|n| Value::Float(n as f64))
            .ok_or(format!("bytes: cannot read {text:?}"))
    })
}

fn from_json(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        serde_json::Value::String(text) => Value::str(text),
        serde_json::Value::Array(items) => Value::list(items.iter().map(from_json).collect()),
        serde_json::Value::Object(map) => {
            Value::map(map.iter().map(|(key, value)| (key.clone(), from_json(value))))
        }
    }
}

/// The first letter of each word in upper case.
fn title(text: &str) -> String {
    let mut start = true;
    text.chars()
        .flat_map(|c| {
            let upper = start && c.is_alphabetic();
            start = !(c.is_alphanumeric() || c == '_' || c == '\'');
            let changed: Vec<char> = if upper { c.to_uppercase().collect() } else { vec![c] };
            changed
        })
        .collect()
}

fn trim_set(text: &str, set: &str, left: bool, right: bool) -> Value {
    let within = |c: char| set.contains(c);
    let text = if left { text.trim_start_matches(within) } else { text };
    let text = if right { text.trim_end_matches(within) } else { text };
    text.into()
}

fn cut_end(text: &str, end: &str) -> Value {
    text.strip_suffix(end).unwrap_or(text).into()
}

fn cut_start(text: &str, start: &str) -> Value {
    text.strip_prefix(start).unwrap_or(text).into()
}

fn indent(name: &str, count: &str, text: &str) -> Result<String, String> {
    let count: usize = count.parse().map_err(|_| format!("{name}: found {count:?}, expected a count"))?;
    if count > 1024 {
        return Err(format!("{name}: found {count}, the limit is 1024"));
    }
    let pad = " ".repeat(count);
    Ok(format!("{pad}{}", text.replace('\n', &format!("\n{pad}"))))
}

/// Pads with blanks or cuts to `count` characters; a right-aligned text keeps its end.
fn align(count: &str, text: &str, left: bool) -> Result<Value, String> {
    let count: i64 = count.parse().map_err(|_| format!("align: found {count:?}, expected a width"))?;
    let length = text.chars().count();
    let Ok(count) = usize::try_from(count) else { return Ok(text.into()) };
    if count > 4096 {
        return Err(format!("align: found {count}, the limit is 4096"));
    }
    if length > count {
        let skip = if left { 0 } else { length - count };
        return Ok(text.chars().skip(skip).take(count).collect::<String>().into());
    }
    let pad = " ".repeat(count - length);
    Ok(if left { format!("{text}{pad}") } else { format!("{pad}{text}") }.into())
}

fn url_decode(text: &str) -> Result<String, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| byte.and_then(|b| (b as char).to_digit(16));
                match (digit(bytes.next()), digit(bytes.next())) {
                    (Some(high), Some(low)) => (high * 16 + low) as u8,
                    _ => return Err(format!("invalid URL escape in {text:?}")),
                }
            }
            other => other,
        });
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64_encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let sextet = (word >> (18 - 6 * at)) & 63;
            out.push(if at <= chunk.len() { BASE64[sextet as usize] as char } else { '=' });
        }
    }
    out
}

fn base64_decode(text: &str) -> Option<String> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let mut out = Vec::new();
    for chunk in text.as_bytes().chunks(4) {
        let padding = chunk.iter().rev().take_while(|b| **b == b'=').count();
        let mut word = 0u32;
        for byte in &chunk[..4 - padding] {
            word = word << 6 | BASE64.iter().position(|b| b == byte)? as u32;
        }
        word <<= 6 * padding as u32;
        let bytes = word.to_be_bytes();
        out.extend_from_slice(&bytes[1..4 - padding.min(2)]);
    }
    String::from_utf8(out).ok()
}
