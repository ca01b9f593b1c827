use super::*;
use model::{MatchOp, Matcher};
use proptest::prelude::*;

fn index_and_strings(sets: &[Labels]) -> (Index, Strings) {
    let (mut index, mut strings) = (Index::default(), Strings::default());
    for (id, labels) in (1..).zip(sets) {
        index.insert(Arc::new(MemSeries::new(id, strings.intern(labels))));
    }
    (index, strings)
}

fn index(sets: &[Labels]) -> Index {
    index_and_strings(sets).0
}

fn labels() -> impl Strategy<Value = Labels> {
    prop::collection::btree_map("[abc]", "[xyz]{0,2}", 0..4).prop_map(Labels::from_pairs)
}

fn matcher() -> impl Strategy<Value = Matcher> {
    let op = prop_oneof![
        Just(MatchOp::Equal),
        Just(MatchOp::NotEqual),
        Just(MatchOp::Regex),
        Just(MatchOp::NotRegex)
    ];
    let value = prop_oneof!["[xyz]{0,2}", "x\\|y", "x\\.\\*", "\\.\\+", "\\.\\*", "x\\|"];
    ("[abcd]", op, value).prop_map(|(name, op, value)| Matcher::new(name, op, value).unwrap())
}

proptest! {
    #[test]
    fn matching_finds_what_a_scan_finds(
        sets in prop::collection::btree_set(labels(), 0..40),
        matchers in prop::collection::vec(matcher(), 0..4),
    ) {
        let sets: Vec<Labels> = sets.into_iter().collect();
        let index = index(&sets);
        let scanned: Vec<u64> = (1..)
            .zip(&sets)
            .filter(|(_, labels)| model::matcher::all_match(&matchers, labels))
            .map(|(id, _)| id)
            .collect();
        prop_assert_eq!(index.matching(&matchers), scanned);
    }

    #[test]
    fn removed_series_leave_no_trace(
        sets in prop::collection::btree_set(labels(), 0..30),
        odd in any::<bool>(),
    ) {
        let sets: Vec<Labels> = sets.into_iter().collect();
        // Strings of their own, so that the table is the only other holder.
        let copies: Vec<Labels> = sets.iter().map(|labels| Labels::from_pairs(labels.iter())).collect();
        let (mut all, mut strings) = index_and_strings(&copies);
        drop(copies);
        let gone: Vec<_> = all.iter().filter(|series| (series.id % 2 == 1) == odd).cloned().collect();
        all.remove(&gone);
        drop(gone);
        strings.shrink();
        let kept: Vec<Labels> = all.iter().map(|series| series.labels.clone()).collect();
        let copies: Vec<Labels> = kept.iter().map(|labels| Labels::from_pairs(labels.iter())).collect();
        let (fresh, fresh_strings) = index_and_strings(&copies);
        prop_assert_eq!(strings.0.len(), fresh_strings.0.len());
        prop_assert_eq!(all.postings.len(), fresh.postings.len());
        prop_assert_eq!(all.len(), kept.len());
    }

    #[test]
    fn ranks_give_the_order_of_labels(sets in prop::collection::hash_set(labels(), 0..30)) {
        let mut index = index(&sets.into_iter().collect::<Vec<_>>());
        let mut by_labels: Vec<_> = index.iter().cloned().collect();
        index.sort(&mut by_labels);
        prop_assert!(by_labels.is_sorted_by_key(|series| series.labels.clone()));
        index.rank();
        let mut by_rank: Vec<_> = index.iter().cloned().collect();
        index.sort(&mut by_rank);
        let ids = |list: &[Arc<MemSeries>]| list.iter().map(|series| series.id).collect::<Vec<_>>();
        prop_assert_eq!(ids(&by_rank), ids(&by_labels));
    }
}
