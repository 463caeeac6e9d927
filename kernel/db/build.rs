//! A new migration file means a new program: rust-embed alone notices changed files, not added ones.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
