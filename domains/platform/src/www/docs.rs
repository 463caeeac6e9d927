//! Documentation and changelog: Markdown in the repository, rendered once when the process starts.
//!
//! A page begins with `---`, lines of `key: value` (`title`, `description`, `section`, `order`) and `---`. `%API%`, `%APP%`,
//! `%WWW%` and `%BRAND%` in the text stand for this installation's own addresses and name.

use comrak::{Options, markdown_to_html};
use kernel_web::Web;
use rust_embed::RustEmbed;
use serde::Serialize;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../content/docs"]
struct Files;

const CHANGELOG: &str = include_str!("../../../../CHANGELOG.md");

/// One page of the documentation.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Doc {
    /// The last part of its address.
    pub slug: String,
    pub title: String,
    pub description: String,
    /// The heading it stands under in the navigation.
    pub section: String,
    pub html: String,
    pub headings: Vec<Heading>,
    #[serde(skip)]
    pub(super) order: u32,
}

/// A second-level heading, for "On this page".
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Heading {
    pub id: String,
    pub text: String,
}

/// All pages in reading order, and the changelog.
pub(super) struct Library {
    pub docs: Vec<Doc>,
    pub changelog: String,
}

impl Library {
    /// Reads the embedded files.
    pub fn read(web: &Web) -> Self {
        let fill = |text: &str| {
            let origins = web.origins();
            text.replace("%API%", &origins.api)
                .replace("%APP%", &origins.app)
                .replace("%WWW%", &origins.www)
                .replace("%BRAND%", &web.brand().brand)
        };
        let mut docs: Vec<Doc> = Files::iter()
            .filter_map(|name| {
                let slug = name.strip_suffix(".md")?;
                let file = Files::get(&name)?;
                parse(slug, &fill(&String::from_utf8_lossy(&file.data)))
            })
            .collect();
        docs.sort_by(|a, b| (a.order, &a.slug).cmp(&(b.order, &b.slug)));
        Self { docs, changelog: render(CHANGELOG.split_once('\n').map_or("", |(_, rest)| rest)) }
    }

    /// The page with this address, its predecessor and its successor.
    pub fn find(&self, slug: &str) -> Option<(Option<&Doc>, &Doc, Option<&Doc>)> {
        let at = self.docs.iter().position(|doc| doc.slug == slug)?;
        let before = at.checked_sub(1).and_then(|before| self.docs.get(before));
        Some((before, &self.docs[at], self.docs.get(at + 1)))
    }
}

fn parse(slug: &str, text: &str) -> Option<Doc> {
    let (head, body) = text.strip_prefix("---\n")?.split_once("\n---\n")?;
    let value = |key: &str| {
        head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            (name.trim() == key).then(|| value.trim().to_owned())
        })
    };
    let html = render(body);
    Some(Doc {
        slug: slug.to_owned(),
        title: value("title")?,
        description: value("description")?,
        section: value("section")?,
        order: value("order")?.parse().ok()?,
        headings: headings(&html),
        html,
    })
}

/// Raw HTML in the source is left out (comrak's default).
fn render(markdown: &str) -> String {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.strikethrough = true;
    options.extension.autolink = true;
    options.extension.header_id_prefix = Some(String::new());
    // What scrolls by itself must be reachable by keyboard.
    markdown_to_html(markdown, &options)
        .replace("<pre><code", "<pre tabindex=\"0\"><code")
        .replace(
            "<table>",
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table\"><table>",
        )
        .replace("</table>", "</table></div>")
}

fn headings(html: &str) -> Vec<Heading> {
    html.split("<h2 id=\"")
        .skip(1)
        .filter_map(|rest| {
            let (id, rest) = rest.split_once("\">")?;
            let (text, _) = rest.split_once("<a ")?;
            Some(Heading { id: id.to_owned(), text: plain(text) })
        })
        .collect()
}

/// Text of a heading without its tags; entities become letters again, since templates escape.
fn plain(html: &str) -> String {
    let mut out = String::new();
    let mut in_tag = false;
    for letter in html.chars() {
        match letter {
            '<' => in_tag = true,
            '>' => in_tag = false,
            other if !in_tag => out.push(other),
            _ => {}
        }
    }
    out.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_its_head_its_text_and_its_headings() {
        let text = "---\ntitle: First: steps\ndescription: How\nsection: Start\norder: 3\n---\n## One & `two`\n\n<script>x</script>\n\n| a |\n|---|\n| b |\n";
        let doc = parse("first", text).unwrap();
        assert_eq!((doc.title.as_str(), doc.order), ("First: steps", 3));
        assert_eq!(doc.headings, [Heading { id: "one--two".into(), text: "One & two".into() }]);
        assert!(!doc.html.contains("<script"), "{}", doc.html);
        assert!(doc.html.contains("<table>") && doc.html.contains("role=\"region\""), "{}", doc.html);
        assert_eq!(parse("x", "no head"), None);
    }

    #[test]
    fn every_file_is_a_page() {
        for name in Files::iter() {
            let file = Files::get(&name).unwrap();
            let doc = parse(&name, &String::from_utf8_lossy(&file.data));
            assert!(
                doc.is_some_and(|doc| !doc.html.is_empty()),
                "{name} lacks title, description, section or order"
            );
        }
    }
}
