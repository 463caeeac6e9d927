//! What a new site and a new page start with. Plain words that ask to be replaced, no invented facts.

use crate::pages::{NewPage, PageSettings};
use bases::ViewChoice;
use engine_page::{Document, Kit, Node, Region, read};
use kernel_core::PageId;
use serde_json::{Map, Value, json};

/// Rows that the list of a new site shows.
const LIST_ROWS: u32 = 12;

/// Home and about page of a new site.
pub(crate) fn pages(name: &str, opening: &str, list: Option<&ViewChoice>) -> Vec<NewPage> {
    let (home, about) = (PageId::new(), PageId::new());
    let nav = json!({"id": "nav", "type": "nav"});
    let footer = json!({"id": "foot", "type": "footer", "props": {"items": [{"label": "About", "link": {"page": about.to_string()}}]}});
    let hero = json!({
        "id": "open", "type": "hero",
        "props": {
            "heading": text(name),
            "layout": opening,
            "image": {"theme": "lead.svg", "alt": ""},
            "lead": text("Say in two sentences what you do, for whom, and what makes it yours."),
        },
        "slots": {"actions": [{"id": "more", "type": "button", "props": {"label": "About us", "link": {"page": about.to_string()}}}]},
    });
    let intro = json!({"id": "intro", "type": "section", "slots": {"content": [
        {"id": "words", "type": "text", "props": {"size": "lead", "body": text("Tell visitors the one thing that they should know before they go on.")}}]}});
    let home_page = json!({"v": 1, "nodes": [nav, hero, intro, list_section(list), footer]});
    let about_page = json!({"v": 1, "nodes": [
        nav,
        {"id": "open", "type": "section", "props": {"width": "narrow"}, "slots": {"content": [
            {"id": "head", "type": "text", "props": {"size": "lead", "body": text("About us")}},
            {"id": "words", "type": "text", "props": {"body": text("Who you are, since when, and how to reach you.\n\nOne paragraph for each is enough.")}}]}},
        footer,
    ]});
    [(home, "/", "Home", home_page), (about, "/about", "About", about_page)]
        .into_iter()
        .map(|(id, path, title, document)| NewPage {
            id,
            position: 0,
            settings: settings(path, title),
            document: document_of(&document),
        })
        .collect()
}

/// A page with a heading, between the head and the foot of another one.
pub(crate) fn empty_page(title: &str, like: Option<&Document>, kit: &Kit) -> Document {
    let frame = |region: Region| {
        let nodes = like.map_or(&[][..], |document| &document.nodes);
        let fits =
            move |node: &&Node| kit.get(&node.kind).is_some_and(|component| component.region == region);
        nodes.iter().filter(fits).cloned().collect::<Vec<_>>()
    };
    let taken: Vec<String> =
        frame(Region::Header).iter().chain(&frame(Region::Footer)).flat_map(ids).collect();
    let free = |wanted: &str| {
        let numbered = (2..).map(|n| format!("{wanted}{n}"));
        std::iter::once(wanted.to_owned()).chain(numbered).find(|id| !taken.contains(id)).unwrap_or_default()
    };
    let section = json!({"v": 1, "nodes": [{"id": free("open"), "type": "section", "props": {"width": "narrow"}, "slots": {"content": [
        {"id": free("head"), "type": "text", "props": {"size": "lead", "body": text(title)}},
        {"id": free("words"), "type": "text", "props": {"body": text("Write here.")}}]}}]});
    let mut document = document_of(&section);
    let middle = std::mem::take(&mut document.nodes);
    document.nodes = frame(Region::Header).into_iter().chain(middle).chain(frame(Region::Footer)).collect();
    document
}

/// The page that visitors get for an address where there is none.
pub(crate) fn not_found_page(like: Option<&Document>, kit: &Kit) -> Document {
    let mut document = empty_page("There is no page at this address", like, kit);
    for node in &mut document.nodes {
        for child in node.slots.values_mut().flatten().filter(|child| child.kind == "text") {
            if child.props.get("size").is_none() {
                let home = json!({"rt": [{"t": "It may have moved or been taken down. "}, {"t": "Go to the start page", "link": {"url": "/"}}, {"t": "."}]});
                child.props.insert("body".to_owned(), home);
            }
        }
    }
    document
}

