//! The tree that [`crate::parse()`] makes. Printing is in `print` (one line) and `pretty` (wrapped, for `format_query`).

mod pretty;
mod print;
mod walk;

use model::Matcher;
use regex::Regex;

/// A whole query.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    Log(LogExpr),
    Metric(MetricExpr),
}

/// A stream selector and what happens to each of its lines.
#[derive(Clone, Debug, PartialEq)]
pub struct LogExpr {
    pub matchers: Vec<Matcher>,
    pub stages: Vec<Stage>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    LineFilter(LineFilter),
    /// `json` without expressions flattens the whole object.
    Json(Vec<Extraction>),
    Logfmt {
        strict: bool,
        keep_empty: bool,
        expressions: Vec<Extraction>,
    },
    Pattern(String),
    Regexp(String),
    Unpack,
    LabelFilter(LabelFilter),
    LineFormat(String),
    LabelFormat(Vec<LabelFormat>),
    Drop(Vec<LabelPick>),
    Keep(Vec<LabelPick>),
    Decolorize,
}

/// `label="expression"` of `json` and `logfmt`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extraction {
    pub label: String,
    pub expression: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineOp {
    Contains,
    NotContains,
    Regex,
    NotRegex,
    Pattern,
    NotPattern,
}

impl LineOp {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contains => "|=",
            Self::NotContains => "!=",
            Self::Regex => "|~",
            Self::NotRegex => "!~",
            Self::Pattern => "|>",
            Self::NotPattern => "!>",
        }
    }

    pub fn negative(self) -> bool {
        matches!(self, Self::NotContains | Self::NotRegex | Self::NotPattern)
    }
}

