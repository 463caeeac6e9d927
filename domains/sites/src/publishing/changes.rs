//! What is different between two versions of a page, in words. Pure.

use crate::pages::PageSettings;
use engine_page::{Document, Kit, Node, rich_text};
use serde_json::Value;
use std::collections::HashMap;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The component's title, or the setting's name.
    pub what: String,
    /// `added`, `removed`, `changed`, `moved`.
    pub how: &'static str,
    /// What it said before, in short; empty when that says nothing.
    pub before: String,
    /// What it says now.
    pub after: String,
}

/// The differences from `old` to `new`, in page order, settings first.
#[must_use]
pub fn changes(
    (old_settings, old): (&PageSettings, &Document),
    (new_settings, new): (&PageSettings, &Document),
    kit: &Kit,
) -> Vec<Change> {
    let mut out = Vec::new();
    let yes = |on: bool| if on { "yes" } else { "no" }.to_owned();
    for (what, before, after) in [
        ("Title", old_settings.title.clone(), new_settings.title.clone()),
        ("Address", old_settings.path.clone(), new_settings.path.clone()),
        ("Description", old_settings.description.clone(), new_settings.description.clone()),
        ("In the menu", yes(old_settings.in_menu), yes(new_settings.in_menu)),
        ("Hidden from search engines", yes(old_settings.noindex), yes(new_settings.noindex)),
    ] {
        if before != after {
            out.push(Change { what: what.to_owned(), how: "changed", before, after });
        }
    }
    if old.props != new.props {
        out.push(Change {
            what: "Page".to_owned(),
            how: "changed",
            before: String::new(),
            after: String::new(),
        });
    }
    let places = |document: &Document| {
        let mut nodes: HashMap<String, Value> = HashMap::new();
        document.walk(&mut |node, _| {
            let place = document.place(&node.id).map(|(place, _)| (place.parent, place.slot));
            nodes.insert(
                node.id.clone(),
                serde_json::json!([place.as_ref().map(|p| &p.0), place.as_ref().map(|p| &p.1)]),
            );
        });
        nodes
    };
    let (before, after) = (places(old), places(new));
    let order = moved_within(old, new, |node| {
        before.get(&node.id).is_some_and(|was| after.get(&node.id) == Some(was))
    });
    new.walk(&mut |node, _| {
        let what = title(node, kit);
        match old.find(&node.id) {
            None => out.push(Change { what, how: "added", before: String::new(), after: summary(node) }),
            Some(was) if !same(was, node) => {
                let (before, after) = (summary(was), summary(node));
                let same = before == after;
                out.push(Change {
                    what,
                    how: "changed",
                    before: if same { String::new() } else { before },
                    after: if same { String::new() } else { after },
                });
            }
            Some(_) if before.get(&node.id) != after.get(&node.id) || order.contains(&node.id) => {
                out.push(Change { what, how: "moved", before: String::new(), after: summary(node) });
            }
            Some(_) => {}
        }
    });
    old.walk(&mut |node, _| {
        if !after.contains_key(&node.id) {
            out.push(Change {
                what: title(node, kit),
                how: "removed",
                before: summary(node),
                after: String::new(),
            });
        }
    });
    out
}

/// Nodes that changed places with siblings that stayed, as few as possible: those outside the longest run of siblings
/// that are still in the old order.
fn moved_within(old: &Document, new: &Document, stayed: impl Fn(&Node) -> bool) -> Vec<String> {
    let mut moved = Vec::new();
    let mut lists: Vec<&[Node]> = vec![&new.nodes];
    let mut position: HashMap<&str, usize> = HashMap::new();
    old.walk(&mut |node, _| {
        let next = position.len();
        position.insert(&node.id, next);
    });
    while let Some(nodes) = lists.pop() {
        lists.extend(nodes.iter().flat_map(|node| node.slots.values().map(Vec::as_slice)));
        let kept: Vec<&Node> = nodes.iter().filter(|node| stayed(node)).collect();
        let order: Vec<usize> =
            kept.iter().filter_map(|node| position.get(node.id.as_str()).copied()).collect();
        let still = longest_rising(&order);
        let out_of_order = kept.iter().enumerate().filter(|(index, _)| !still.contains(index));
        moved.extend(out_of_order.map(|(_, node)| node.id.clone()));
    }
    moved
}

