//! The functions that every template has. Source: documentation of Go's `text/template`, "Functions".

use crate::{Value, printf};
use std::cmp::Ordering;

type Builtin = fn(&[Value]) -> Result<Value, String>;

/// The built-in function of that name. `and` and `or` are here for the parser; they are run by the executor, which
/// stops at the operand that decides.
pub fn lookup(name: &str) -> Option<Builtin> {
    Some(match name {
        "and" => and,
        "or" => or,
        "not" => not,
        "len" => len,
        "index" => index,
        "slice" => slice,
        "print" => print,
        "println" => println,
        "printf" => printf_value,
        "html" => html,
        "js" => js,
        "urlquery" => urlquery,
        "call" => call,
        "eq" => eq,
        "ne" => ne,
        "lt" => lt,
        "le" => le,
        "gt" => gt,
        "ge" => ge,
        _ => return None,
    })
}

fn arguments<const N: usize>(args: &[Value]) -> Result<&[Value; N], String> {
    args.try_into().map_err(|_| format!("wrong number of args: want {N} got {}", args.len()))
}

fn at_least(args: &[Value], count: usize) -> Result<(), String> {
    if args.len() < count {
        Err(format!("wrong number of args: want at least {count} got {}", args.len()))
    } else {
        Ok(())
    }
}

fn and(args: &[Value]) -> Result<Value, String> {
    at_least(args, 1)?;
    Ok(args.iter().find(|value| !value.truth()).unwrap_or(&args[args.len() - 1]).clone())
}

fn or(args: &[Value]) -> Result<Value, String> {
    at_least(args, 1)?;
    Ok(args.iter().find(|value| value.truth()).unwrap_or(&args[args.len() - 1]).clone())
}

fn not(args: &[Value]) -> Result<Value, String> {
    let [value] = arguments(args)?;
    Ok(Value::Bool(!value.truth()))
}

fn len(args: &[Value]) -> Result<Value, String> {
    let [value] = arguments(args)?;
    let length = match value {
        Value::Str(text) => text.len(),
        value => value.items().ok_or_else(|| format!("len of type {}", value.type_name()))?.len(),
    };
    Ok(Value::Int(length as i64))
}

fn index(args: &[Value]) -> Result<Value, String> {
    at_least(args, 1)?;
    let mut value = args[0].clone();
    for key in &args[1..] {
        value = match (&value, key) {
            (Value::Map(map), Value::Str(key)) => map.get(&**key).cloned().unwrap_or(Value::str("")),
            (Value::Object(object), Value::Str(key)) => object.get(key).unwrap_or(Value::str("")),
            (Value::Str(text), Value::Int(at)) => {
                let byte = usize::try_from(*at).ok().and_then(|at| text.as_bytes().get(at));
                Value::Int(i64::from(*byte.ok_or_else(|| format!("index out of range: {at}"))?))
            }
            (collection, Value::Int(at)) => {
                let items = collection
                    .items()
                    .ok_or_else(|| format!("can't index item of type {}", value.type_name()))?;
                let found = usize::try_from(*at).ok().and_then(|at| items.get(at));
                found.map(|(_, value)| value.clone()).ok_or_else(|| format!("index out of range: {at}"))?
            }
            (value, key) => {
                return Err(format!("cannot index {} with type {}", value.type_name(), key.type_name()));
            }
        };
    }
    Ok(value)
}

fn slice(args: &[Value]) -> Result<Value, String> {
    at_least(args, 1)?;
    let length = match &args[0] {
        Value::Str(text) => text.len(),
        Value::List(list) => list.len(),
        value => return Err(format!("can't slice item of type {}", value.type_name())),
    };
    let bound = |at: usize, default: usize| match args.get(at) {
        None => Ok(default),
        Some(Value::Int(bound)) => usize::try_from(*bound)
            .ok()
            .filter(|bound| *bound <= length)
            .ok_or_else(|| format!("index out of range: {bound}")),
        Some(value) => Err(format!("cannot index slice/array with type {}", value.type_name())),
    };
    let (start, end) = (bound(1, 0)?, bound(2, length)?);
    if start > end {
        return Err(format!("invalid slice index: {start} > {end}"));
    }
    match &args[0] {
        // A cut inside a character is shown with the replacement character instead of Go's broken bytes.
        Value::Str(text) => {
            Ok(Value::from(String::from_utf8_lossy(&text.as_bytes()[start..end]).into_owned()))
        }
        Value::List(list) => Ok(Value::list(list[start..end].to_vec())),
        _ => Ok(Value::Null),
    }
}

fn print(args: &[Value]) -> Result<Value, String> {
    let mut out = String::new();
    for (at, value) in args.iter().enumerate() {
        let text = |value: &Value| matches!(value, Value::Str(_));
        if at > 0 && !text(value) && !text(&args[at - 1]) {
            out.push(' ');
        }
        out.push_str(&value.display());
    }
    Ok(Value::from(out))
}

