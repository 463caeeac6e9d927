//! Prints the page of the function reference: `cargo run -p engine_expr --example reference > content/docs/formula-reference.md`.

fn main() {
    print!("{}", engine_expr::markdown());
}