/// The section with the list of a view's rows; without a base a list that waits for one.
fn list_section(list: Option<&ViewChoice>) -> Value {
    let heading = list.map_or("From your base", |view| view.table.as_str());
    let mut node = json!({"id": "list", "type": "list"});
    match list {
        Some(view) => {
            node["each"] = json!({"view": view.id.to_string(), "limit": LIST_ROWS});
            node["slots"] = json!({"item": [{"id": "item", "type": "card", "props": card_props(view)}]});
        }
        None => {
            node["props"] =
                json!({"empty": "Attach a base to this site and choose a view: its rows appear here."});
            node["slots"] = json!({"item": [{"id": "item", "type": "card", "props": {"title": "Title"}}]});
        }
    }
    json!({"id": "rows", "type": "section", "props": {"heading": text(heading)}, "slots": {"content": [node]}})
}

/// Parts of a card bound to the first fields that suit them.
pub(crate) fn card_props(view: &ViewChoice) -> Value {
    let mut props = Map::new();
    let mut fields: Vec<_> = view.fields.iter().collect();
    let mut take = |prop: &str, kinds: &[&str]| {
        if let Some(at) = fields.iter().position(|field| kinds.contains(&field.kind)) {
            let field = fields.remove(at);
            props.insert(prop.to_owned(), json!({"bind": format!("item.{}", field.id)}));
        }
    };
    // The primary field comes first, whatever its type.
    take("title", &["text", "long_text", "number", "email", "date", "datetime", "select", "url"]);
    take("link", &["url"]);
    take("aside", &["select", "date", "datetime"]);
    take("text", &["text", "long_text"]);
    take("meta", &["link", "text", "long_text"]);
    Value::Object(props)
}

fn settings(path: &str, title: &str) -> PageSettings {
    PageSettings {
        path: path.to_owned(),
        title: title.to_owned(),
        description: String::new(),
        in_menu: true,
        noindex: false,
    }
}

fn text(text: &str) -> Value {
    json!({"rt": [{"t": text}]})
}

fn ids(node: &Node) -> Vec<String> {
    let mut out = Vec::new();
    node.walk(1, &mut |node, _| out.push(node.id.clone()));
    out
}

/// Documents written here are well formed; the test below reads every one.
fn document_of(value: &Value) -> Document {
    read(&value.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Library;
    use bases::CollectionField;
    use engine_base::ids::{FieldNo, TableNo, ViewNo};
    use engine_page::{IssueCode, validate};

    fn view() -> ViewChoice {
        let table = TableNo(7);
        let field = |n: u32, name: &str, kind: &'static str| CollectionField {
            id: table.field(FieldNo(n)),
            name: name.to_owned(),
            kind,
            format: bases::FieldFormat::Text,
        };
        ViewChoice {
            id: table.view(ViewNo(1)),
            name: "All".into(),
            table: "Breads".into(),
            fields: vec![
                field(1, "Name", "text"),
                field(2, "Price", "number"),
                field(3, "Page", "url"),
                field(4, "About", "long_text"),
                field(5, "Kind", "select"),
            ],
        }
    }

    #[test]
    fn starters_are_valid() {
        let library = Library::load().unwrap();
        for list in [None, Some(view())] {
            for built in library.themes() {
                let pages = pages("Tarwe", &built.theme.opening, list.as_ref());
                assert_eq!(
                    pages.iter().map(|page| page.settings.path.as_str()).collect::<Vec<_>>(),
                    ["/", "/about"]
                );
                for page in &pages {
                    assert!(page.document.nodes.len() >= 3);
                    let issues = validate(&page.document, &library.kit);
                    assert!(
                        issues.iter().all(|issue| issue.code == IssueCode::BadEach && list.is_none()),
                        "{issues:?}"
                    );
                    for made in [
                        empty_page("News", Some(&page.document), &library.kit),
                        not_found_page(Some(&page.document), &library.kit),
                        not_found_page(None, &library.kit),
                    ] {
                        assert_eq!(validate(&made, &library.kit), []);
                        assert_eq!(read(&engine_page::write(&made)).unwrap(), made);
                    }
                }
            }
        }
    }

    #[test]
    fn a_card_takes_the_fields_that_suit_it() {
        let view = view();
        let id = |n: u32| format!("item.{}", TableNo(7).field(FieldNo(n)));
        assert_eq!(
            card_props(&view),
            json!({"title": {"bind": id(1)}, "link": {"bind": id(3)}, "aside": {"bind": id(5)}, "text": {"bind": id(4)}})
        );
    }
}
