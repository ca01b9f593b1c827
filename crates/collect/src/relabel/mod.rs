//! Applies `relabel_configs`: all actions of Prometheus.
//!
//! Source: Prometheus documentation, configuration, `relabel_config`; model/relabel/relabel.go for what it leaves open.

use md5::{Digest, Md5};
use model::{Labels, LabelsBuilder};
use regex::Captures;
use stackconf::relabel::{RelabelAction, RelabelConfig};

/// Labels after all steps, in their order; None when a step dropped them.
pub fn relabel(labels: &Labels, configs: &[RelabelConfig]) -> Option<Labels> {
    if configs.is_empty() {
        return Some(labels.clone());
    }
    let mut builder = labels.to_builder();
    configs.iter().all(|config| step(&mut builder, config)).then(|| builder.build())
}

/// One step. False when it drops the labels.
fn step(labels: &mut LabelsBuilder, config: &RelabelConfig) -> bool {
    let target = config.target_label.as_str();
    let joined = || {
        let values: Vec<&str> =
            config.source_labels.iter().map(|name| labels.get(name).unwrap_or_default()).collect();
        values.join(&config.separator)
    };
    match config.action {
        RelabelAction::Keep => return config.regex.is_match(&joined()),
        RelabelAction::Drop => return !config.regex.is_match(&joined()),
        RelabelAction::KeepEqual => return labels.get(target).unwrap_or_default() == joined(),
        RelabelAction::DropEqual => return labels.get(target).unwrap_or_default() != joined(),
        RelabelAction::Replace => {
            let value = joined();
            if let Some(captures) = config.regex.captures(&value) {
                let name = expand(&captures, target);
                // A name that is none after the expansion leaves the labels as they are.
                if stackconf::relabel::is_label_name(&name) {
                    labels.set(&name, &expand(&captures, &config.replacement));
                }
            }
        }
        RelabelAction::Lowercase => {
            let value = joined().to_lowercase();
            labels.set(target, &value);
        }
        RelabelAction::Uppercase => {
            let value = joined().to_uppercase();
            labels.set(target, &value);
        }
        RelabelAction::HashMod => {
            let value = hash(&joined()) % config.modulus.max(1);
            labels.set(target, &value.to_string());
        }
        RelabelAction::LabelMap => {
            let pairs = labels.clone().build();
            for (name, value) in pairs.iter().filter(|(name, _)| config.regex.is_match(name)) {
                labels.set(&config.regex.replace_all(name, config.replacement.as_str()), value);
            }
        }
        RelabelAction::LabelDrop => {
            labels.retain(|name, _| !config.regex.is_match(name));
        }
        RelabelAction::LabelKeep => {
            labels.retain(|name, _| config.regex.is_match(name));
        }
    }
    true
}

fn expand(captures: &Captures<'_>, template: &str) -> String {
    let mut out = String::new();
    captures.expand(template, &mut out);
    out
}

/// The lower half of the MD5 sum, big endian: the same shard as upstream for the same target.
fn hash(text: &str) -> u64 {
    let sum = Md5::digest(text.as_bytes());
    sum[8..].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests;
