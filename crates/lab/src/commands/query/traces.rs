//! `lab query traces TRACEQL|ID`: a search, or one trace as a tree.

use super::Since;
use crate::endpoints::{Column, TEMPO};
use crate::host::Context;
use crate::{http, table};
use anyhow::Result;
use model::traces::TraceId;
use serde_json::Value;

/// Ask Tempo
#[derive(clap::Args)]
pub struct Args {
    /// A TraceQL expression, or a trace id
    query: String,
    /// How far a search looks back
    #[arg(long, default_value = "1h")]
    since: String,
    /// The most traces that are shown
    #[arg(long, default_value_t = 20)]
    limit: u32,
    /// Print the API's answer
    #[arg(long)]
    json: bool,
}

pub async fn run(context: &Context, column: Column, args: Args) -> Result<()> {
    let base = column.url(TEMPO);
    let id = TraceId::parse(args.query.trim()).ok();
    let url = match id {
        Some(id) => format!("{base}/api/traces/{id}"),
        None => {
            let since = Since::new(context, &args.since)?;
            let (start, end, limit) = (since.start_seconds(), since.end_seconds(), args.limit.to_string());
            let parameters =
                [("q", args.query.as_str()), ("start", &start), ("end", &end), ("limit", &limit)];
            http::with_query(&format!("{base}/api/search"), &parameters)
        }
    };
    let answer = http::get(&http::client()?, &url).await?.json()?;
    if args.json {
        crate::output::line(format_args!("{}", serde_json::to_string_pretty(&answer)?))?;
    } else if id.is_some() {
        crate::output::text(&table::render(&tree(&answer)))?;
    } else {
        crate::output::text(&table::render(&found(&answer)))?;
    }
    Ok(())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn found(answer: &Value) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for trace in answer["traces"].as_array().into_iter().flatten() {
        let name = format!("{} {}", text(&trace["rootServiceName"]), text(&trace["rootTraceName"]));
        let duration = format!("{} ms", trace["durationMs"].as_u64().unwrap_or_default());
        rows.push(vec![text(&trace["traceID"]), duration, name]);
    }
    rows
}

/// One row a span, indented below its parent, children in order of their start.
fn tree(answer: &Value) -> Vec<Vec<String>> {
    struct Node {
        id: String,
        parent: String,
        start: u64,
        row: (String, String),
    }
    let nanos = |value: &Value| value.as_str().and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
    let mut nodes = Vec::new();
    for batch in answer["batches"].as_array().into_iter().flatten() {
        let service = batch["resource"]["attributes"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|attribute| attribute["key"] == "service.name")
            .map(|attribute| text(&attribute["value"]["stringValue"]))
            .unwrap_or_default();
        for span in
            batch["scopeSpans"].as_array().into_iter().flatten().flat_map(|s| s["spans"].as_array()).flatten()
        {
            let (start, end) = (nanos(&span["startTimeUnixNano"]), nanos(&span["endTimeUnixNano"]));
            let length = format!("{:.2} ms", end.saturating_sub(start) as f64 / 1e6);
            nodes.push(Node {
                id: text(&span["spanId"]),
                parent: text(&span["parentSpanId"]),
                start,
                row: (format!("{service}: {}", text(&span["name"])), length),
            });
        }
    }
    nodes.sort_by_key(|node| node.start);
    let known: std::collections::BTreeSet<&str> = nodes.iter().map(|node| node.id.as_str()).collect();
    let mut rows = Vec::new();
    // Spans whose parent has not arrived are shown as roots. A stack instead of recursion: depth is up to the sender.
    let mut open: Vec<(usize, usize)> = Vec::new();
    for (index, node) in nodes.iter().enumerate().rev() {
        if !known.contains(node.parent.as_str()) {
            open.push((index, 0));
        }
    }
    let mut seen = vec![false; nodes.len()];
    while let Some((index, depth)) = open.pop() {
        if std::mem::replace(&mut seen[index], true) {
            continue;
        }
        let node = &nodes[index];
        rows.push(vec![format!("{}{}", "  ".repeat(depth.min(40)), node.row.0), node.row.1.clone()]);
        for (child, other) in nodes.iter().enumerate().rev() {
            if other.parent == node.id {
                open.push((child, depth + 1));
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn span(id: &str, parent: &str, start: u64) -> Value {
        json!({"spanId": id, "parentSpanId": parent, "name": id,
               "startTimeUnixNano": start.to_string(), "endTimeUnixNano": (start + 1_500_000).to_string()})
    }

    #[test]
    fn spans_stand_below_their_parents_and_orphans_are_roots() {
        let answer = json!({"batches": [{
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "s"}}]},
            "scopeSpans": [{"spans": [span("c", "a", 3), span("b", "a", 2), span("a", "", 1), span("x", "gone", 9)]}]
        }]});
        let names: Vec<_> = tree(&answer).into_iter().map(|row| row.join("|")).collect();
        assert_eq!(names, ["s: a|1.50 ms", "  s: b|1.50 ms", "  s: c|1.50 ms", "s: x|1.50 ms"]);
    }

    #[test]
    fn a_circle_of_parents_ends() {
        let answer =
            json!({"batches": [{"scopeSpans": [{"spans": [span("a", "b", 1), span("b", "a", 2)]}]}]});
        assert_eq!(tree(&answer).len(), 0);
    }
}
