//! The page as rows of a tree, and what can be added where. Pure.

use crate::publishing::changes_summary;
use engine_page::{Component, Document, Issue, Kit, Node};
use serde::Serialize;

/// A row of the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Row {
    pub id: String,
    pub title: String,
    pub icon: String,
    /// Its first words.
    pub text: String,
    /// From 0.
    pub depth: usize,
    pub selected: bool,
    /// How many things are wrong with it.
    pub issues: usize,
}

/// Components that can be put in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct AddGroup {
    pub label: String,
    /// `slot|component` with the title of the component; `slot` is `>name` inside, empty after the node.
    pub options: Vec<(String, String)>,
}

pub(crate) fn rows(document: &Document, kit: &Kit, selected: Option<&str>, issues: &[Issue]) -> Vec<Row> {
    let mut out = Vec::new();
    document.walk(&mut |node, depth| {
        let component = kit.get(&node.kind);
        out.push(Row {
            id: node.id.clone(),
            title: component.map_or_else(|| node.kind.clone(), |component| component.title.clone()),
            icon: component.map_or("circle-help", |component| component.icon.as_str()).to_owned(),
            text: changes_summary(node),
            depth: depth - 1,
            selected: selected == Some(node.id.as_str()),
            issues: issues.iter().filter(|issue| issue.node == node.id).count(),
        });
    });
    out
}

/// What can be put into the selected node's slots and after it; without a selection: at the end of the page.
pub(crate) fn additions(document: &Document, kit: &Kit, selected: Option<&Node>) -> Vec<AddGroup> {
    let mut out = Vec::new();
    let group = |label: String, slot: &str, parent: Option<&str>, name: &str| {
        let takes = |component: &&Component| kit.admits(parent, name, &component.name);
        let options = kit
            .iter()
            .filter(takes)
            .map(|component| (format!("{slot}|{}", component.name), component.title.clone()));
        AddGroup { label, options: options.collect() }
    };
    if let Some(node) = selected {
        if let Some(component) = kit.get(&node.kind) {
            for (name, slot) in &component.slots {
                if node.slots.get(name).map_or(0, Vec::len) < slot.max {
                    let label = format!("Into {}: {}", component.title, slot.title.to_lowercase());
                    out.push(group(label, &format!(">{name}"), Some(&node.kind), name));
                }
            }
        }
        if let Some((place, _)) = document.place(&node.id) {
            let parent = place.parent.as_deref().and_then(|id| document.find(id));
            let full = parent.is_some_and(|parent| {
                let slot = kit.get(&parent.kind).and_then(|component| component.slots.get(&place.slot));
                slot.is_some_and(|slot| parent.slots.get(&place.slot).map_or(0, Vec::len) >= slot.max)
            });
            if !full {
                let title =
                    kit.get(&node.kind).map_or(node.kind.as_str(), |component| component.title.as_str());
                out.push(group(
                    format!("After this {}", title.to_lowercase()),
                    "",
                    parent.map(|parent| parent.kind.as_str()),
                    &place.slot,
                ));
            }
        }
    } else {
        out.push(group("At the end of the page".to_owned(), "", None, ""));
    }
    out.retain(|group| !group.options.is_empty());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Library;
    use engine_page::read;

    #[test]
    fn the_tree_and_what_can_be_added() {
        let library = Library::load().unwrap();
        let document = read(
            r#"{"v":1,"nodes":[{"id":"h","type":"hero","props":{"heading":{"rt":[{"t":"Hello"}]}},"slots":{"actions":[{"id":"b","type":"button","props":{"label":"Go"}}]}},{"id":"x","type":"gone"}]}"#,
        )
        .unwrap();
        let rows = rows(&document, &library.kit, Some("b"), &engine_page::validate(&document, &library.kit));
        let shown: Vec<String> = rows
            .iter()
            .map(|r| {
                format!(
                    "{}{} {}{}{}",
                    "-".repeat(r.depth),
                    r.title,
                    r.text,
                    if r.selected { "*" } else { "" },
                    "!".repeat(r.issues)
                )
            })
            .collect();
        assert_eq!(shown, ["Hero Hello", "-Button Go*", "gone !"]);
        let labels = |id: Option<&str>| {
            let groups = additions(&document, &library.kit, id.and_then(|id| document.find(id)));
            groups
                .into_iter()
                .map(|g| {
                    format!(
                        "{} ({})",
                        g.label,
                        g.options.iter().map(|o| o.0.as_str()).collect::<Vec<_>>().join(" ")
                    )
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(labels(Some("b")), ["After this button (|button)"]);
        assert_eq!(labels(Some("h"))[0], "Into Hero: buttons (>actions|button)");
        assert!(labels(Some("h"))[1].starts_with("After this hero (|section |columns |hero"));
        assert!(labels(None)[0].starts_with("At the end of the page ("));
    }
}
