//! The web pages are built by npm before this crate is (see the Makefile). A build without them, such as that of the tests,
//! still needs the folder to be there; the console then shows a page that says how to build them.

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=web/dist");
    std::fs::create_dir_all("web/dist")
}
