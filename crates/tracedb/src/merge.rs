//! Rows to traces, and traces that arrived in parts to one.

use crate::dict::Dict;
use crate::hint::each_row;
use crate::row::span_from;
use model::clock::Nanos;
use model::traces::{SpanBatch, SpanId, SpanKind, Trace, TraceId};
use std::collections::HashSet;

/// Reads all rows of a trace. None for damaged bytes.
pub(crate) fn trace_from(id: TraceId, rows: &[u8], base: Nanos, dict: &Dict) -> Option<Trace> {
    let mut batches: Vec<SpanBatch> = Vec::new();
    let mut of_origin: Vec<(u32, usize)> = Vec::new();
    let mut damaged = false;
    each_row(rows, &mut |origin, row| {
        let batch = match of_origin.iter().find(|(of, _)| *of == origin) {
            Some((_, batch)) => *batch,
            None => {
                let Some(made) = dict.origins.get(origin as usize) else {
                    damaged = true;
                    return true;
                };
                batches.push(made.batch());
                of_origin.push((origin, batches.len() - 1));
                batches.len() - 1
            }
        };
        match span_from(row, id, base, dict) {
            Some(span) => batches[batch].spans.push(span),
            None => damaged = true,
        }
        damaged
    })?;
    (!damaged).then_some(Trace { id, batches })
}

/// Joins the parts of a trace. A span that was sent twice is kept once.
pub(crate) fn join(id: TraceId, parts: Vec<Trace>) -> Option<Trace> {
    let mut batches: Vec<SpanBatch> = Vec::new();
    for batch in parts.into_iter().flat_map(|part| part.batches) {
        let same = |known: &&mut SpanBatch| {
            (&known.resource, &known.resource_schema_url, &known.scope, &known.scope_schema_url)
                == (&batch.resource, &batch.resource_schema_url, &batch.scope, &batch.scope_schema_url)
        };
        match batches.iter_mut().find(same) {
            Some(known) => known.spans.extend(batch.spans),
            None => batches.push(batch),
        }
    }
    let mut trace = Trace { id, batches };
    dedupe(&mut trace);
    (!trace.batches.is_empty()).then_some(trace)
}

/// Drops spans that are there already: equal id, kind and start. A client and a server span may share an id.
pub(crate) fn dedupe(trace: &mut Trace) {
    let count: usize = trace.batches.iter().map(|batch| batch.spans.len()).sum();
    if count < 2 {
        return;
    }
    let mut seen: HashSet<(SpanId, SpanKind, Nanos)> = HashSet::with_capacity(count);
    for batch in &mut trace.batches {
        batch.spans.retain(|span| seen.insert((span.span_id, span.kind, span.start)));
    }
    trace.batches.retain(|batch| !batch.spans.is_empty());
}
