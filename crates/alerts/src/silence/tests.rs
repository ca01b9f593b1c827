use super::*;

const NOW: Millis = 10_000_000;

struct Fixture {
    silences: Silences,
    directory: tempfile::TempDir,
}

fn fixture() -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let state = Arc::new(State::open(&directory.path().join("state.redb")).unwrap());
    Fixture { silences: Silences::load(state).unwrap(), directory }
}

fn silence(value: &str) -> Silence {
    Silence {
        id: String::new(),
        matchers: vec![SilenceMatcher {
            name: "service".into(),
            value: value.into(),
            is_regex: true,
            is_equal: true,
        }],
        starts_at: NOW - 5_000,
        ends_at: NOW + 60_000,
        updated_at: 0,
        created_by: "me".into(),
        comment: "test".into(),
    }
}

fn gateway() -> Labels {
    Labels::from_pairs([("service", "gateway")])
}

#[test]
fn a_silence_mutes_from_now_until_its_end() {
    let mut f = fixture();
    let id = f.silences.set(silence("gate.*"), NOW, "one".into()).unwrap();
    assert_eq!(f.silences.silencing(&gateway(), NOW), [id.as_str()]);
    assert_eq!(f.silences.get(&id).unwrap().starts_at, NOW, "the past is not silenced");
    assert!(f.silences.silencing(&gateway(), NOW + 60_000).is_empty());
    assert!(f.silences.silencing(&Labels::from_pairs([("service", "catalog")]), NOW).is_empty());
}

#[test]
fn expiring_ends_it_and_twice_is_an_error() {
    let mut f = fixture();
    let id = f.silences.set(silence("gateway"), NOW, "one".into()).unwrap();
    f.silences.expire(&id, NOW + 1).unwrap();
    assert!(f.silences.silencing(&gateway(), NOW + 1).is_empty());
    assert!(matches!(f.silences.expire(&id, NOW + 2), Err(SilenceError::AlreadyExpired(_))));
    assert!(matches!(f.silences.expire("nope", NOW), Err(SilenceError::NotFound(_))));
}

#[test]
fn a_longer_end_keeps_the_id_and_other_matchers_make_a_new_one() {
    let mut f = fixture();
    let id = f.silences.set(silence("gateway"), NOW, "one".into()).unwrap();
    let mut longer = f.silences.get(&id).unwrap().clone();
    longer.ends_at += 1_000;
    assert_eq!(f.silences.set(longer, NOW + 1, "two".into()).unwrap(), id);
    let mut other = silence("catalog");
    other.id.clone_from(&id);
    assert_eq!(f.silences.set(other, NOW + 2, "three".into()).unwrap(), "three");
    assert_eq!(f.silences.get(&id).unwrap().state(NOW + 2), SilenceState::Expired);
}

#[test]
fn bad_silences_say_why() {
    let mut f = fixture();
    let mut check = |change: fn(&mut Silence), expected: &str| {
        let mut bad = silence("gateway");
        change(&mut bad);
        let error = f.silences.set(bad, NOW, "x".into()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(|s| s.matchers.clear(), "at least one matcher required");
    check(|s| s.matchers[0].value = ".*".into(), "must not match the empty string");
    check(|s| s.matchers[0].value = "a(".into(), "invalid regular expression");
    check(|s| s.ends_at = s.starts_at, "start time must be before end time");
    check(|s| s.ends_at = NOW - 1, "end time can't be in the past");
    check(|s| s.id = "unknown".into(), "silence unknown not found");
}

#[test]
fn silences_outlive_a_restart() {
    let Fixture { mut silences, directory } = fixture();
    silences.set(silence("gateway"), NOW, "one".into()).unwrap();
    drop(silences);
    let state = Arc::new(State::open(&directory.path().join("state.redb")).unwrap());
    let mut silences = Silences::load(state).unwrap();
    assert_eq!(silences.silencing(&gateway(), NOW), ["one"]);
    silences.collect_garbage(NOW + 60_000 + KEEP_EXPIRED + 1).unwrap();
    assert_eq!(silences.iter().count(), 0);
}