fn println(args: &[Value]) -> Result<Value, String> {
    Ok(Value::from(args.iter().map(Value::display).collect::<Vec<_>>().join(" ") + "\n"))
}

fn printf_value(args: &[Value]) -> Result<Value, String> {
    at_least(args, 1)?;
    let format = args[0]
        .as_str()
        .ok_or_else(|| format!("wrong type: expected string; found {}", args[0].type_name()))?;
    Ok(Value::from(printf::sprintf(format, &args[1..])))
}

/// The arguments as `print` would write them.
fn joined(args: &[Value]) -> Result<String, String> {
    print(args).map(|value| value.display())
}

fn html(args: &[Value]) -> Result<Value, String> {
    let mut out = String::new();
    for c in joined(args)?.chars() {
        match c {
            '\0' => out.push('\u{fffd}'),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    Ok(Value::from(out))
}

fn js(args: &[Value]) -> Result<Value, String> {
    let mut out = String::new();
    for c in joined(args)?.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '"' => out.push_str("\\\""),
            '<' | '>' | '&' | '=' => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c if u32::from(c) < 32 => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    Ok(Value::from(out))
}

fn urlquery(args: &[Value]) -> Result<Value, String> {
    Ok(Value::from(escape_query(&joined(args)?)))
}

/// Go's `url.QueryEscape`: a space becomes `+`.
pub fn escape_query(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte as char),
            b' ' => out.push('+'),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn call(args: &[Value]) -> Result<Value, String> {
    at_least(args, 1)?;
    Err(format!("non-function of type {}", args[0].type_name()))
}

/// Go compares only values of one basic kind; all integers are one kind.
fn compare(a: &Value, b: &Value) -> Result<Option<Ordering>, String> {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Ok(Some(a.cmp(b))),
        (Value::Int(a) | Value::Duration(a), Value::Int(b) | Value::Duration(b)) => Ok(Some(a.cmp(b))),
        (Value::Float(a), Value::Float(b)) => Ok(a.partial_cmp(b)),
        (Value::Str(a), Value::Str(b)) => Ok(Some(a.cmp(b))),
        (Value::Missing | Value::Null, Value::Missing | Value::Null) => Ok(Some(Ordering::Equal)),
        // A missing key compares as the empty text that it stands for.
        (Value::Missing, Value::Str(b)) => Ok(Some("".cmp(b))),
        (Value::Str(a), Value::Missing) => Ok(Some((**a).cmp(""))),
        (Value::Time(a), Value::Time(b)) => Ok(Some(a.cmp(b))),
        _ => Err(format!("incompatible types for comparison: {} and {}", a.type_name(), b.type_name())),
    }
}

fn eq(args: &[Value]) -> Result<Value, String> {
    at_least(args, 2)?;
    for other in &args[1..] {
        if compare(&args[0], other)? == Some(Ordering::Equal) {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn ordered(args: &[Value], test: fn(Ordering) -> bool) -> Result<Value, String> {
    let [a, b] = arguments(args)?;
    if let (Value::Bool(_), Value::Bool(_)) = (a, b) {
        return Err("invalid type for comparison: bool".to_owned());
    }
    Ok(Value::Bool(compare(a, b)?.is_some_and(test)))
}

fn ne(args: &[Value]) -> Result<Value, String> {
    let [a, b] = arguments(args)?;
    Ok(Value::Bool(compare(a, b)? != Some(Ordering::Equal)))
}

fn lt(args: &[Value]) -> Result<Value, String> {
    ordered(args, Ordering::is_lt)
}

fn le(args: &[Value]) -> Result<Value, String> {
    ordered(args, Ordering::is_le)
}

fn gt(args: &[Value]) -> Result<Value, String> {
    ordered(args, Ordering::is_gt)
}

fn ge(args: &[Value]) -> Result<Value, String> {
    ordered(args, Ordering::is_ge)
}

/// Methods of Go's own types that templates use without arguments.
pub fn method(value: &Value, name: &str) -> Option<Value> {
    match (value, name) {
        (Value::Time(time), "Unix") => Some(Value::Int(time.timestamp())),
        (Value::Time(time), "UnixNano") => Some(Value::Int(time.timestamp_nanos_opt()?)),
        (Value::Time(time), "UnixMilli") => Some(Value::Int(time.timestamp_millis())),
        (Value::Time(time), "UTC") => Some(Value::Time(time.to_utc().fixed_offset())),
        (Value::Time(_) | Value::Duration(_), "String") => Some(Value::from(value.display())),
        (Value::Duration(nanos), "Seconds") => Some(Value::Float(*nanos as f64 / 1e9)),
        (Value::Duration(nanos), "Minutes") => Some(Value::Float(*nanos as f64 / 60e9)),
        (Value::Duration(nanos), "Hours") => Some(Value::Float(*nanos as f64 / 3_600e9)),
        (Value::Duration(nanos), "Milliseconds") => Some(Value::Int(nanos / 1_000_000)),
        _ => None,
    }
}
