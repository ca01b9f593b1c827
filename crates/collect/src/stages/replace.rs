//! `replace`: what the groups of an expression matched (all of the match when it has none) becomes what a template
//! makes of it.

use super::template::{data, parse};
use super::{Change, Entry, Stage, StageError};
use stackconf::promtail::stages::ReplaceStage;

pub(super) fn replace(config: &ReplaceStage) -> Result<Box<dyn Stage>, StageError> {
    let template = parse("replace", &config.replace)?;
    let config = config.clone();
    Ok(Box::new(Change(move |entry: &mut Entry, _| {
        let Some(text) = entry.input(config.source.as_deref()) else { return };
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        let mut changed = false;
        for captures in config.expression.captures_iter(&text) {
            let groups: Vec<_> = if captures.len() > 1 {
                captures.iter().skip(1).flatten().collect()
            } else {
                captures.get(0).into_iter().collect()
            };
            // Groups within groups are replaced with the outer one.
            for group in groups.into_iter().filter(|group| !group.is_empty()) {
                if group.start() < done {
                    continue;
                }
                let Ok(replacement) = template.execute(&data(entry, group.as_str())) else { continue };
                out.push_str(&text[done..group.start()]);
                out.push_str(&replacement);
                done = group.end();
                changed = true;
            }
        }
        if !changed {
            return;
        }
        out.push_str(&text[done..]);
        match &config.source {
            Some(source) => entry.set(source, out),
            None => entry.line = out,
        }
    })))
}
