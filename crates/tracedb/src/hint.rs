//! Conditions of a query against rows, without reading the rows whole. A hint that cannot be decided says "maybe".

use crate::bytes::Reader;
use crate::dict::{Dict, find_attribute};
use crate::row::{self, TAG_ARRAY, each_attribute, each_inner_attribute, front, has_events, has_links};
use model::clock::Nanos;
use model::traces::{AttrScope, AttrValue, Attributes, SpanHint, SpanKind, StatusCode, TraceScan};

enum Test {
    /// By origin.
    Origin(Vec<bool>),
    /// The name as it is written in a row; none when it may stand there as text.
    Name(Option<u64>),
    Status(StatusCode),
    Kind(SpanKind),
    Duration(Nanos),
    /// The attribute of a span, or (unscoped) of the origin.
    Span {
        key: u32,
        value: Option<Vec<u8>>,
        origins: Vec<bool>,
    },
    HasEvents,
    HasLinks,
}

/// Hints turned into tests on the rows of one dictionary.
pub(crate) struct Filter {
    tests: Vec<Test>,
    all: u64,
    reads_attributes: bool,
    same_span: bool,
}

impl Filter {
    /// None when no row of this dictionary can satisfy the hints.
    pub(crate) fn new(scan: &TraceScan<'_>, dict: &Dict) -> Option<Self> {
        let hints = scan.hints;
        let tests: Vec<Test> = hints.iter().take(64).map(|hint| test(hint, dict)).collect::<Option<_>>()?;
        let all = if tests.len() == 64 { u64::MAX } else { (1 << tests.len()) - 1 };
        let reads_attributes = tests.iter().any(|test| matches!(test, Test::Span { .. }));
        Some(Self { tests, all, reads_attributes, same_span: scan.same_span })
    }

    pub(crate) fn is_trivial(&self) -> bool {
        self.tests.is_empty()
    }

    /// Whether the rows of a trace may satisfy every hint. Damaged rows say yes: the reader will name the damage.
    pub(crate) fn passes(&self, rows: &[u8], base: Nanos) -> bool {
        if self.tests.is_empty() {
            return true;
        }
        let mut met = 0_u64;
        let decided = each_row(rows, &mut |origin, row| {
            let of_row = self.meets(origin, row, base).unwrap_or(self.all);
            met = if self.same_span { of_row } else { met | of_row };
            met == self.all
        });
        decided.is_none() || met == self.all
    }

    fn meets(&self, origin: u32, row: &[u8], base: Nanos) -> Option<u64> {
        let mut reader = Reader::new(row);
        let front = front(&mut reader, base)?;
        let mut met = 0_u64;
        for (at, test) in self.tests.iter().enumerate() {
            let is_met = match test {
                Test::Origin(origins) => origins.get(origin as usize).copied()?,
                Test::Name(name) => name.is_none_or(|name| name == front.name),
                Test::Status(status) => *status == front.status,
                Test::Kind(kind) => *kind == front.kind,
                Test::Duration(least) => front.duration >= *least,
                Test::Span { origins, .. } => origins.get(origin as usize).copied().unwrap_or(false),
                Test::HasEvents => has_events(front.flags),
                Test::HasLinks => has_links(front.flags),
            };
            met |= u64::from(is_met) << at;
        }
        if self.reads_attributes {
            each_attribute(&mut reader, &mut |key, bytes| {
                for (at, test) in self.tests.iter().enumerate() {
                    if let Test::Span { key: wanted, value, .. } = test
                        && *wanted == key
                        && (value.as_deref().is_none_or(|value| value == bytes)
                            || bytes.first() == Some(&TAG_ARRAY))
                    {
                        met |= 1 << at;
                    }
                }
            })?;
        }
        Some(met)
    }
}

/// Shows the rows of a trace with their origins until `show` says that it has seen enough. None for damaged bytes.
pub(crate) fn each_row<'a>(rows: &'a [u8], show: &mut dyn FnMut(u32, &'a [u8]) -> bool) -> Option<()> {
    let mut reader = Reader::new(rows);
    while !reader.is_empty() {
        let origin = reader.varint()? as u32;
        let row = reader.sized()?;
        if show(origin, row) {
            break;
        }
    }
    Some(())
}

fn equals(attributes: &Attributes, name: &str, wanted: &AttrValue) -> bool {
    find_attribute(attributes, name).is_some_and(|value| {
        value == wanted || matches!(value, AttrValue::Array(values) if values.contains(wanted))
    })
}

