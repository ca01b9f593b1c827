//! From matchers to series numbers.

use super::Index;
use crate::postings::{intersect, subtract, union};
use model::{MatchOp, Matcher};

impl Index {
    /// The sorted numbers of the series that satisfy all matchers.
    pub fn matching(&self, matchers: &[Matcher]) -> Vec<u64> {
        let mut found: Option<Vec<u64>> = None;
        // Cheap and selective ones first.
        let (direct, others): (Vec<&Matcher>, Vec<&Matcher>) =
            matchers.iter().partition(|matcher| self.direct(matcher).is_some());
        for matcher in direct {
            let list = self.direct(matcher).unwrap_or_default();
            found = Some(match found {
                Some(before) => intersect(&before, &list),
                None => list,
            });
            if found.as_ref().is_some_and(Vec::is_empty) {
                return Vec::new();
            }
        }
        for matcher in others {
            found = Some(self.narrow(found, matcher));
        }
        found.unwrap_or_else(|| self.all.clone())
    }

    /// The series of a matcher that names its values, which is a lookup.
    fn direct(&self, matcher: &Matcher) -> Option<Vec<u64>> {
        let list = |value: &str| {
            self.postings.get(matcher.name.as_str()).and_then(|values| values.get(value)).map(Vec::as_slice)
        };
        match matcher.op {
            MatchOp::Equal if !matcher.value.is_empty() => Some(list(&matcher.value).unwrap_or(&[]).to_vec()),
            MatchOp::Regex => {
                matcher.literal_alternatives().map(|values| union(values.into_iter().filter_map(list)))
            }
            _ => None,
        }
    }

    /// Applies a matcher that has to look at values: at the candidates' own when they are few, else at all there are.
    fn narrow(&self, found: Option<Vec<u64>>, matcher: &Matcher) -> Vec<u64> {
        let values = self.postings.get(matcher.name.as_str());
        let distinct = values.map_or(0, |values| values.len());
        let found = match found {
            Some(mut few) if few.len() <= distinct => {
                let satisfies = |id: &u64| {
                    self.by_id.get(id).is_some_and(|series| matcher.matches_labels(&series.labels))
                };
                few.retain(satisfies);
                return few;
            }
            other => other,
        };
        let base = found.as_deref().unwrap_or(&self.all);
        // Series without the label satisfy a matcher that takes the empty string: take away those whose value fails.
        let wanted = !matcher.matches_empty();
        let lists = values.into_iter().flatten().filter(|(value, _)| matcher.matches(value) == wanted);
        let list = union(lists.map(|(_, ids)| ids.as_slice()));
        match wanted {
            true if found.is_none() => list,
            true => intersect(base, &list),
            false => subtract(base, &list),
        }
    }
}
