//! Arithmetic of the templates. Whole numbers are 64-bit integers; the functions that end in `f` calculate in decimals,
//! so that `mulf 29.308 1000` is 29308 and not a binary neighbour of it.

use super::decimal::Decimal;
use gotmpl::{FuncMap, Value};

/// A whole number out of anything: text that is none counts as 0.
fn int(value: &Value) -> i64 {
    match value {
        Value::Int(number) | Value::Duration(number) => *number,
        Value::Float(number) => *number as i64,
        Value::Bool(value) => i64::from(*value),
        Value::Str(text) => text.trim().parse().unwrap_or(0),
        _ => 0,
    }
}

fn float(value: &Value) -> f64 {
    match value {
        Value::Float(number) => *number,
        Value::Str(text) => text.trim().parse().unwrap_or(0.0),
        other => int(other) as f64,
    }
}

fn fold_int(
    name: &'static str,
    f: fn(i64, i64) -> Option<i64>,
) -> impl Fn(&[Value]) -> Result<Value, String> {
    move |args| {
        let mut numbers = args.iter().map(int);
        let first = numbers
            .next()
            .ok_or_else(|| format!("wrong number of args for {name}: want at least 1 got 0"))?;
        let result = numbers.try_fold(first, f);
        result.map(Value::Int).ok_or_else(|| format!("{name}: the result is no 64-bit number"))
    }
}

fn fold_decimal(
    name: &'static str,
    exact: fn(Decimal, Decimal) -> Option<Decimal>,
    near: fn(f64, f64) -> f64,
) -> impl Fn(&[Value]) -> Result<Value, String> {
    move |args| {
        let (first, rest) = args
            .split_first()
            .ok_or_else(|| format!("wrong number of args for {name}: want at least 1 got 0"))?;
        let start = Decimal::new(float(first));
        let exactly = rest.iter().fold(start, |sum, next| exact(sum?, Decimal::new(float(next))?));
        Ok(Value::Float(match exactly {
            Some(value) => value.to_f64(),
            None => rest.iter().map(float).fold(float(first), near),
        }))
    }
}

fn extreme(args: &[Value], pick: fn(f64, f64) -> f64) -> Result<Value, String> {
    let numbers = args.iter().map(float);
    numbers
        .reduce(pick)
        .map(Value::Float)
        .ok_or_else(|| "wrong number of args: want at least 1 got 0".to_owned())
}

pub(super) fn add(map: FuncMap) -> FuncMap {
    map.with("int", |args| one(args, "int").map(|value| Value::Int(int(value))))
        .with("float64", |args| one(args, "float64").map(|value| Value::Float(float(value))))
        .with("add", fold_int("add", i64::checked_add))
        .with("sub", fold_int("sub", i64::checked_sub))
        .with("mul", fold_int("mul", i64::checked_mul))
        .with("div", fold_int("div", i64::checked_div))
        .with("mod", fold_int("mod", i64::checked_rem))
        .with("max", fold_int("max", |a, b| Some(a.max(b))))
        .with("min", fold_int("min", |a, b| Some(a.min(b))))
        .with("addf", fold_decimal("addf", Decimal::add, |a, b| a + b))
        .with("subf", fold_decimal("subf", Decimal::sub, |a, b| a - b))
        .with("mulf", fold_decimal("mulf", Decimal::mul, |a, b| a * b))
        .with("divf", fold_decimal("divf", |_, _| None, |a, b| a / b))
        .with("maxf", |args| extreme(args, f64::max))
        .with("minf", |args| extreme(args, f64::min))
        .with("ceil", |args| one(args, "ceil").map(|value| Value::Float(float(value).ceil())))
        .with("floor", |args| one(args, "floor").map(|value| Value::Float(float(value).floor())))
        .with("round", round)
}

fn one<'a>(args: &'a [Value], name: &str) -> Result<&'a Value, String> {
    match args {
        [value] => Ok(value),
        _ => Err(format!("wrong number of args for {name}: want 1 got {}", args.len())),
    }
}

/// `round 3.14159 2`: the digits after the point; an optional third argument says from which fraction on to round up.
fn round(args: &[Value]) -> Result<Value, String> {
    let (value, digits) = match args {
        [value, digits] | [value, digits, _] => (float(value), int(digits)),
        _ => return Err(format!("wrong number of args for round: want 2 got {}", args.len())),
    };
    let up_from = args.get(2).map_or(0.5, float);
    let scale = 10f64.powi(i32::try_from(digits.clamp(-300, 300)).unwrap_or(0));
    let scaled = value * scale;
    let fraction = scaled - scaled.trunc();
    let rounded = if fraction.abs() >= up_from { scaled.ceil() } else { scaled.floor() };
    Ok(Value::Float(rounded / scale))
}
