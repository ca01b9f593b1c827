//! The texts of a head or a segment by number, and its origins: resource and scope, each kept once.

use crate::bytes::{Reader, put_bytes, put_varint};
use crate::row::{attributes_from, put_attributes};
use model::traces::{AttrScope, Attributes, Resource, Scope, SpanBatch};
use std::collections::HashMap;
use std::sync::Arc;

/// Longer texts stand in the rows themselves: they are seldom equal.
pub(crate) const MAX_SYMBOL_LEN: usize = 64;
/// With so many texts new values are no longer numbered (names of attributes always are).
const MAX_VALUE_SYMBOLS: usize = 65_536;

pub(crate) const SCOPES: [AttrScope; 5] =
    [AttrScope::Span, AttrScope::Resource, AttrScope::Event, AttrScope::Link, AttrScope::Instrumentation];

pub(crate) fn scope_bit(scope: AttrScope) -> u8 {
    SCOPES.iter().position(|of| *of == scope).map_or(0, |at| 1 << at)
}

/// Where spans come from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Origin {
    pub resource: Arc<Resource>,
    pub resource_schema_url: Arc<str>,
    pub scope: Arc<Scope>,
    pub scope_schema_url: Arc<str>,
}

impl Origin {
    pub(crate) fn of(batch: &SpanBatch) -> Self {
        Self {
            resource: batch.resource.clone(),
            resource_schema_url: batch.resource_schema_url.clone(),
            scope: batch.scope.clone(),
            scope_schema_url: batch.scope_schema_url.clone(),
        }
    }

    pub(crate) fn batch(&self) -> SpanBatch {
        SpanBatch {
            resource: self.resource.clone(),
            resource_schema_url: self.resource_schema_url.clone(),
            scope: self.scope.clone(),
            scope_schema_url: self.scope_schema_url.clone(),
            spans: Vec::new(),
        }
    }
}

#[derive(Default)]
pub(crate) struct Dict {
    pub strings: Vec<Arc<str>>,
    /// For each text the scopes in which it is an attribute's name.
    pub key_scopes: Vec<u8>,
    pub origins: Vec<Origin>,
    /// The origins as they are written, one after the other, and where each ends.
    origin_bytes: Vec<u8>,
    origin_ends: Vec<usize>,
    /// Only a head's dictionary is written to; a segment's has no maps.
    by_text: HashMap<Arc<str>, u32>,
    by_origin: HashMap<Vec<u8>, u32>,
    /// Names that got a scope since the last [`Self::news`].
    new_keys: Vec<(u32, u8)>,
    /// Texts and origins at the last [`Self::news`].
    logged: (usize, usize),
    text_bytes: usize,
}

impl Dict {
    /// The number of a text; none when it should stand in the row.
    pub(crate) fn symbol(&mut self, text: &str) -> Option<u32> {
        if text.len() > MAX_SYMBOL_LEN {
            return None;
        }
        if let Some(symbol) = self.by_text.get(text) {
            return Some(*symbol);
        }
        (self.strings.len() < MAX_VALUE_SYMBOLS).then(|| self.add(text))
    }

    fn add(&mut self, text: &str) -> u32 {
        let symbol = self.strings.len() as u32;
        let text: Arc<str> = text.into();
        self.text_bytes += text.len() + 64;
        self.by_text.insert(text.clone(), symbol);
        self.strings.push(text);
        self.key_scopes.push(0);
        symbol
    }

    /// The number of an attribute's name in a scope.
    pub(crate) fn key(&mut self, name: &str, scope: AttrScope) -> u32 {
        let symbol = self.by_text.get(name).copied().unwrap_or_else(|| self.add(name));
        let bit = scope_bit(scope);
        let scopes = &mut self.key_scopes[symbol as usize];
        if *scopes & bit == 0 {
            *scopes |= bit;
            self.new_keys.push((symbol, bit));
        }
        symbol
    }

    pub(crate) fn origin(&mut self, batch: &SpanBatch) -> u32 {
        let mut bytes = Vec::new();
        self.put_origin(&Origin::of(batch), &mut bytes);
        if let Some(origin) = self.by_origin.get(&bytes) {
            return *origin;
        }
        let number = self.origins.len() as u32;
        self.text_bytes += 2 * bytes.len() + 256;
        self.origins.push(Origin::of(batch));
        self.origin_bytes.extend_from_slice(&bytes);
        self.origin_ends.push(self.origin_bytes.len());
        self.by_origin.insert(bytes, number);
        number
    }

    /// Every text that it needs is numbered on the way.
    fn put_origin(&mut self, origin: &Origin, out: &mut Vec<u8>) {
        put_attributes(out, &origin.resource.attributes, AttrScope::Resource, self);
        put_varint(out, u64::from(origin.resource.dropped_attributes));
        put_bytes(out, origin.resource_schema_url.as_bytes());
        put_bytes(out, origin.scope.name.as_bytes());
        put_bytes(out, origin.scope.version.as_bytes());
        put_attributes(out, &origin.scope.attributes, AttrScope::Instrumentation, self);
        put_varint(out, u64::from(origin.scope.dropped_attributes));
        put_bytes(out, origin.scope_schema_url.as_bytes());
    }

