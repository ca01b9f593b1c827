//! Parents and children of a trace's spans as nested sets: a span's numbers enclose those of its descendants.
//!
//! A span whose chain of parents does not reach a root has no numbers, and so stands in no relation to any other,
//! as in Tempo.

use model::traces::{Span, SpanId};
use std::collections::{HashMap, HashSet};

use crate::ast::Relation;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// 0 when the span is disconnected.
    pub left: i64,
    pub right: i64,
    /// The parent's `left`; -1 for a root, 0 when disconnected.
    pub parent: i64,
    pub children: i64,
}

pub(crate) fn places(spans: &[&Span]) -> Vec<Place> {
    let mut by_id: HashMap<SpanId, usize> = HashMap::with_capacity(spans.len());
    for (at, span) in spans.iter().enumerate() {
        by_id.entry(span.span_id).or_insert(at);
    }
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); spans.len()];
    let mut roots = Vec::new();
    for (at, span) in spans.iter().enumerate() {
        match span.parent {
            None => roots.push(at),
            Some(parent) => {
                if let Some(parent) = by_id.get(&parent).filter(|parent| **parent != at) {
                    children[*parent].push(at);
                }
            }
        }
    }
    let mut places = vec![Place::default(); spans.len()];
    for (place, children) in places.iter_mut().zip(&children) {
        place.children = children.len() as i64;
    }
    let mut number = 0;
    // Every span is a child of one span or a root, so a walk from the roots meets none twice.
    let mut open: Vec<(usize, usize)> = Vec::new();
    for root in roots {
        number += 1;
        places[root].left = number;
        places[root].parent = -1;
        open.push((root, 0));
        while let Some((at, next)) = open.pop() {
            match children[at].get(next) {
                Some(child) => {
                    open.push((at, next + 1));
                    number += 1;
                    places[*child].left = number;
                    places[*child].parent = places[at].left;
                    open.push((*child, 0));
                }
                None => {
                    number += 1;
                    places[at].right = number;
                }
            }
        }
    }
    places
}

/// Those of `candidates` that stand in `relation` to at least one of `others`: for `Child`, the children of one.
pub(crate) fn related(
    places: &[Place],
    relation: Relation,
    others: &[u32],
    candidates: &[u32],
) -> HashSet<u32> {
    let place = |span: &u32| places[*span as usize];
    let pick = |test: &dyn Fn(&u32) -> bool| candidates.iter().filter(|span| test(span)).copied().collect();
    match relation {
        Relation::Child => {
            let parents: HashSet<i64> =
                others.iter().map(|span| place(span).left).filter(|left| *left > 0).collect();
            pick(&|span| parents.contains(&place(span).parent))
        }
        Relation::Parent => {
            let parents: HashSet<i64> =
                others.iter().map(|span| place(span).parent).filter(|left| *left > 0).collect();
            pick(&|span| parents.contains(&place(span).left))
        }
        Relation::Descendant => {
            // Sorted by left; the largest right so far tells whether one of those before encloses a span.
            let mut sorted: Vec<Place> = others.iter().map(place).filter(|place| place.left > 0).collect();
            sorted.sort_by_key(|place| place.left);
            let mut largest = i64::MIN;
            let ends: Vec<(i64, i64)> = sorted
                .iter()
                .map(|place| {
                    largest = largest.max(place.right);
                    (place.left, largest)
                })
                .collect();
            pick(&|span| {
                let of = place(span);
                let before = ends.partition_point(|(left, _)| *left < of.left);
                of.left > 0 && before > 0 && ends[before - 1].1 > of.right
            })
        }
        Relation::Ancestor => {
            let mut lefts: Vec<i64> =
                others.iter().map(|span| place(span).left).filter(|left| *left > 0).collect();
            lefts.sort_unstable();
            pick(&|span| {
                let of = place(span);
                of.left > 0
                    && lefts
                        .get(lefts.partition_point(|left| *left <= of.left))
                        .is_some_and(|left| *left < of.right)
            })
        }
        Relation::Sibling => {
            let mut of_parent: HashMap<i64, (usize, u32)> = HashMap::new();
            for span in others {
                let entry = of_parent.entry(place(span).parent).or_insert((0, *span));
                entry.0 += 1;
            }
            pick(&|span| {
                let parent = place(span).parent;
                parent != 0 && of_parent.get(&parent).is_some_and(|(count, only)| *count > 1 || only != span)
            })
        }
    }
}

/// The relation seen from the other side.
pub(crate) fn inverse(relation: Relation) -> Relation {
    match relation {
        Relation::Child => Relation::Parent,
        Relation::Parent => Relation::Child,
        Relation::Descendant => Relation::Ancestor,
        Relation::Ancestor => Relation::Descendant,
        Relation::Sibling => Relation::Sibling,
    }
}
