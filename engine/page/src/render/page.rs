//! The whole HTML document around a rendered body. No inline style, no script: the sites' CSP takes neither.

use super::{Mode, Rendered};
use crate::document::Document;
use crate::rich_text::escape;

/// What stands in `<head>`.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// BCP 47: `en`.
    pub language: String,
    /// The page's title for search results and tabs.
    pub title: String,
    /// For search results; empty: none.
    pub description: String,
    /// The page's own full address; empty: none.
    pub canonical: String,
    /// The site's name.
    pub site_name: String,
    /// Whether search engines may list it.
    pub index: bool,
    /// Addresses of style sheets.
    pub styles: Vec<String>,
    /// The theme's name.
    pub theme: String,
}

/// The HTML document. In canvas mode it also loads nothing else; the caller adds the canvas' style sheet to `styles`.
#[must_use]
pub fn page(document: &Document, head: &Head, body: &Rendered, mode: Mode<'_>) -> String {
    let scheme = document.props.get("scheme").and_then(serde_json::Value::as_str);
    let scheme = scheme.filter(|scheme| ["light", "dark"].contains(scheme)).unwrap_or("auto");
    let mut out = String::with_capacity(body.html.len() + 2_048);
    out.push_str("<!doctype html>\n<html lang=\"");
    escape(&mut out, if head.language.is_empty() { "en" } else { &head.language });
    out.push_str(&format!("\" data-scheme=\"{scheme}\">\n<head>\n<meta charset=\"utf-8\">\n"));
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    escape(&mut out, &head.title);
    // A site has no icon of its own yet: without this every visitor's browser asks for /favicon.ico and gets a 404.
    out.push_str("</title>\n<link rel=\"icon\" href=\"data:,\">\n");
    let mut meta = |kind: &str, name: &str, content: &str| {
        if !content.is_empty() {
            out.push_str(&format!("<meta {kind}=\"{name}\" content=\""));
            escape(&mut out, content);
            out.push_str("\">\n");
        }
    };
    meta("name", "description", &head.description);
    meta("property", "og:title", &head.title);
    meta("property", "og:description", &head.description);
    meta("property", "og:site_name", &head.site_name);
    meta("property", "og:type", "website");
    meta("property", "og:url", &head.canonical);
    let listed = head.index && mode == Mode::Public;
    meta("name", "robots", if listed { "" } else { "noindex" });
    if !head.canonical.is_empty() {
        out.push_str("<link rel=\"canonical\" href=\"");
        escape(&mut out, &head.canonical);
        out.push_str("\">\n");
    }
    for style in &head.styles {
        out.push_str("<link rel=\"stylesheet\" href=\"");
        escape(&mut out, style);
        out.push_str("\">\n");
    }
    out.push_str("</head>\n<body class=\"t-");
    escape(&mut out, &head.theme);
    out.push_str("\">\n<a class=\"skip\" href=\"#content\">Skip to content</a>\n");
    out.push_str(&body.html);
    out.push_str("\n</body>\n</html>\n");
    out
}
