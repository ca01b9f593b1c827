use super::*;

fn place() -> (tempfile::TempDir, Place) {
    let folder = tempfile::tempdir().unwrap();
    let place = Place { root: folder.path().into(), lab: folder.path().into() };
    (folder, place)
}

#[test]
fn the_state_is_read_back_and_a_damaged_one_is_none() {
    let (_folder, place) = place();
    assert_eq!(State::load(&place), None);
    let me = Identity::of(std::process::id()).unwrap();
    let process = Process { name: DAEMON.into(), identity: me.to_string() };
    let state = State { processes: vec![process], ..State::default() };
    state.save(&place).unwrap();
    let loaded = State::load(&place).unwrap();
    assert_eq!(loaded, state);
    assert_eq!(loaded.daemon(), Some(me));
    std::fs::write(place.state_file(), "{\"opt").unwrap();
    assert_eq!(State::load(&place), None);
    State::remove(&place).unwrap();
    State::remove(&place).unwrap();
}

#[tokio::test]
async fn the_lock_is_held_by_one_and_freed_with_it() {
    let (_folder, place) = place();
    let first = Lock::take(&place).await.unwrap();
    let second = tokio::time::timeout(Duration::from_millis(200), Lock::take(&place)).await;
    assert!(second.is_err());
    drop(first);
    tokio::time::timeout(Duration::from_secs(5), Lock::take(&place)).await.unwrap().unwrap();
}
