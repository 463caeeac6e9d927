//! Each `golden/<case>.json` is a page; beside it `<case>.html` is what visitors get and `<case>.canvas.html` what the
//! editor shows. `UPDATE_GOLDEN=1 cargo test -p engine_page --test golden` writes them anew: read the difference before
//! it is committed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use engine_page::{Document, Mode, Rendered, read, render, strip, validate, write};
use std::path::{Path, PathBuf};

fn cases() -> Vec<(PathBuf, Document)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    assert!(paths.len() >= 4, "{paths:?}");
    paths
        .into_iter()
        .map(|path| {
            let document = read(&std::fs::read_to_string(&path).unwrap()).unwrap();
            (path, document)
        })
        .collect()
}

/// One element a line, so that differences can be read.
fn pretty(rendered: &Rendered, document: &Document) -> String {
    let mut out = rendered.html.replace("><", ">\n<");
    out.push('\n');
    let issues = rendered.issues.iter().map(|issue| ("render", issue));
    let checked = validate(document, &common::kit());
    for (by, issue) in issues.chain(checked.iter().map(|issue| ("validate", issue))) {
        out.push_str(&format!(
            "<!-- {by}: {} {} {}: {} -->\n",
            issue.node,
            issue.path,
            issue.code.name(),
            issue.hint
        ));
    }
    out
}

#[expect(clippy::disallowed_methods, reason = "the switch that rewrites expectations")]
fn expect(path: &Path, actual: &str) {
    if std::env::var("UPDATE_GOLDEN").is_ok() {
        std::fs::write(path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(actual, expected, "{} differs; see the file's first lines", path.display());
}

#[test]
fn pages_render_as_expected() {
    let (kit, data) = (common::kit(), common::data());
    for (path, document) in cases() {
        let public = render(&document, &kit, &data, Mode::Public);
        let canvas = render(&document, &kit, &data, Mode::Canvas { selected: Some("a1") });
        expect(&path.with_extension("html"), &pretty(&public, &document));
        expect(&path.with_extension("canvas.html"), &pretty(&canvas, &document));
        assert_eq!(strip(&canvas.html), public.html, "{}", path.display());
        assert_eq!(public.issues, canvas.issues, "{}", path.display());
        assert_eq!(read(&write(&document)).unwrap(), document);
    }
}

#[test]
fn built_in_pages_need_no_script_and_no_inline_style() {
    for (path, document) in cases() {
        let html = render(&document, &common::kit(), &common::data(), Mode::Public).html.to_lowercase();
        for forbidden in [
            "<script",
            " style=",
            "=\"javascript:",
            " onclick=\"",
            " onload=\"",
            "<style",
            "<b>",
            "<img src=x",
        ] {
            assert!(!html.contains(forbidden), "{} has {forbidden}", path.display());
        }
    }
}
