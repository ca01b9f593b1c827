use super::*;

fn place() -> (tempfile::TempDir, Place) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(MARK), "").unwrap();
    let place = Place::find(folder.path(), None).unwrap();
    (folder, place)
}

#[test]
fn the_repository_is_found_from_a_folder_below() {
    let (folder, place) = place();
    let below = folder.path().join("a/b");
    std::fs::create_dir_all(&below).unwrap();
    assert_eq!(Place::find(&below, None).unwrap(), place);
    assert!(Place::find(Path::new("/"), None).unwrap_err().to_string().contains("hint:"));
}

#[test]
fn an_older_folder_is_a_named_error_with_a_hint() {
    let (_folder, place) = place();
    place.open().unwrap();
    place.open().unwrap();
    std::fs::write(place.lab.join("format"), "0\n").unwrap();
    let error = place.open().unwrap_err().to_string();
    assert!(
        error.contains("has format 0, this lab writes format 1") && error.contains("make clean"),
        "{error}"
    );
    std::fs::remove_file(place.lab.join("format")).unwrap();
    std::fs::write(place.state_file(), "{}").unwrap();
    assert!(place.open().unwrap_err().to_string().contains("has format none"));
}

#[test]
fn a_socket_path_is_never_too_long() {
    let (_folder, mut place) = place();
    place.lab = place.lab.join("x".repeat(200));
    let socket = place.socket();
    assert!(socket.as_os_str().len() <= MAX_SOCKET_PATH, "{}", socket.display());
    assert_eq!(socket, place.socket());
}
