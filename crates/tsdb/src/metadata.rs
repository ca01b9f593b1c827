//! What metric families say of themselves: type, help, unit. Bounded, because the texts come from outside.

use model::metrics::Metadata;
use std::collections::BTreeMap;

/// Families that are remembered.
const MAX_FAMILIES: usize = 20_000;
/// Different statements about one family (targets may disagree); the oldest goes first.
const MAX_PER_FAMILY: usize = 8;
/// Bytes of a help text that are kept.
const MAX_HELP: usize = 4_096;

#[derive(Debug, Default)]
pub struct MetadataTable {
    families: BTreeMap<String, Vec<Metadata>>,
}

/// What became of a statement.
#[derive(Debug, PartialEq, Eq)]
pub enum Noted {
    Known,
    New,
    Refused,
}

impl MetadataTable {
    pub fn set(&mut self, family: &str, mut metadata: Metadata) -> Noted {
        if metadata.help.len() > MAX_HELP {
            let end = (0..=MAX_HELP).rev().find(|at| metadata.help.is_char_boundary(*at)).unwrap_or(0);
            metadata.help.truncate(end);
        }
        let full = self.families.len() >= MAX_FAMILIES;
        match self.families.get_mut(family) {
            Some(known) if known.contains(&metadata) => Noted::Known,
            Some(known) => {
                if known.len() >= MAX_PER_FAMILY {
                    known.remove(0);
                }
                known.push(metadata);
                Noted::New
            }
            None if full => Noted::Refused,
            None => {
                self.families.insert(family.to_owned(), vec![metadata]);
                Noted::New
            }
        }
    }

    pub fn knows(&self, family: &str, metadata: &Metadata) -> bool {
        self.families.get(family).is_some_and(|known| known.contains(metadata))
    }

    pub fn all(&self) -> &BTreeMap<String, Vec<Metadata>> {
        &self.families
    }
}
