//! The table of all functions, by name.

use super::{Body, Function, Special, WindowBody};
use super::{absent, calendar, convert, histogram, info, labels, math, over_time, rate, regression, sort};
use crate::ast::Type::{self, Matrix, Scalar, String, Vector};

const fn base(name: &'static str, args: &'static [Type], returns: Type, body: Body) -> Function {
    Function {
        name,
        args,
        optional: 0,
        repeats: false,
        returns,
        time_dependent: false,
        experimental: false,
        body,
    }
}

/// A number from each number of a vector.
const fn number(name: &'static str, apply: fn(f64) -> f64) -> Function {
    base(name, &[Vector], Vector, Body::Number(apply))
}

const fn calendar(name: &'static str, apply: fn(f64) -> f64) -> Function {
    Function { optional: 1, ..base(name, &[Vector], Vector, Body::Calendar(apply)) }
}

/// A number from each window, without the metric name.
const fn window(name: &'static str, apply: fn(&super::Window<'_>) -> f64) -> Function {
    base(name, &[Matrix], Vector, Body::Window(WindowBody { keeps_name: false, apply }))
}

const fn special(name: &'static str, args: &'static [Type], returns: Type, apply: Special) -> Function {
    base(name, args, returns, Body::Special(apply))
}

const fn experimental(function: Function) -> Function {
    Function { experimental: true, ..function }
}

const fn keeps_name(function: Function) -> Function {
    match function.body {
        Body::Window(body) => {
            Function { body: Body::Window(WindowBody { keeps_name: true, ..body }), ..function }
        }
        _ => function,
    }
}

const fn at_time(function: Function) -> Function {
    Function { time_dependent: true, ..function }
}

const fn with(args: &'static [Type], function: Function) -> Function {
    Function { args, ..function }
}

/// All functions, sorted by name within their families.
pub(crate) static ALL: &[Function] = &[
    // Counters and gauges over time.
    special("delta", &[Matrix], Vector, rate::delta),
    special("increase", &[Matrix], Vector, rate::increase),
    special("rate", &[Matrix], Vector, rate::rate),
    window("changes", rate::changes),
    window("idelta", rate::idelta),
    window("irate", rate::irate),
    window("resets", rate::resets),
    // Trends.
    window("deriv", regression::deriv),
    at_time(with(&[Matrix, Scalar], window("predict_linear", regression::predict_linear))),
    experimental(special(
        "double_exponential_smoothing",
        &[Matrix, Scalar, Scalar],
        Vector,
        regression::double_exponential_smoothing,
    )),
    // Aggregations over time.
    window("avg_over_time", over_time::avg),
    window("count_over_time", over_time::count),
    keeps_name(window("first_over_time", over_time::first)),
    keeps_name(window("last_over_time", over_time::last)),
    experimental(window("mad_over_time", over_time::mad)),
    window("max_over_time", over_time::max),
    window("min_over_time", over_time::min),
    window("present_over_time", over_time::present),
    special("quantile_over_time", &[Scalar, Matrix], Vector, over_time::quantile),
    window("stddev_over_time", over_time::stddev),
    window("stdvar_over_time", over_time::stdvar),
    window("sum_over_time", over_time::sum),
    experimental(window("ts_of_first_over_time", over_time::ts_of_first)),
    experimental(window("ts_of_last_over_time", over_time::ts_of_last)),
    experimental(window("ts_of_max_over_time", over_time::ts_of_max)),
    experimental(window("ts_of_min_over_time", over_time::ts_of_min)),
    // Absence.
    special("absent", &[Vector], Vector, absent::absent),
    special("absent_over_time", &[Matrix], Vector, absent::absent_over_time),
    // Arithmetic and trigonometry.
    number("abs", f64::abs),
    number("acos", f64::acos),
    number("acosh", f64::acosh),
    number("asin", f64::asin),
    number("asinh", f64::asinh),
    number("atan", f64::atan),
    number("atanh", f64::atanh),
    number("ceil", f64::ceil),
    number("cos", f64::cos),
    number("cosh", f64::cosh),
    number("deg", math::deg),
    number("exp", f64::exp),
    number("floor", f64::floor),
    number("ln", f64::ln),
    number("log10", f64::log10),
    number("log2", f64::log2),
    number("rad", math::rad),
    number("sgn", math::sgn),
    number("sin", f64::sin),
    number("sinh", f64::sinh),
    number("sqrt", f64::sqrt),
    number("tan", f64::tan),
    number("tanh", f64::tanh),
    special("clamp", &[Vector, Scalar, Scalar], Vector, math::clamp),
    special("clamp_max", &[Vector, Scalar], Vector, math::clamp_max),
    special("clamp_min", &[Vector, Scalar], Vector, math::clamp_min),
    Function { optional: 1, ..special("round", &[Vector, Scalar], Vector, math::round) },
    experimental(special("max_of", &[Scalar, Scalar], Scalar, math::max_of)),
    experimental(special("min_of", &[Scalar, Scalar], Scalar, math::min_of)),
    special("pi", &[], Scalar, math::pi),
    // Times.
    calendar("day_of_month", calendar::day_of_month),
    calendar("day_of_week", calendar::day_of_week),
    calendar("day_of_year", calendar::day_of_year),
    calendar("days_in_month", calendar::days_in_month),
    calendar("hour", calendar::hour),
    calendar("minute", calendar::minute),
    calendar("month", calendar::month),
    calendar("year", calendar::year),
    at_time(special("time", &[], Scalar, convert::time)),
    at_time(special("timestamp", &[Vector], Vector, convert::timestamp)),
    experimental(special("start", &[], Scalar, convert::start)),
    experimental(special("end", &[], Scalar, convert::end)),
    experimental(special("range", &[], Scalar, convert::range)),
    experimental(special("step", &[], Scalar, convert::step)),
    // Between types.
    special("scalar", &[Vector], Scalar, convert::scalar),
    special("vector", &[Scalar], Vector, convert::vector),
    // Labels and order.
    Function {
        repeats: true,
        optional: 1,
        ..special("label_join", &[Vector, String, String, String], Vector, labels::join)
    },
    special("label_replace", &[Vector, String, String, String, String], Vector, labels::replace),
    special("sort", &[Vector], Vector, sort::sort),
    special("sort_desc", &[Vector], Vector, sort::sort_desc),
    Function {
        repeats: true,
        optional: 1,
        ..experimental(special("sort_by_label", &[Vector, String], Vector, sort::by_label))
    },
    Function {
        repeats: true,
        optional: 1,
        ..experimental(special("sort_by_label_desc", &[Vector, String], Vector, sort::by_label_desc))
    },
    Function { optional: 1, ..experimental(special("info", &[Vector, Vector], Vector, info::info)) },
    // Classic histograms. The functions of native histograms see none, so they answer with nothing.
    special("histogram_fraction", &[Scalar, Scalar, Vector], Vector, histogram::fraction),
    special("histogram_quantile", &[Scalar, Vector], Vector, histogram::quantile),
    Function {
        repeats: true,
        ..experimental(special(
            "histogram_quantiles",
            &[Vector, String, Scalar],
            Vector,
            histogram::quantiles,
        ))
    },
    special("histogram_avg", &[Vector], Vector, histogram::native_only),
    special("histogram_count", &[Vector], Vector, histogram::native_only),
    special("histogram_stddev", &[Vector], Vector, histogram::native_only),
    special("histogram_stdvar", &[Vector], Vector, histogram::native_only),
    special("histogram_sum", &[Vector], Vector, histogram::native_only),
];
