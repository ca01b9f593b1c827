//! `slo/<service>.yml`.

use stackconf::ConfigError;
use stackconf::yaml::{Context, FromNode, Node, Section, Shape, parse as parse_yaml};
use std::time::Duration;

static SPEC: Shape =
    Shape { path: "SLO file", keys: &["service", "period", "slos"], no_effect: &[], unsupported: &[] };
static SLO: Shape = Shape {
    path: "slos[]",
    keys: &["name", "objective", "description", "sli"],
    no_effect: &[],
    unsupported: &[],
};
static SLI: Shape =
    Shape { path: "slos[].sli", keys: &["bad", "good", "total"], no_effect: &[], unsupported: &[] };

/// The SLOs of one service.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// The file it was read from, relative to the repository's root.
    pub file: String,
    pub service: String,
    pub period: Duration,
    pub slos: Vec<Slo>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Slo {
    pub name: String,
    /// Percent as written, so that the budget is exact: `99.9`.
    pub objective: String,
    /// What counts as good, to follow "good are …".
    pub description: String,
    pub sli: Sli,
}

/// Selectors of counters, without a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sli {
    /// Bad events among all. The bad ones may be missing: that is none.
    Bad { bad: String, total: String },
    /// Good events among all, such as a bucket of a histogram and its count.
    Good { good: String, total: String },
}

impl Sli {
    pub fn total(&self) -> &str {
        match self {
            Self::Bad { total, .. } | Self::Good { total, .. } => total,
        }
    }
}

impl Slo {
    /// The error budget as a decimal fraction, calculated in decimal so that 99.9 gives `0.001` and not `0.00099999`.
    pub fn budget(&self) -> String {
        let (whole, fraction) = self.objective.split_once('.').unwrap_or((&self.objective, ""));
        let scale = 10u64.pow(u32::try_from(fraction.len()).unwrap_or(0));
        let objective = whole.parse::<u64>().unwrap_or(0) * scale + fraction.parse::<u64>().unwrap_or(0);
        decimal(100 * scale - objective, fraction.len() + 2)
    }

    /// The objective as a decimal fraction: `0.999`.
    pub fn objective_ratio(&self) -> String {
        let (whole, fraction) = self.objective.split_once('.').unwrap_or((&self.objective, ""));
        decimal(format!("{whole}{fraction}").parse().unwrap_or(0), fraction.len() + 2)
    }

    /// The start of the names of its alerts: `SLOAvailability`.
    pub fn alert_prefix(&self) -> String {
        let words = self.name.split(['-', '_']).map(|word| {
            let mut chars = word.chars();
            chars.next().map(|c| c.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
        });
        format!("SLO{}", words.collect::<String>())
    }
}

/// `digits` with the decimal point `places` from the right, without zeros at the end.
fn decimal(digits: u64, places: usize) -> String {
    let text = format!("{digits:0width$}", width = places + 1);
    let (whole, fraction) = text.split_at(text.len() - places);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

/// # Errors
/// [`ConfigError`] at the first thing that is wrong.
pub fn parse(file: &str, text: &str) -> Result<Spec, ConfigError> {
    let node = parse_yaml(file, text)?;
    let ctx = Context::new(file);
    let s = Section::open(&node, &SPEC, &ctx)?;
    let slos: Vec<Slo> = s.or_default("slos")?;
    for (index, slo) in slos.iter().enumerate() {
        if slos[..index].iter().any(|other| other.name == slo.name) {
            return Err(s.bad("slos", format!("SLO {:?} is defined twice", slo.name)));
        }
    }
    let service: String = s.req("service")?;
    if service.is_empty() || !service.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
        return Err(s.bad("service", format!("found {service:?}, expected letters, digits, - and _")));
    }
    Ok(Spec { file: file.to_owned(), service, period: s.req("period")?, slos })
}

impl FromNode for Slo {
    fn from_node(node: &Node, ctx: &Context) -> Result<Self, ConfigError> {
        let s = Section::open(node, &SLO, ctx)?;
        let name: String = s.req("name")?;
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
            return Err(s.bad("name", format!("found {name:?}, expected letters, digits, - and _")));
        }
        let objective: f64 = s.req("objective")?;
        let text: String = s.req("objective")?;
        let plain = text.chars().all(|c| c.is_ascii_digit() || c == '.') && text.len() <= 8;
        if !(plain && objective > 0.0 && objective < 100.0) {
            return Err(s.bad(
                "objective",
                format!("found {text}, expected percent above 0 and below 100, such as 99.9"),
            ));
        }
        let sli = s.sub("sli", &SLI, |sli| {
            let total = sli.req("total")?;
            match (sli.opt("bad")?, sli.opt("good")?) {
                (Some(bad), None) => Ok(Sli::Bad { bad, total }),
                (None, Some(good)) => Ok(Sli::Good { good, total }),
                _ => Err(s.bad("sli", "an sli has total and either bad or good")),
            }
        })?;
        Ok(Self { name, objective: text, description: s.req("description")?, sli })
    }
}
