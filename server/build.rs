//! Makes sure that the folders which the binary embeds exist, so that a plain build succeeds.

use std::path::Path;

fn main() -> std::io::Result<()> {
    for folder in ["../sdk/js/dist", "../examples/phone"] {
        std::fs::create_dir_all(Path::new(folder))?;
        // A debug build reads the files when they are asked for and needs no rebuild.
        if std::env::var_os("PROFILE").is_some_and(|profile| profile == "release") {
            println!("cargo:rerun-if-changed={folder}");
        }
    }
    println!("cargo:rerun-if-changed=build.rs");
    Ok(())
}
