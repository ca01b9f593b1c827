//! `lab query metrics PROMQL`: an instant query, or a range query with `--since`.

use super::{Since, series};
use crate::endpoints::{Column, PROMETHEUS};
use crate::host::Context;
use crate::{http, table};
use anyhow::Result;
use serde_json::Value;

/// Ask Prometheus
#[derive(clap::Args)]
pub struct Args {
    /// A PromQL expression
    query: String,
    /// A range query over this span, such as 15m
    #[arg(long)]
    since: Option<String>,
    /// The resolution of a range query
    #[arg(long, default_value = "15s")]
    step: String,
    /// Print the API's answer
    #[arg(long)]
    json: bool,
}

pub async fn run(context: &Context, column: Column, args: Args) -> Result<()> {
    let base = column.url(PROMETHEUS);
    let url = match &args.since {
        None => http::with_query(&format!("{base}/api/v1/query"), &[("query", &args.query)]),
        Some(since) => {
            let since = Since::new(context, since)?;
            let (start, end) = (since.start_seconds(), since.end_seconds());
            let parameters =
                [("query", args.query.as_str()), ("start", &start), ("end", &end), ("step", &args.step)];
            http::with_query(&format!("{base}/api/v1/query_range"), &parameters)
        }
    };
    let answer = http::get(&http::client()?, &url).await?.json()?;
    if args.json {
        crate::output::line(format_args!("{}", serde_json::to_string_pretty(&answer)?))?;
        return Ok(());
    }
    for warning in answer["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        eprintln!("warning: {warning}");
    }
    crate::output::text(&table::render(&rows(&answer["data"])))?;
    Ok(())
}

/// One row a sample: the series, its value; for ranges the newest value and the number of points.
fn rows(data: &Value) -> Vec<Vec<String>> {
    let value = |pair: &Value| pair[1].as_str().unwrap_or_default().to_owned();
    match data["resultType"].as_str() {
        Some("scalar" | "string") => vec![vec![value(&data["result"])]],
        Some("matrix") => data["result"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| {
                let values = one["values"].as_array().map(Vec::as_slice).unwrap_or_default();
                let last = values.last().map(value).unwrap_or_default();
                vec![series(&one["metric"]), last, format!("{} points", values.len())]
            })
            .collect(),
        _ => data["result"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| vec![series(&one["metric"]), value(&one["value"])])
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_kind_of_answer_becomes_rows() {
        let vector = json!({"resultType": "vector", "result": [
            {"metric": {"__name__": "up", "job": "a"}, "value": [1, "1"]}]});
        assert_eq!(rows(&vector), [["up{job=\"a\"}", "1"]]);
        let matrix = json!({"resultType": "matrix", "result": [
            {"metric": {}, "values": [[1, "1"], [2, "3"]]}]});
        assert_eq!(rows(&matrix), [["{}", "3", "2 points"]]);
        assert_eq!(rows(&json!({"resultType": "scalar", "result": [1, "2"]})), [["2"]]);
    }
}
