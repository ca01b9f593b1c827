//! What the README, the lessons, the runbooks and the rules say is written in the languages that it claims to be, and
//! speaks of things that exist. crates/lab/tests/readme runs the commands; this needs no stack.

mod repository;

use repository::{path, read};
use std::collections::BTreeSet;

const LESSONS: &[&str] = &[
    "README.md",
    "walkthroughs/01-three-signals/README.md",
    "walkthroughs/02-errors/README.md",
    "walkthroughs/03-latency/README.md",
    "walkthroughs/04-slo-page/README.md",
];

fn runbooks() -> Vec<String> {
    let files = stackconf::glob::expand(&path("docs/runbooks/*.md"));
    assert!(files.len() >= 7);
    files
        .iter()
        .map(|file| format!("docs/runbooks/{}", file.file_name().unwrap_or_default().display()))
        .collect()
}

fn texts() -> Vec<(String, String)> {
    LESSONS
        .iter()
        .map(|name| (*name).to_owned())
        .chain(runbooks())
        .map(|name| (name.clone(), read(&name)))
        .collect()
}

/// The contents of all fenced blocks of one language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<(bool, String)> = None;
    for line in text.lines() {
        let fence = line.trim_start().strip_prefix("```");
        match (&mut open, fence) {
            (None, Some(info)) => open = Some((info.trim() == language, String::new())),
            (Some((wanted, block)), Some(_)) => {
                if *wanted {
                    found.push(std::mem::take(block));
                }
                open = None;
            }
            (Some((_, block)), None) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

/// The queries that a block sends with curl, with the address each goes to.
fn sent(block: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for command in block.replace("\\\n", " ").lines() {
        let Some(address) = command.split_whitespace().find(|word| word.starts_with("http://localhost:"))
        else {
            continue;
        };
        for parameter in
            command.split('\'').filter(|part| part.starts_with("query=") || part.starts_with("q="))
        {
            let (_, query) = parameter.split_once('=').expect("a parameter");
            found.push((address.to_owned(), query.to_owned()));
        }
    }
    found
}

#[test]
fn every_query_parses() {
    let mut count = 0;
    for (file, text) in texts() {
        for (address, query) in blocks(&text, "bash").iter().flat_map(|block| sent(block)) {
            let error = match address.rsplit(':').next().and_then(|rest| rest.split('/').next()) {
                Some("9090") => promql::parse(&query).err().map(|error| error.to_string()),
                Some("3100") => logql::parse(&query).err().map(|error| error.to_string()),
                Some("3200") => traceql::parse(&query).err().map(|error| error.to_string()),
                other => panic!("{file}: {query} is sent to {other:?}"),
            };
            assert!(error.is_none(), "{file}: {query}: {}", error.unwrap_or_default());
            count += 1;
        }
        for query in blocks(&text, "promql") {
            promql::parse(&query).unwrap_or_else(|error| panic!("{file}: {query}: {error}"));
            count += 1;
        }
        for query in blocks(&text, "logql") {
            logql::parse(&query).unwrap_or_else(|error| panic!("{file}: {query}: {error}"));
            count += 1;
        }
    }
    assert!(count >= 25, "{count} queries were found");
}

#[test]
fn make_targets_and_their_variables_exist() {
    let makefile = read("Makefile");
    let targets: BTreeSet<&str> = makefile
        .lines()
        .filter(|line| line.contains(": ## "))
        .filter_map(|line| line.split(':').next())
        .collect();
    for (file, text) in texts() {
        for target in text.match_indices("make ").filter_map(|(at, _)| {
            // Only what is written as a command: at the start of a line or of a piece of code.
            let code = at == 0
                || text[..at].ends_with(['`', '\n', ' '])
                    && text[..at].rsplit('\n').next().is_some_and(|line| {
                        line.is_empty() || line.ends_with('`') || line.ends_with("production ")
                    });
            code.then(|| text[at + 5..].split(|c: char| !c.is_ascii_lowercase() && c != '-').next()).flatten()
        }) {
            assert!(targets.contains(target), "{file}: make {target}");
        }
    }
}

#[test]
fn links_lead_to_files() {
    for (file, text) in texts() {
        let folder = path(&file).parent().expect("a folder").to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if !link.starts_with("http") {
                let target = folder.join(link.split('#').next().unwrap_or_default());
                assert!(target.exists(), "{file}: {link} leads nowhere");
            }
        }
    }
}

#[test]
fn alerts_that_are_named_exist() {
    let rules = ["gateway", "targets"].map(|name| read(&format!("prometheus/rules/lab/{name}.yml"))).concat();
    let known: BTreeSet<&str> =
        rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    for (file, text) in texts() {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        for word in words.filter(|word| word.starts_with("SLO") && word.len() > 4 && word != &"SLOs") {
            let camel = word.chars().skip(3).any(|c| c.is_ascii_lowercase());
            assert!(!camel || known.contains(word), "{file}: there is no alert {word}");
        }
    }
}

#[test]
fn every_rule_is_promql() {
    for set in ["lab", "production"] {
        for name in ["gateway", "targets"] {
            let file = format!("prometheus/rules/{set}/{name}.yml");
            let rules = stackconf::rules::parse(&file, &read(&file)).expect("a rule file").config;
            for rule in rules.groups.iter().flat_map(|group| &group.rules) {
                promql::parse(&rule.expr).unwrap_or_else(|error| panic!("{file}:{}: {error}", rule.line));
            }
        }
    }
}