/// Indices of a longest rising subsequence.
fn longest_rising(values: &[usize]) -> Vec<usize> {
    let mut length = vec![1; values.len()];
    let mut before = vec![None; values.len()];
    for here in 0..values.len() {
        for earlier in 0..here {
            if values[earlier] < values[here] && length[earlier] + 1 > length[here] {
                length[here] = length[earlier] + 1;
                before[here] = Some(earlier);
            }
        }
    }
    let mut at = (0..values.len()).max_by_key(|index| length[*index]);
    let mut out = Vec::new();
    while let Some(index) = at {
        out.push(index);
        at = before[index];
    }
    out
}

/// Equal apart from what is in the slots.
fn same(a: &Node, b: &Node) -> bool {
    let bare = |node: &Node| Node { slots: Default::default(), ..node.clone() };
    bare(a) == bare(b)
}

fn title(node: &Node, kit: &Kit) -> String {
    kit.get(&node.kind).map_or_else(|| node.kind.clone(), |component| component.title.clone())
}

/// The first words of a node, to recognise it by.
#[must_use]
pub fn summary(node: &Node) -> String {
    // Rich text first, then what names the thing; other texts are settings.
    let rich = node.props.values().filter(|value| value.is_object());
    let named = ["title", "label", "caption", "brand"].iter().filter_map(|name| node.props.get(*name));
    let mut texts = rich.chain(named).map(rich_text::plain);
    let text = texts.find(|text| !text.trim().is_empty()).unwrap_or_default();
    shorten(&text, 60)
}

fn shorten(text: &str, most: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= most {
        return text;
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Library;

    fn settings(title: &str) -> PageSettings {
        PageSettings {
            path: "/".into(),
            title: title.into(),
            description: String::new(),
            in_menu: true,
            noindex: false,
        }
    }

    fn check(new: &str, expected: &[&str]) {
        let old = r#"{"v":1,"nodes":[{"id":"a","type":"hero","props":{"heading":{"rt":[{"t":"Hello"}]}}},{"id":"s","type":"section","slots":{"content":[
            {"id":"t","type":"text","props":{"body":{"rt":[{"t":"One"}]}}},{"id":"u","type":"text","props":{"body":{"rt":[{"t":"Two"}]}}}]}}]}"#;
        let library = Library::load().unwrap();
        let read = |text: &str| engine_page::read(text).unwrap();
        let found = changes((&settings("Home"), &read(old)), (&settings("Home"), &read(new)), &library.kit);
        let found: Vec<String> =
            found.iter().map(|c| format!("{} {}: {} → {}", c.what, c.how, c.before, c.after)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn differences_in_words() {
        check(
            r#"{"v":1,"nodes":[{"id":"a","type":"hero","props":{"heading":{"rt":[{"t":"Hello"}]}}},{"id":"s","type":"section","slots":{"content":[
            {"id":"t","type":"text","props":{"body":{"rt":[{"t":"One"}]}}},{"id":"u","type":"text","props":{"body":{"rt":[{"t":"Two"}]}}}]}}]}"#,
            &[],
        );
        check(
            r#"{"v":1,"nodes":[{"id":"a","type":"hero","props":{"heading":{"rt":[{"t":"Good day"}]}}},{"id":"s","type":"section","slots":{"content":[
            {"id":"t","type":"text","props":{"body":{"rt":[{"t":"One"}]},"size":"lead"}}]}},{"id":"b","type":"button","props":{"label":"Go"}}]}"#,
            &[
                "Hero changed: Hello → Good day",
                "Text changed:  → ",
                "Button added:  → Go",
                "Text removed: Two → ",
            ],
        );
        check(
            r#"{"v":1,"nodes":[{"id":"u","type":"text","props":{"body":{"rt":[{"t":"Two"}]}}},{"id":"a","type":"hero","props":{"heading":{"rt":[{"t":"Hello"}]}}},
            {"id":"s","type":"section","slots":{"content":[{"id":"t","type":"text","props":{"body":{"rt":[{"t":"One"}]}}}]}}]}"#,
            &["Text moved:  → Two"],
        );
    }
}
