//! `kill -9` in the middle of writing: what was acknowledged must be there afterwards, whole batches only.
//!
//! The test starts itself as a child that appends batches and prints the number of each one that was acknowledged; the
//! parent kills it at a random moment, opens the folder and compares. No test harness, because the child needs `main`.
//!
//! `cargo test -p tsdb --test crash -- 100` kills a hundred times.

use model::metrics::{AppendRow, MetricAppender, MetricQuerier, MillisRange, Sample, SeriesKey};
use model::{Labels, ManualClock, Matcher};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tsdb::{Options, Store};

/// Series in a batch. All samples of batch `n` have the value `n`.
const SERIES: usize = 200;
/// Milliseconds between batches: a window of two hours is full after 720 batches, so that cuts happen too.
const STEP: i64 = 10_000;
const START: i64 = 7_200_000 * 200_000;
/// Kills of a plain `cargo test`; the first argument asks for more.
const ROUNDS: usize = 8;

/// A child that does not outlive the test.
struct Kill(Child);

impl Drop for Kill {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn open(dir: &Path) -> Store {
    let options = Options { checkpoint_bytes: 1 << 20, ..Options::default() };
    Store::open(dir, options, &ManualClock::default()).expect("the store opens")
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("child") => child(Path::new(&arguments[2]), arguments[3].parse().expect("a number")),
        Some(rounds) => parent(rounds.parse().unwrap_or(ROUNDS)),
        None => parent(ROUNDS),
    }
}

/// Appends batches from number `first` on until it is killed.
fn child(dir: &Path, first: i64) {
    let store = open(dir);
    let mut out = std::io::stdout();
    for batch in first.. {
        let t = START + batch * STEP;
        let rows: Vec<AppendRow> = (0..SERIES)
            .map(|i| AppendRow {
                series: SeriesKey::Labels(labels(i)),
                sample: Sample { t, v: batch as f64 },
                exemplar: None,
            })
            .collect();
        store.append(&rows).expect("the batch is written");
        writeln!(out, "{batch}").and_then(|()| out.flush()).expect("the parent reads");
        if batch % 10 == 0 {
            store.maintain(t).expect("upkeep works");
        }
    }
}

fn labels(i: usize) -> Labels {
    Labels::from_pairs([("__name__", "m"), ("i", &format!("{i:03}"))])
}

fn parent(rounds: usize) {
    let dir = tempfile::tempdir().expect("a folder");
    let me = std::env::current_exe().expect("the path of this program");
    let mut next = 0;
    for round in 0..rounds {
        let first = next;
        let child = Command::new(&me)
            .args(["child".as_ref(), dir.path().as_os_str(), first.to_string().as_ref()])
            .stdout(Stdio::piped())
            .spawn();
        let mut child = Kill(child.expect("the child starts"));
        let lines = BufReader::new(child.0.stdout.take().expect("its output"));
        let killer = std::thread::spawn(move || {
            // Between nothing and a few hundred milliseconds after the start.
            std::thread::sleep(Duration::from_micros(RandomState::new().build_hasher().finish() % 400_000));
            drop(child);
        });
        let acknowledged =
            lines.lines().map_while(Result::ok).filter_map(|line| line.parse::<i64>().ok()).last();
        killer.join().expect("the child is dead");
        next = compare(dir.path(), acknowledged.map_or(first, |last| last + 1), round);
    }
    println!("crash: {rounds} kills, {next} batches of {SERIES} samples, nothing acknowledged was lost");
}

/// Every batch before `acknowledged` is there; at most one more, which was written but not yet said. Gives the next one.
fn compare(dir: &Path, acknowledged: i64, round: usize) -> i64 {
    let store = open(dir);
    let readers = store.select(MillisRange::ALL, &[Matcher::equal("__name__", "m")]).expect("a selection");
    let mut found = None;
    for reader in &readers {
        let mut samples = Vec::new();
        reader.read(MillisRange::ALL, &mut samples).expect("samples");
        let wrong = (0..).zip(&samples).find(|(batch, sample): &(i64, &Sample)| {
            sample.t != START + batch * STEP || sample.v != *batch as f64
        });
        assert!(wrong.is_none(), "round {round}: {} has {wrong:?}", reader.labels());
        assert_eq!(*found.get_or_insert(samples.len()), samples.len(), "round {round}: half a batch");
    }
    let found = found.unwrap_or(0) as i64;
    assert!(readers.len() == SERIES || found == 0, "round {round}: {} series", readers.len());
    let allowed = acknowledged..=acknowledged + 1;
    assert!(allowed.contains(&found), "round {round}: {found} batches, acknowledged {acknowledged}");
    found
}
