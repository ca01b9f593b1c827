//! A metric whose value is asked for when it is scraped.

use std::collections::HashMap;

use prometheus::{
    core::{Collector, Desc},
    proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType},
};

/// Whether a value only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
}

type Read = Box<dyn Fn() -> Option<f64> + Send + Sync>;

/// A family of one name whose series are read through closures.
pub struct Observed {
    desc: Desc,
    kind: Kind,
    series: Vec<(Vec<LabelPair>, Read)>,
}

impl Observed {
    /// # Errors
    /// A name or label name that the format does not allow.
    pub fn new(kind: Kind, name: &str, help: &str, labels: &[&str]) -> Result<Self, prometheus::Error> {
        let labels = labels.iter().map(|&name| name.to_owned()).collect();
        let desc = Desc::new(name.to_owned(), help.to_owned(), labels, HashMap::new())?;
        Ok(Self { desc, kind, series: Vec::new() })
    }

    /// Adds a series; `read` answers `None` where the value cannot be had.
    #[must_use]
    pub fn series(mut self, values: &[&str], read: impl Fn() -> Option<f64> + Send + Sync + 'static) -> Self {
        let mut labels: Vec<_> = self
            .desc
            .variable_labels
            .iter()
            .zip(values)
            .map(|(name, value)| {
                let mut pair = LabelPair::default();
                pair.set_name(name.clone());
                pair.set_value((*value).to_owned());
                pair
            })
            .collect();
        labels.sort_by(|a, b| a.name().cmp(b.name()));
        self.series.push((labels, Box::new(read)));
        self
    }
}

impl Collector for Observed {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let metrics: Vec<_> = self
            .series
            .iter()
            .filter_map(|(labels, read)| {
                let value = read()?;
                let mut metric = Metric::from_label(labels.clone());
                match self.kind {
                    Kind::Counter => {
                        let mut counter = Counter::default();
                        counter.set_value(value);
                        metric.set_counter(counter);
                    }
                    Kind::Gauge => {
                        let mut gauge = Gauge::default();
                        gauge.set_value(value);
                        metric.set_gauge(gauge);
                    }
                }
                Some(metric)
            })
            .collect();
        if metrics.is_empty() {
            return Vec::new();
        }
        let mut family = MetricFamily::default();
        family.set_name(self.desc.fq_name.clone());
        family.set_help(self.desc.help.clone());
        family.set_field_type(match self.kind {
            Kind::Counter => MetricType::COUNTER,
            Kind::Gauge => MetricType::GAUGE,
        });
        family.set_metric(metrics);
        vec![family]
    }
}
