//! Set operations on sorted lists of series numbers: how matchers become series.

/// What is in both. When one side is much shorter, the longer one is searched instead of walked.
pub fn intersect(left: &[u64], right: &[u64]) -> Vec<u64> {
    let (short, mut long) = if left.len() <= right.len() { (left, right) } else { (right, left) };
    let mut out = Vec::with_capacity(short.len());
    if short.len() * 16 < long.len() {
        for id in short {
            long = &long[long.partition_point(|other| other < id)..];
            if long.first() == Some(id) {
                out.push(*id);
            }
        }
        return out;
    }
    let (mut i, mut j) = (0, 0);
    while i < short.len() && j < long.len() {
        match short[i].cmp(&long[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                out.push(short[i]);
                i += 1;
                j += 1;
            }
        }
    }
    out
}

/// What is in any of the lists.
pub fn union<'a>(lists: impl IntoIterator<Item = &'a [u64]>) -> Vec<u64> {
    let mut out: Vec<u64> = Vec::new();
    let mut parts = 0;
    for list in lists {
        out.extend_from_slice(list);
        parts += 1;
    }
    if parts > 1 {
        // The sort is stable and finds the runs that are in order already.
        out.sort();
        out.dedup();
    }
    out
}

/// What is in `left` and not in `right`.
pub fn subtract(left: &[u64], right: &[u64]) -> Vec<u64> {
    let mut rest = right;
    left.iter()
        .copied()
        .filter(|id| {
            rest = &rest[rest.iter().take_while(|other| *other < id).count()..];
            rest.first() != Some(id)
        })
        .collect()
}

#[cfg(test)]
mod tests;
