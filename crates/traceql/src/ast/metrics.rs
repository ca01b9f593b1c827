//! Metrics over spans: a function behind a pipeline, second stages, arithmetic.

use super::{Attribute, BinaryOp, Pipeline, Stage};

#[derive(Clone, Debug, PartialEq)]
pub enum MetricsExpr {
    /// `{…} | rate() by (…)`.
    Function {
        pipeline: Pipeline,
        function: MetricsFn,
        by: Vec<Attribute>,
    },
    Second(Box<MetricsExpr>, SecondStage),
    Binary(BinaryOp, Box<MetricsExpr>, Box<MetricsExpr>),
    Number(f64),
}

#[derive(Clone, Debug, PartialEq)]
pub enum MetricsFn {
    Rate,
    CountOverTime,
    MinOverTime(Attribute),
    MaxOverTime(Attribute),
    AvgOverTime(Attribute),
    SumOverTime(Attribute),
    QuantileOverTime(Attribute, Vec<f64>),
    HistogramOverTime(Attribute),
    /// The spans that match the filter against the rest, by attribute; `top` values of each.
    Compare {
        filter: Box<Stage>,
        top: i64,
        start: i64,
        end: i64,
    },
}

impl MetricsFn {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::CountOverTime => "count_over_time",
            Self::MinOverTime(_) => "min_over_time",
            Self::MaxOverTime(_) => "max_over_time",
            Self::AvgOverTime(_) => "avg_over_time",
            Self::SumOverTime(_) => "sum_over_time",
            Self::QuantileOverTime(..) => "quantile_over_time",
            Self::HistogramOverTime(_) => "histogram_over_time",
            Self::Compare { .. } => "compare",
        }
    }

    pub fn attribute(&self) -> Option<&Attribute> {
        match self {
            Self::MinOverTime(attribute)
            | Self::MaxOverTime(attribute)
            | Self::AvgOverTime(attribute)
            | Self::SumOverTime(attribute)
            | Self::QuantileOverTime(attribute, _)
            | Self::HistogramOverTime(attribute) => Some(attribute),
            Self::Rate | Self::CountOverTime | Self::Compare { .. } => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum SecondStage {
    TopK(i64),
    BottomK(i64),
    /// Keeps the samples that compare.
    Filter(BinaryOp, f64),
}

impl MetricsExpr {
    pub fn pipelines(&self) -> Vec<&Pipeline> {
        match self {
            Self::Function { pipeline, .. } => vec![pipeline],
            Self::Second(inner, _) => inner.pipelines(),
            Self::Binary(_, left, right) => {
                let mut all = left.pipelines();
                all.extend(right.pipelines());
                all
            }
            Self::Number(_) => Vec::new(),
        }
    }
}