fn test(hint: &SpanHint, dict: &Dict) -> Option<Test> {
    let origins =
        |wanted: &dyn Fn(&crate::dict::Origin) -> bool| dict.origins.iter().map(wanted).collect::<Vec<_>>();
    Some(match hint {
        SpanHint::ServiceName(name) => {
            let of = origins(&|origin| origin.resource.service_name() == Some(name));
            of.contains(&true).then_some(Test::Origin(of))?
        }
        SpanHint::Name(name) => match dict.find(name) {
            Some(symbol) if !dict.may_be_inline(name) => Test::Name(Some(u64::from(symbol) << 1)),
            None if !dict.may_be_inline(name) => return None,
            _ => Test::Name(None),
        },
        SpanHint::Status(status) => Test::Status(*status),
        SpanHint::Kind(kind) => Test::Kind(*kind),
        SpanHint::DurationAtLeast(nanos) => Test::Duration(*nanos),
        SpanHint::Attribute { scope: Some(AttrScope::Resource), name, value } => {
            let of = origins(&|origin| equals(&origin.resource.attributes, name, value));
            of.contains(&true).then_some(Test::Origin(of))?
        }
        SpanHint::Attribute { scope: Some(AttrScope::Instrumentation), name, value } => {
            let of = origins(&|origin| equals(&origin.scope.attributes, name, value));
            of.contains(&true).then_some(Test::Origin(of))?
        }
        SpanHint::Attribute { scope: Some(AttrScope::Event), name, .. } => {
            dict.find(name)?;
            Test::HasEvents
        }
        SpanHint::Attribute { scope: Some(AttrScope::Link), name, .. } => {
            dict.find(name)?;
            Test::HasLinks
        }
        SpanHint::Attribute { scope, name, value } => {
            let of = if scope.is_none() {
                origins(&|origin| equals(&origin.resource.attributes, name, value))
            } else {
                vec![false; dict.origins.len()]
            };
            let Some(key) = dict.find(name) else {
                return of.contains(&true).then_some(Test::Origin(of));
            };
            Test::Span { key, value: encoded(value, dict), origins: of }
        }
    })
}

/// A value as a row holds it; none when it could be written in more than one way.
fn encoded(value: &AttrValue, dict: &Dict) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match value {
        AttrValue::Str(text) => {
            if dict.may_be_inline(text) {
                return None;
            }
            out.push(row::TAG_STR);
            // A text that was never seen is equal to none: no row holds this symbol.
            crate::bytes::put_varint(
                &mut out,
                dict.find(text).map_or(u64::MAX - 1, |symbol| u64::from(symbol) << 1),
            );
        }
        AttrValue::Int(number) => {
            out.push(row::TAG_INT);
            crate::bytes::put_signed(&mut out, *number);
        }
        AttrValue::Bool(flag) => out.push(if *flag { row::TAG_TRUE } else { row::TAG_FALSE }),
        // Zero has two forms.
        AttrValue::Double(number) if *number != 0.0 => {
            out.push(row::TAG_DOUBLE);
            out.extend_from_slice(&number.to_bits().to_le_bytes());
        }
        _ => return None,
    }
    Some(out)
}

/// Shows every value of an attribute within the rows of a trace (the bytes), and the origins that are used.
pub(crate) fn each_value<'a>(
    rows: &'a [u8],
    base: Nanos,
    scope: Option<AttrScope>,
    key: Option<u32>,
    show: &mut dyn FnMut(&'a [u8]),
    origin_used: &mut dyn FnMut(u32),
) -> Option<()> {
    let mut damaged = false;
    each_row(rows, &mut |origin, row| {
        origin_used(origin);
        let Some(key) = key else { return false };
        let mut of_row = || {
            let mut reader = Reader::new(row);
            let front = front(&mut reader, base)?;
            let spans = matches!(scope, None | Some(AttrScope::Span));
            each_attribute(&mut reader, &mut |of, value| {
                if spans && of == key {
                    show(value);
                }
            })?;
            if let Some(wanted @ (AttrScope::Event | AttrScope::Link)) = scope {
                each_inner_attribute(&mut reader, front.flags, &mut |scope, of, value| {
                    if scope == wanted && of == key {
                        show(value);
                    }
                })?;
            }
            Some(())
        };
        damaged |= of_row().is_none();
        damaged
    })?;
    (!damaged).then_some(())
}
