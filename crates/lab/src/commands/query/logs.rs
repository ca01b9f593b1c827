//! `lab query logs LOGQL`: the newest lines, or the points of a metric query.

use super::{Since, series};
use crate::endpoints::{Column, LOKI};
use crate::host::Context;
use crate::{http, table};
use anyhow::Result;
use serde_json::Value;

/// Ask Loki
#[derive(clap::Args)]
pub struct Args {
    /// A LogQL expression
    query: String,
    /// How far to look back
    #[arg(long, default_value = "1h")]
    since: String,
    /// The most lines that are shown
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// Print the API's answer
    #[arg(long)]
    json: bool,
}

pub async fn run(context: &Context, column: Column, args: Args) -> Result<()> {
    let since = Since::new(context, &args.since)?;
    let (start, end, limit) = (since.start.to_string(), (since.end + 1).to_string(), args.limit.to_string());
    let parameters = [("query", args.query.as_str()), ("start", &start), ("end", &end), ("limit", &limit)];
    let url = http::with_query(&format!("{}/loki/api/v1/query_range", column.url(LOKI)), &parameters);
    let answer = http::get(&http::client()?, &url).await?.json()?;
    if args.json {
        crate::output::line(format_args!("{}", serde_json::to_string_pretty(&answer)?))?;
    } else if answer["data"]["resultType"] == "streams" {
        for line in lines(&answer["data"]["result"]) {
            crate::output::line(format_args!("{line}"))?;
        }
    } else {
        let rows: Vec<Vec<String>> = answer["data"]["result"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| {
                let last = one["values"].as_array().and_then(|values| values.last()).unwrap_or(&one["value"]);
                vec![series(&one["metric"]), last[1].as_str().unwrap_or_default().to_owned()]
            })
            .collect();
        crate::output::text(&table::render(&rows))?;
    }
    Ok(())
}

/// The lines of all streams, oldest first, so that the newest stands next to the prompt.
fn lines(streams: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for stream in streams.as_array().into_iter().flatten() {
        for value in stream["values"].as_array().into_iter().flatten() {
            let t: i64 = value[0].as_str().and_then(|t| t.parse().ok()).unwrap_or_default();
            lines.push((t, value[1].as_str().unwrap_or_default().to_owned()));
        }
    }
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lines_of_several_streams_are_shown_in_order_of_time() {
        let streams = json!([
            {"stream": {}, "values": [["3", "c"], ["1", "a"]]},
            {"stream": {}, "values": [["2", "b"]]}
        ]);
        assert_eq!(lines(&streams), ["a", "b", "c"]);
    }
}
