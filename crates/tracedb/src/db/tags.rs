//! Names and values of attributes and names of spans, without reading whole traces.

use super::query::overlaps;
use super::{State, TraceDb};
use crate::bytes::Reader;
use crate::dict::{Dict, find_attribute};
use crate::hint::{each_row, each_value};
use crate::row::{front, value_from};
use model::StoreError;
use model::clock::Nanos;
use model::logs::NanosRange;
use model::traces::{AttrScope, AttrValue};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

impl TraceDb {
    /// Names of attributes by scope: the dictionaries know them.
    pub(super) fn names_of_attributes(
        &self,
        range: Option<NanosRange>,
    ) -> Result<Vec<(AttrScope, Vec<String>)>, StoreError> {
        let mut names: BTreeMap<AttrScope, BTreeSet<String>> = BTreeMap::new();
        let mut add = |dict: &Dict| {
            for (scope, name) in dict.names() {
                let of_scope = names.entry(scope).or_default();
                if !of_scope.contains(&**name) {
                    of_scope.insert(name.to_string());
                }
            }
        };
        let segments = {
            let state: &State = &self.read();
            for head in state.frozen.iter().map(|head| &**head).chain([&state.head]) {
                if head.traces.values().any(|trace| trace.overlaps(range)) {
                    add(&head.dict);
                }
            }
            state.segments.clone()
        };
        for segment in segments.iter().filter(|segment| segment.overlaps(range)) {
            add(&*segment.dict()?);
        }
        Ok(names.into_iter().map(|(scope, names)| (scope, names.into_iter().collect())).collect())
    }

    /// Distinct values of an attribute, from the rows as they are.
    pub(super) fn values_of_attribute(
        &self,
        scope: Option<AttrScope>,
        name: &str,
        range: Option<NanosRange>,
        limit: usize,
    ) -> Result<Vec<AttrValue>, StoreError> {
        let mut out = Vec::new();
        let segments = {
            let state: &State = &self.read();
            for head in state.frozen.iter().map(|head| &**head).chain([&state.head]) {
                let mut values = Values::new(&head.dict, scope, name);
                for trace in head.traces.values().filter(|trace| trace.overlaps(range)) {
                    values.add(&trace.rows, head.base);
                    if values.encoded.len() >= limit {
                        break;
                    }
                }
                values.finish(&mut out);
            }
            state.segments.clone()
        };
        for segment in segments.iter().rev().filter(|segment| segment.overlaps(range)) {
            if out.len() >= limit {
                break;
            }
            let dict = segment.dict()?;
            let mut values = Values::new(&dict, scope, name);
            'blocks: for number in segment.blocks(range) {
                let block = segment.block(number)?;
                for entry in block.entries.iter().filter(|entry| overlaps(entry.start, entry.end, range)) {
                    values.add(block.rows(entry), segment.base);
                    if values.encoded.len() >= limit {
                        break 'blocks;
                    }
                }
            }
            values.finish(&mut out);
        }
        out.truncate(limit);
        Ok(out)
    }

    /// Distinct names of spans, from the fronts of the rows.
    pub(super) fn names_of_spans(
        &self,
        range: Option<NanosRange>,
        limit: usize,
    ) -> Result<Vec<Arc<str>>, StoreError> {
        let mut names: BTreeSet<Arc<str>> = BTreeSet::new();
        let segments = {
            let state: &State = &self.read();
            for head in state.frozen.iter().map(|head| &**head).chain([&state.head]) {
                let mut seen = HashSet::new();
                for trace in head.traces.values().filter(|trace| trace.overlaps(range)) {
                    each_name(&trace.rows, head.base, &head.dict, &mut seen, &mut names);
                }
            }
            state.segments.clone()
        };
        for segment in segments.iter().rev().filter(|segment| segment.overlaps(range)) {
            let dict = segment.dict()?;
            let mut seen = HashSet::new();
            for number in segment.blocks(range) {
                if names.len() >= limit {
                    break;
                }
                let block = segment.block(number)?;
                for entry in block.entries.iter().filter(|entry| overlaps(entry.start, entry.end, range)) {
                    each_name(block.rows(entry), segment.base, &dict, &mut seen, &mut names);
                }
            }
        }
        Ok(names.into_iter().take(limit).collect())
    }
}

/// Gathers the distinct values of one attribute within one dictionary.
struct Values<'a> {
    dict: &'a Dict,
    scope: Option<AttrScope>,
    name: &'a str,
    encoded: HashSet<Vec<u8>>,
    origins: HashSet<u32>,
}

impl<'a> Values<'a> {
    fn new(dict: &'a Dict, scope: Option<AttrScope>, name: &'a str) -> Self {
        Self { dict, scope, name, encoded: HashSet::new(), origins: HashSet::new() }
    }

    fn add(&mut self, rows: &[u8], base: Nanos) {
        let of_rows = !matches!(self.scope, Some(AttrScope::Resource | AttrScope::Instrumentation));
        let key = if of_rows { self.dict.find(self.name) } else { None };
        let (encoded, origins) = (&mut self.encoded, &mut self.origins);
        let show = &mut |value: &[u8]| {
            if !encoded.contains(value) {
                encoded.insert(value.to_vec());
            }
        };
        // Damaged rows have no values; reading the trace itself names the damage.
        let _ = each_value(rows, base, self.scope, key, show, &mut |origin| {
            origins.insert(origin);
        });
    }

    fn finish(self, out: &mut Vec<AttrValue>) {
        let mut add = |value: AttrValue| {
            if !out.contains(&value) {
                out.push(value);
            }
        };
        for bytes in &self.encoded {
            value_from(&mut Reader::new(bytes), self.dict).into_iter().for_each(&mut add);
        }
        for origin in self.origins.iter().filter_map(|origin| self.dict.origins.get(*origin as usize)) {
            if matches!(self.scope, None | Some(AttrScope::Resource)) {
                match find_attribute(&origin.resource.attributes, self.name) {
                    Some(value) => add(value.clone()),
                    None if self.scope.is_some() => add(AttrValue::Empty),
                    None => {}
                }
            }
            if self.scope == Some(AttrScope::Instrumentation) {
                find_attribute(&origin.scope.attributes, self.name).cloned().into_iter().for_each(&mut add);
            }
        }
    }
}

/// Adds the names within the rows of a trace. `seen` are the numbers that were looked up already.
fn each_name(rows: &[u8], base: Nanos, dict: &Dict, seen: &mut HashSet<u64>, names: &mut BTreeSet<Arc<str>>) {
    // Damaged rows have no names; reading the trace itself names the damage.
    let _ = each_row(rows, &mut |_, row| {
        if let Some(front) = front(&mut Reader::new(row), base)
            // A text in the row has an odd number and may differ from the last with the same.
            && (front.name & 1 == 1 || seen.insert(front.name))
        {
            names.extend(front.name_text(row, dict));
        }
        false
    });
}
