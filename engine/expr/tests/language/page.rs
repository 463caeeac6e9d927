//! The page of the function reference is what the table says.

#[test]
fn the_reference_page_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../content/docs/formula-reference.md");
    let page = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        page == engine_expr::markdown(),
        "run: cargo run -p engine_expr --example reference > content/docs/formula-reference.md"
    );
}

#[test]
fn limits_on_the_page_are_those_of_the_code() {
    let page = engine_expr::markdown();
    assert!(page.contains("| length of a formula | 20,000 bytes |"), "{}", &page[..400]);
    assert!(!page.contains("[MAX_"), "a limit without its number");
    assert_eq!((engine_expr::MAX_PATTERN_MEMORY, engine_expr::MAX_ROW_BYTES), (1 << 20, 16 << 20));
}
