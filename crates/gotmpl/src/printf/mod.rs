//! Go's `fmt.Sprintf`. Source: documentation of Go's `fmt` and `strconv.FormatFloat`.

use crate::Value;

/// Widest field and highest precision: Go accepts up to a million, a template here needs no megabyte of spaces.
const MAX_WIDTH: usize = 10_000;

#[derive(Default, Clone)]
struct Spec {
    plus: bool,
    minus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// Formats as Go does, mistakes included: `%!d(string=x)`, `%!s(MISSING)`, `%!(EXTRA int=1)`.
pub fn sprintf(format: &str, args: &[Value]) -> String {
    let mut out = String::new();
    let mut args_left = args.iter();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut spec = Spec::default();
        while let Some(flag) = chars.next_if(|c| "+-# 0".contains(*c)) {
            match flag {
                '+' => spec.plus = true,
                '-' => spec.minus = true,
                '#' => spec.sharp = true,
                ' ' => spec.space = true,
                _ => spec.zero = true,
            }
        }
        spec.width = number(&mut chars, &mut args_left, &mut spec.minus);
        if chars.next_if_eq(&'.').is_some() {
            spec.precision = Some(number(&mut chars, &mut args_left, &mut false).unwrap_or(0));
        }
        match chars.next() {
            None => out.push_str("%!(NOVERB)"),
            Some('%') => out.push('%'),
            Some(verb) => match args_left.next() {
                Some(value) => out.push_str(&one(verb, &spec, value)),
                None => out.push_str(&format!("%!{verb}(MISSING)")),
            },
        }
    }
    let extra: Vec<_> = args_left.map(|value| format!("{}={}", value.type_name(), value.display())).collect();
    if !extra.is_empty() {
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    out
}

/// A width or precision: digits, or `*` that takes an argument.
fn number<'a>(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    args: &mut impl Iterator<Item = &'a Value>,
    minus: &mut bool,
) -> Option<usize> {
    if chars.next_if_eq(&'*').is_some() {
        let Some(Value::Int(value)) = args.next() else { return None };
        *minus |= *value < 0;
        return Some((value.unsigned_abs() as usize).min(MAX_WIDTH));
    }
    let mut value = None;
    while let Some(digit) = chars.next_if(char::is_ascii_digit) {
        let digit = digit.to_digit(10).unwrap_or(0) as usize;
        value = Some((value.unwrap_or(0) * 10 + digit).min(MAX_WIDTH));
    }
    value
}

fn one(verb: char, spec: &Spec, value: &Value) -> String {
    let bad = || format!("%!{verb}({}={})", value.type_name(), value.display());
    match (verb, value) {
        ('T', value) => pad(spec, value.type_name().to_owned(), false),
        ('v', Value::Float(number)) => float('g', spec, *number),
        ('v', Value::Int(number)) => integer(spec, *number, 10, false),
        ('v', Value::Str(text)) if spec.sharp => pad(spec, quote(text), false),
        ('v' | 's', Value::Str(text)) => pad(spec, cut(spec, text), false),
        ('v', value) => pad(spec, value.display(), false),
        ('s', Value::Bool(_) | Value::Int(_) | Value::Float(_)) => bad(),
        ('s', Value::Null) => "%!s(<nil>)".to_owned(),
        ('s', value) => pad(spec, cut(spec, &value.display()), false),
        ('q', Value::Str(text)) => {
            let text = cut(spec, text);
            pad(
                spec,
                if spec.sharp && !text.contains('`') { format!("`{text}`") } else { quote(&text) },
                false,
            )
        }
        ('q', Value::Int(code)) => {
            let c = u32::try_from(*code).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
            pad(spec, format!("{c:?}"), false)
        }
        ('t', Value::Bool(value)) => pad(spec, value.to_string(), false),
        ('d', Value::Int(number) | Value::Duration(number)) => integer(spec, *number, 10, false),
        ('b', Value::Int(number)) => integer(spec, *number, 2, false),
        ('o', Value::Int(number)) => integer(spec, *number, 8, false),
        ('x', Value::Int(number)) => integer(spec, *number, 16, false),
        ('X', Value::Int(number)) => integer(spec, *number, 16, true),
        ('c', Value::Int(code)) => {
            let c = u32::try_from(*code).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
            pad(spec, c.to_string(), false)
        }
        ('U', Value::Int(code)) => pad(spec, format!("U+{code:04X}"), false),
        ('x' | 'X', Value::Str(text)) => {
            let digits = |byte: u8| if verb == 'x' { format!("{byte:02x}") } else { format!("{byte:02X}") };
            let separator = if spec.space { " " } else { "" };
            pad(spec, text.bytes().map(digits).collect::<Vec<_>>().join(separator), false)
        }
        ('e' | 'E' | 'f' | 'F' | 'g' | 'G', Value::Float(number)) => float(verb, spec, *number),
        _ => bad(),
    }
}

