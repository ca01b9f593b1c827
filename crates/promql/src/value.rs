//! What a query answers with.

use model::Labels;
use model::clock::Millis;
use model::metrics::Sample;

#[derive(Clone, Debug)]
pub struct Answer {
    pub value: Value,
    /// Sorted, without repetition, each with its class (`PromQL warning: …`) and place (`(1:5)`).
    pub warnings: Vec<String>,
    pub infos: Vec<String>,
}

#[derive(Clone, Debug)]
pub enum Value {
    Scalar(Sample),
    String {
        t: Millis,
        text: String,
    },
    /// In the order of evaluation: `sort` and `topk` decide it, otherwise it is that of the labels.
    Vector(Vec<VectorSample>),
    /// Sorted by labels.
    Matrix(Vec<Series>),
}

#[derive(Clone, Debug)]
pub struct VectorSample {
    pub labels: Labels,
    pub sample: Sample,
}

#[derive(Clone, Debug)]
pub struct Series {
    pub labels: Labels,
    /// Oldest first.
    pub samples: Vec<Sample>,
}