/// `|= "a" or "b"`: any of the alternatives; with a negative operator, none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineFilter {
    pub op: LineOp,
    pub alternatives: Vec<LineMatch>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineMatch {
    Text(String),
    /// `ip("10.0.0.0/8")`.
    Ip(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompareOp {
    Equal,
    NotEqual,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
}

impl CompareOp {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Less => "<",
            Self::LessEqual => "<=",
        }
    }

    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Greater => left > right,
            Self::GreaterEqual => left >= right,
            Self::Less => left < right,
            Self::LessEqual => left <= right,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum LabelFilter {
    And(Box<LabelFilter>, Box<LabelFilter>),
    Or(Box<LabelFilter>, Box<LabelFilter>),
    Text(Matcher),
    Number {
        name: String,
        op: CompareOp,
        value: f64,
    },
    /// Nanoseconds.
    Duration {
        name: String,
        op: CompareOp,
        value: i64,
    },
    Bytes {
        name: String,
        op: CompareOp,
        value: u64,
    },
    /// `addr = ip("…")` or `addr != ip("…")`.
    Ip {
        name: String,
        negative: bool,
        pattern: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelFormat {
    pub name: String,
    pub value: FormatValue,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatValue {
    /// `new=old`: moves the label.
    Rename(String),
    /// `new="template"`.
    Template(String),
}

/// A name, or a name with a condition on its value, of `drop` and `keep`.
#[derive(Clone, Debug, PartialEq)]
pub enum LabelPick {
    Name(String),
    Matching(Matcher),
}

impl LabelPick {
    pub fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Matching(matcher) => &matcher.name,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// `duration()` and `duration_seconds()`: seconds.
    Duration,
    DurationSeconds,
    Bytes,
}

/// `| unwrap label` with the filters that may follow it.
#[derive(Clone, Debug, PartialEq)]
pub struct Unwrap {
    pub label: String,
    pub conversion: Option<Conversion>,
    pub filters: Vec<LabelFilter>,
}

/// `{…} | … [5m] offset 1h`. Lengths in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRange {
    pub log: LogExpr,
    pub unwrap: Option<Unwrap>,
    pub range: i64,
    pub offset: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RangeOp {
    Rate,
    RateCounter,
    CountOverTime,
    BytesRate,
    BytesOverTime,
    AbsentOverTime,
    SumOverTime,
    AvgOverTime,
    MinOverTime,
    MaxOverTime,
    FirstOverTime,
    LastOverTime,
    StddevOverTime,
    StdvarOverTime,
    QuantileOverTime,
}

/// Every range aggregation with its name.
pub const RANGE_OPS: [(&str, RangeOp); 15] = [
    ("rate", RangeOp::Rate),
    ("rate_counter", RangeOp::RateCounter),
    ("count_over_time", RangeOp::CountOverTime),
    ("bytes_rate", RangeOp::BytesRate),
    ("bytes_over_time", RangeOp::BytesOverTime),
    ("absent_over_time", RangeOp::AbsentOverTime),
    ("sum_over_time", RangeOp::SumOverTime),
    ("avg_over_time", RangeOp::AvgOverTime),
    ("min_over_time", RangeOp::MinOverTime),
    ("max_over_time", RangeOp::MaxOverTime),
    ("first_over_time", RangeOp::FirstOverTime),
    ("last_over_time", RangeOp::LastOverTime),
    ("stddev_over_time", RangeOp::StddevOverTime),
    ("stdvar_over_time", RangeOp::StdvarOverTime),
    ("quantile_over_time", RangeOp::QuantileOverTime),
];

impl RangeOp {
    pub fn name(self) -> &'static str {
        RANGE_OPS.iter().find(|(_, op)| *op == self).map_or("", |(name, _)| name)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VectorOp {
    Sum,
    Avg,
    Min,
    Max,
    Count,
    Stddev,
    Stdvar,
    TopK,
    BottomK,
    ApproxTopK,
    Sort,
    SortDesc,
}

/// Every vector aggregation with its name.
pub const VECTOR_OPS: [(&str, VectorOp); 12] = [
    ("sum", VectorOp::Sum),
    ("avg", VectorOp::Avg),
    ("min", VectorOp::Min),
    ("max", VectorOp::Max),
    ("count", VectorOp::Count),
    ("stddev", VectorOp::Stddev),
    ("stdvar", VectorOp::Stdvar),
    ("topk", VectorOp::TopK),
    ("bottomk", VectorOp::BottomK),
    ("approx_topk", VectorOp::ApproxTopK),
    ("sort", VectorOp::Sort),
    ("sort_desc", VectorOp::SortDesc),
];

impl VectorOp {
    pub fn name(self) -> &'static str {
        VECTOR_OPS.iter().find(|(_, op)| *op == self).map_or("", |(name, _)| name)
    }

    pub fn takes_parameter(self) -> bool {
        matches!(self, Self::TopK | Self::BottomK | Self::ApproxTopK)
    }
}

/// `by (a, b)` or `without (a, b)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouping {
    pub without: bool,
    pub labels: Vec<String>,
}

impl Grouping {
    /// `by ()`: everything in one group.
    pub fn is_single(&self) -> bool {
        !self.without && self.labels.is_empty()
    }

    /// Whether a label of this name is part of the group's labels.
    pub fn keeps(&self, name: &str) -> bool {
        self.labels.iter().any(|label| label == name) != self.without
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    Or,
    And,
    Unless,
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Compare(CompareOp),
}

impl BinaryOp {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Unless => "unless",
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Mod => "%",
            Self::Pow => "^",
            Self::Compare(op) => op.as_str(),
        }
    }

    pub fn is_set(self) -> bool {
        matches!(self, Self::Or | Self::And | Self::Unless)
    }

    /// How tightly it binds; a larger number binds first.
    pub fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And | Self::Unless => 2,
            Self::Compare(_) => 3,
            Self::Add | Self::Sub => 4,
            Self::Mul | Self::Div | Self::Mod => 5,
            Self::Pow => 6,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Card {
    #[default]
    OneToOne,
    /// `group_left`: many on the left.
    ManyToOne,
    /// `group_right`: many on the right.
    OneToMany,
}

#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Matching {
    pub card: Card,
    /// `on` (true) or `ignoring` (false).
    pub on: bool,
    pub labels: Vec<String>,
    /// Labels that `group_left` or `group_right` copies from the one side.
    pub include: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RangeAggregation {
    pub op: RangeOp,
    pub range: LogRange,
    /// The quantile of `quantile_over_time`.
    pub parameter: Option<f64>,
    pub grouping: Option<Grouping>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct VectorAggregation {
    pub op: VectorOp,
    pub inner: Box<MetricExpr>,
    /// `k` of `topk` and its like.
    pub parameter: Option<i64>,
    pub grouping: Option<Grouping>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Binary {
    pub op: BinaryOp,
    pub left: MetricExpr,
    pub right: MetricExpr,
    pub bool_modifier: bool,
    pub matching: Option<Matching>,
}

#[derive(Clone, Debug)]
pub struct LabelReplace {
    pub inner: Box<MetricExpr>,
    pub destination: String,
    pub replacement: String,
    pub source: String,
    pub pattern: String,
    /// `pattern`, anchored.
    pub regex: Regex,
}

impl PartialEq for LabelReplace {
    fn eq(&self, other: &Self) -> bool {
        (&self.inner, &self.destination, &self.replacement, &self.source, &self.pattern)
            == (&other.inner, &other.destination, &other.replacement, &other.source, &other.pattern)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum MetricExpr {
    Range(RangeAggregation),
    Vector(VectorAggregation),
    Binary(Box<Binary>),
    Literal(f64),
    /// `vector(1)`.
    Constant(f64),
    LabelReplace(LabelReplace),
}