fn cut(spec: &Spec, text: &str) -> String {
    match spec.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text.to_owned(),
    }
}

fn integer(spec: &Spec, number: i64, radix: u32, upper: bool) -> String {
    let magnitude = number.unsigned_abs();
    let mut digits = match (radix, upper) {
        (2, _) => format!("{magnitude:b}"),
        (8, _) => format!("{magnitude:o}"),
        (16, false) => format!("{magnitude:x}"),
        (16, true) => format!("{magnitude:X}"),
        _ => magnitude.to_string(),
    };
    if let Some(precision) = spec.precision {
        digits = format!("{digits:0>precision$}");
    }
    if spec.sharp {
        let prefix = match (radix, upper) {
            (2, _) => "0b",
            (8, _) => "0",
            (16, false) => "0x",
            (16, true) => "0X",
            _ => "",
        };
        digits.insert_str(0, prefix);
    }
    pad(spec, format!("{}{digits}", sign(spec, number < 0)), spec.precision.is_none())
}

fn sign(spec: &Spec, negative: bool) -> &'static str {
    match (negative, spec.plus, spec.space) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    }
}

fn float(verb: char, spec: &Spec, number: f64) -> String {
    if !number.is_finite() {
        // Go writes +Inf with its sign for %v and %f alike.
        let text = if number.is_nan() {
            "NaN"
        } else if number < 0.0 {
            "-Inf"
        } else {
            "+Inf"
        };
        return pad(spec, text.to_owned(), false);
    }
    let magnitude = number.abs();
    let body = match verb {
        'f' | 'F' => format!("{magnitude:.*}", spec.precision.unwrap_or(6)),
        'e' | 'E' => exponent(magnitude, Some(spec.precision.unwrap_or(6))),
        _ => format_g(magnitude, spec.precision),
    };
    let body = if verb.is_ascii_uppercase() { body.to_uppercase() } else { body };
    pad(spec, format!("{}{body}", sign(spec, number.is_sign_negative())), true)
}

/// `d.dddde+XX`, shortest when there is no precision.
fn exponent(magnitude: f64, precision: Option<usize>) -> String {
    let text = match precision {
        Some(precision) => format!("{magnitude:.precision$e}"),
        None => format!("{magnitude:e}"),
    };
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, power) = power.strip_prefix('-').map_or(('+', power), |power| ('-', power));
    format!("{mantissa}e{sign}{power:0>2}")
}

/// Go's `%g`: the shortest text that reads back, with an exponent below 1e-4 and from 1e+06 on when no precision is given
/// (as `%v` does), else from the precision on.
pub fn format_g(number: f64, precision: Option<usize>) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    if number == 0.0 {
        return if number.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    let text = match precision {
        None => format!("{number:e}"),
        Some(precision) => format!("{number:.*e}", precision.max(1) - 1),
    };
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    let threshold = match precision {
        None => SHORTEST_EXPONENT,
        // Go: more digits than the precision asks for only when they are there.
        Some(precision) => i32::try_from(precision.max(1)).unwrap_or(i32::MAX),
    };
    let sign = if number < 0.0 { "-" } else { "" };
    if power < -4 || power >= threshold {
        let (head, tail) = digits.split_at(1);
        let point = if tail.is_empty() { "" } else { "." };
        let power_sign = if power < 0 { '-' } else { '+' };
        return format!("{sign}{head}{point}{tail}e{power_sign}{:02}", power.unsigned_abs());
    }
    if power < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat((-power - 1) as usize));
    }
    let whole = power as usize + 1;
    if digits.len() <= whole {
        format!("{sign}{digits}{}", "0".repeat(whole - digits.len()))
    } else {
        format!("{sign}{}.{}", &digits[..whole], &digits[whole..])
    }
}

/// From this power of ten on, the shortest form has an exponent. Source: Go, `strconv/ftoa.go`: the shortest form decides
/// with a precision of 6.
const SHORTEST_EXPONENT: i32 = 6;

fn pad(spec: &Spec, text: String, zero_fits: bool) -> String {
    let width = spec.width.unwrap_or(0);
    let missing = width.saturating_sub(text.chars().count());
    if missing == 0 {
        return text;
    }
    if spec.minus {
        return text + &" ".repeat(missing);
    }
    if spec.zero && zero_fits {
        let signed = text.starts_with(['+', '-', ' ']);
        let (sign, digits) = text.split_at(usize::from(signed));
        return format!("{sign}{}{digits}", "0".repeat(missing));
    }
    let fill = if spec.zero { "0" } else { " " };
    fill.repeat(missing) + &text
}

/// A Go string literal.
pub fn quote(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\x0b' => out.push_str("\\v"),
            c if c.is_ascii_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests;
