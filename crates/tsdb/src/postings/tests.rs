use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn list() -> impl Strategy<Value = Vec<u64>> {
    // Sparse and dense lists, so that both ways of intersecting are taken.
    prop_oneof![
        prop::collection::btree_set(0_u64..400, 0..200),
        prop::collection::btree_set(0_u64..400, 0..5),
        prop::collection::btree_set(0_u64..20, 0..20),
    ]
    .prop_map(|set| set.into_iter().collect())
}

fn set(list: &[u64]) -> BTreeSet<u64> {
    list.iter().copied().collect()
}

proptest! {
    #[test]
    fn the_operations_are_those_of_sets(a in list(), b in list(), c in list()) {
        prop_assert_eq!(intersect(&a, &b), set(&a).intersection(&set(&b)).copied().collect::<Vec<_>>());
        prop_assert_eq!(subtract(&a, &b), set(&a).difference(&set(&b)).copied().collect::<Vec<_>>());
        let all: BTreeSet<u64> = [&a, &b, &c].into_iter().flatten().copied().collect();
        prop_assert_eq!(union([&a[..], &b[..], &c[..]]), all.into_iter().collect::<Vec<_>>());
    }
}