    fn read_origin(&self, reader: &mut Reader<'_>) -> Option<Origin> {
        let resource = Resource {
            attributes: attributes_from(reader, self)?,
            dropped_attributes: reader.varint()? as u32,
        };
        let resource_schema_url = text_from(reader)?;
        let (name, version) = (text_from(reader)?, text_from(reader)?);
        let scope = Scope {
            name,
            version,
            attributes: attributes_from(reader, self)?,
            dropped_attributes: reader.varint()? as u32,
        };
        let scope_schema_url = text_from(reader)?;
        Some(Origin {
            resource: Arc::new(resource),
            resource_schema_url,
            scope: Arc::new(scope),
            scope_schema_url,
        })
    }

    /// Writes what is new since the last call, for the log.
    pub(crate) fn news(&self, out: &mut Vec<u8>) {
        let (strings, origins) = self.logged;
        self.put_from(strings, origins, &self.new_keys, out);
    }

    /// The news are in the log.
    pub(crate) fn commit(&mut self) {
        self.new_keys.clear();
        self.logged = (self.strings.len(), self.origins.len());
    }

    /// The news could not be written: forgets them.
    pub(crate) fn roll_back(&mut self) {
        let (strings, origins) = self.logged;
        for (symbol, bit) in self.new_keys.drain(..) {
            self.key_scopes[symbol as usize] &= !bit;
        }
        self.strings.drain(strings..).for_each(|text| {
            self.by_text.remove(&text);
        });
        self.key_scopes.truncate(strings);
        self.origins.truncate(origins);
        self.origin_ends.truncate(origins);
        self.origin_bytes.truncate(self.origin_ends.last().copied().unwrap_or(0));
        self.by_origin.retain(|_, number| (*number as usize) < origins);
    }

    /// Writes everything, for a segment.
    pub(crate) fn put_all(&self, out: &mut Vec<u8>) {
        let keys: Vec<(u32, u8)> =
            (0_u32..).zip(self.key_scopes.iter().copied()).filter(|(_, bits)| *bits != 0).collect();
        self.put_from(0, 0, &keys, out);
    }

    fn put_from(&self, strings: usize, origins: usize, keys: &[(u32, u8)], out: &mut Vec<u8>) {
        put_varint(out, (self.strings.len() - strings) as u64);
        for text in &self.strings[strings..] {
            put_bytes(out, text.as_bytes());
        }
        put_varint(out, keys.len() as u64);
        for (symbol, bits) in keys {
            put_varint(out, u64::from(*symbol));
            out.push(*bits);
        }
        put_varint(out, (self.origins.len() - origins) as u64);
        let start = origins.checked_sub(1).map_or(0, |before| self.origin_ends[before]);
        out.extend_from_slice(&self.origin_bytes[start..]);
    }

    /// Reads what [`Self::news`] or [`Self::put_all`] wrote. `writable` keeps the maps for further symbols.
    pub(crate) fn read(&mut self, reader: &mut Reader<'_>, writable: bool) -> Option<()> {
        for _ in 0..reader.count()? {
            let text = text_from(reader)?;
            if writable {
                self.by_text.insert(text.clone(), self.strings.len() as u32);
            }
            self.text_bytes += text.len() + 64;
            self.strings.push(text);
            self.key_scopes.push(0);
        }
        for _ in 0..reader.count()? {
            let symbol = reader.varint()? as usize;
            *self.key_scopes.get_mut(symbol)? |= reader.byte()?;
        }
        for _ in 0..reader.count()? {
            let start = reader.at();
            let origin = self.read_origin(reader)?;
            if writable {
                let bytes = reader.since(start);
                self.by_origin.insert(bytes.to_vec(), self.origins.len() as u32);
                self.origin_bytes.extend_from_slice(bytes);
                self.origin_ends.push(self.origin_bytes.len());
            }
            self.origins.push(origin);
        }
        self.logged = (self.strings.len(), self.origins.len());
        Some(())
    }

    /// The number of a text that is there already.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        if self.by_text.is_empty() {
            return self.strings.iter().position(|of| **of == *text).map(|at| at as u32);
        }
        self.by_text.get(text).copied()
    }

    /// Whether a text that is not found may still stand in a row.
    pub(crate) fn may_be_inline(&self, text: &str) -> bool {
        text.len() > MAX_SYMBOL_LEN || self.strings.len() >= MAX_VALUE_SYMBOLS
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = (AttrScope, &Arc<str>)> {
        self.strings.iter().zip(&self.key_scopes).filter(|(_, bits)| **bits != 0).flat_map(|(text, bits)| {
            SCOPES.into_iter().filter(|scope| *bits & scope_bit(*scope) != 0).map(move |scope| (scope, text))
        })
    }

    /// An estimate of the memory it takes, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.text_bytes
    }
}

fn text_from(reader: &mut Reader<'_>) -> Option<Arc<str>> {
    std::str::from_utf8(reader.sized()?).ok().map(Arc::from)
}

/// A name or value that is needed as pairs.
pub(crate) fn find_attribute<'a>(
    attributes: &'a Attributes,
    name: &str,
) -> Option<&'a model::traces::AttrValue> {
    attributes.iter().find(|(key, _)| **key == *name).map(|(_, value)| value)
}
