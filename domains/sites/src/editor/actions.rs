//! From a sent form to operations. Pure.

use super::fields::{Form, NARROWER, props};
use crate::starter;
use bases::ViewChoice;
use engine_page::{Document, Kit, Node, Op, Region, write_node};
use kernel_core::{Code, Error, Result};
use serde_json::{Map, Value, json};

/// What the person asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Save the selected component's form.
    Save,
    /// Add a component.
    Add,
    /// One place up among its siblings.
    Up,
    /// One place down.
    Down,
    /// Take it away.
    Remove,
    /// Save the page's settings.
    Settings,
}

impl Action {
    pub(crate) fn of(form: &Form) -> Result<Self> {
        match form.get("action").map(String::as_str) {
            Some("save") => Ok(Self::Save),
            Some("add") => Ok(Self::Add),
            Some("up") => Ok(Self::Up),
            Some("down") => Ok(Self::Down),
            Some("remove") => Ok(Self::Remove),
            Some("settings") => Ok(Self::Settings),
            _ => Err(Error::new(Code::BadRequest)),
        }
    }
}

/// The operations and the node to select afterwards.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Edit {
    pub ops: Vec<Op>,
    pub select: Option<String>,
}

/// `fresh`: a new id that the page does not have.
pub(crate) fn edit(
    action: &Action,
    document: &Document,
    kit: &Kit,
    node: Option<&Node>,
    form: &Form,
    views: &[ViewChoice],
    fresh: impl FnMut() -> String,
) -> Result<Edit> {
    match action {
        Action::Settings => Ok(Edit { ops: settings(document, form), select: None }),
        Action::Add => add(document, kit, node, form, fresh),
        Action::Save => {
            let node = node.ok_or_else(Error::not_found)?;
            Ok(Edit { ops: save(kit, node, form, views), select: Some(node.id.clone()) })
        }
        Action::Up | Action::Down => {
            let node = node.ok_or_else(Error::not_found)?;
            let ops = shift(document, node, *action == Action::Up).into_iter().collect();
            Ok(Edit { ops, select: Some(node.id.clone()) })
        }
        Action::Remove => {
            let node = node.ok_or_else(Error::not_found)?;
            let parent = document.place(&node.id).and_then(|(place, _)| place.parent);
            Ok(Edit { ops: vec![Op::Remove { id: node.id.clone() }], select: parent })
        }
    }
}

fn settings(document: &Document, form: &Form) -> Vec<Op> {
    let old = document.props.get("scheme").cloned();
    let new = form.get("scheme").filter(|scheme| ["light", "dark"].contains(&scheme.as_str()));
    set("root", "props/scheme", old, new.map(|scheme| scheme.as_str().into())).into_iter().collect()
}

fn set(id: &str, path: &str, old: Option<Value>, new: Option<Value>) -> Option<Op> {
    (old != new).then(|| Op::Set { id: id.to_owned(), path: path.to_owned(), value: new })
}

fn save(kit: &Kit, node: &Node, form: &Form, views: &[ViewChoice]) -> Vec<Op> {
    let mut ops = Vec::new();
    let Some(component) = kit.get(&node.kind) else { return ops };
    let new = props(component, &node.props, form);
    for name in component.props.keys() {
        ops.extend(set(
            &node.id,
            &format!("props/{name}"),
            node.props.get(name).cloned(),
            new.get(name).cloned(),
        ));
    }
    for (breakpoint, _) in NARROWER {
        let prefix = format!("at.{breakpoint}.");
        let old = node.at.get(breakpoint);
        let mut override_ = old.and_then(Value::as_object).cloned().unwrap_or_default();
        let mut overrides = override_.get("props").and_then(Value::as_object).cloned().unwrap_or_default();
        for (name, value) in form.iter().filter_map(|(key, value)| Some((key.strip_prefix(&prefix)?, value)))
        {
            if value.is_empty() {
                overrides.shift_remove(name);
            } else {
                overrides.insert(name.to_owned(), value.as_str().into());
            }
        }
        if overrides.is_empty() {
            override_.shift_remove("props");
        } else {
            override_.insert("props".to_owned(), Value::Object(overrides));
        }
        let new = (!override_.is_empty()).then_some(Value::Object(override_));
        ops.extend(set(&node.id, &format!("at/{breakpoint}"), old.cloned(), new));
    }
    if form.contains_key("hides") {
        let names = ["desktop", "tablet", "phone"];
        let hide: Vec<&str> =
            names.into_iter().filter(|name| form.contains_key(&format!("hide.{name}"))).collect();
        let new = (!hide.is_empty()).then(|| json!(hide));
        let old = (!node.hide.is_empty()).then(|| json!(node.hide));
        ops.extend(set(&node.id, "hide", old, new));
    }
    if let Some(view) = form.get("each.view") {
        ops.extend(bind(node, view, form.get("each.limit").map_or("", String::as_str), views));
    }
    ops
}

/// Shows a view. When the list shows rows for the first time, its card takes the fields that suit it.
fn bind(node: &Node, view: &str, limit: &str, views: &[ViewChoice]) -> Vec<Op> {
    let old = node.each.as_ref().map(|each| {
        let mut map = Map::new();
        map.insert("view".to_owned(), each.view.clone().into());
        map.insert("limit".to_owned(), each.limit.into());
        map.extend(each.rest.clone());
        map
    });
    let new = (!view.is_empty()).then(|| {
        let mut map = old.clone().unwrap_or_default();
        map.insert("view".to_owned(), view.into());
        // What is not a number is kept as it was typed: the page then says what is wrong.
        let limit = limit.trim().parse::<u32>().map_or_else(|_| Value::from(12), Value::from);
        map.insert("limit".to_owned(), limit);
        Value::Object(map)
    });
    let mut ops: Vec<Op> = set(&node.id, "each", old.map(Value::Object), new).into_iter().collect();
    let chosen = views.iter().find(|choice| choice.id.to_string() == view).filter(|_| node.each.is_none());
    let card = node.children().find(|child| child.kind == "card");
    if let (Some(chosen), Some(card)) = (chosen, card)
        && !card.props.values().any(|value| engine_page::schema::bind_path(value).is_some())
        && let Value::Object(props) = starter::card_props(chosen)
    {
        ops.extend(props.into_iter().filter_map(|(name, value)| {
            set(&card.id, &format!("props/{name}"), card.props.get(&name).cloned(), Some(value))
        }));
    }
    ops
}

fn add(
    document: &Document,
    kit: &Kit,
    node: Option<&Node>,
    form: &Form,
    mut fresh: impl FnMut() -> String,
) -> Result<Edit> {
    let choice = form.get("what").and_then(|what| what.split_once('|'));
    let (slot, kind) = choice.ok_or_else(|| Error::field("what", Code::Required, "is missing"))?;
    let component = kit.get(kind).ok_or_else(|| Error::field("what", Code::InvalidValue, "is not known"))?;
    let mut tree = Node::new(&fresh(), kind, component.sample.clone());
    tree.cv = component.version;
    if component.repeating_slot() == Some("item") && kit.admits(Some(kind), "item", "card") {
        let sample = kit.get("card").map(|card| card.sample.clone()).unwrap_or_default();
        tree.slots.insert("item".to_owned(), vec![Node::new(&fresh(), "card", sample)]);
    }
    let (parent, slot, after) = match (node, slot.strip_prefix('>')) {
        (Some(node), Some(slot)) => {
            let last = node.slots.get(slot).and_then(|children| children.last());
            (Some(node.id.clone()), slot.to_owned(), last.map(|last| last.id.clone()))
        }
        (Some(node), None) => {
            let (place, _) = document.place(&node.id).ok_or_else(Error::not_found)?;
            (place.parent, place.slot, Some(node.id.clone()))
        }
        (None, _) => {
            // Before the foot of the page, which is drawn last anyway.
            let is_body =
                |node: &&Node| kit.get(&node.kind).is_none_or(|component| component.region != Region::Footer);
            let last = document.nodes.iter().rev().find(is_body);
            (None, String::new(), last.map(|last| last.id.clone()))
        }
    };
    let select = Some(tree.id.clone());
    Ok(Edit { ops: vec![Op::Insert { parent, slot, after, tree: write_node(&tree) }], select })
}

/// One place among the siblings; nothing at either end.
fn shift(document: &Document, node: &Node, up: bool) -> Option<Op> {
    let (place, _) = document.place(&node.id)?;
    let siblings = document.siblings(place.parent.as_deref(), &place.slot)?;
    let at = siblings.iter().position(|sibling| sibling.id == node.id)?;
    let after = if up {
        let before = at.checked_sub(1)?;
        before.checked_sub(1).map(|index| siblings[index].id.clone())
    } else {
        Some(siblings.get(at + 1)?.id.clone())
    };
    Some(Op::Move { id: node.id.clone(), parent: place.parent, slot: place.slot, after })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Library;
    use engine_page::{apply, read, write};

    const PAGE: &str = r#"{"v":1,"nodes":[{"id":"n","type":"nav"},{"id":"s","type":"section","slots":{"content":[{"id":"t","type":"text","props":{"body":{"rt":[{"t":"One"}]}}},{"id":"l","type":"list","slots":{"item":[{"id":"c","type":"card","props":{"title":"Title"}}]}}]}},{"id":"f","type":"footer"}]}"#;

    fn check(selected: Option<&str>, form: &[(&str, &str)], expected: &str) {
        let library = Library::load().unwrap();
        let document = read(PAGE).unwrap();
        let form: Form = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let action = Action::of(&form).unwrap();
        let node = selected.and_then(|id| document.find(id));
        let mut ids = ["n1", "n2"].into_iter();
        let view = {
            use engine_base::ids::{FieldNo, TableNo, ViewNo};
            let table = TableNo(7);
            let fields = vec![bases::CollectionField {
                id: table.field(FieldNo(1)),
                name: "Name".into(),
                kind: "text",
                format: bases::FieldFormat::Text,
            }];
            ViewChoice { id: table.view(ViewNo(1)), name: "All".into(), table: "Breads".into(), fields }
        };
        let view_id = view.id.to_string();
        let form: Form = form.into_iter().map(|(k, v)| (k, v.replace("VIEW", &view_id))).collect();
        let fresh = || ids.next().unwrap().to_owned();
        let edit = edit(&action, &document, &library.kit, node, &form, &[view], fresh).unwrap();
        let (after, _) = apply(&document, &library.kit, &edit.ops).unwrap();
        assert_eq!(write(&after).replace(&view_id, "VIEW"), expected, "{form:?}");
    }

    #[test]
    fn forms_become_edits() {
        let save = ("action", "save");
        check(Some("t"), &[save, ("p.body", "One"), ("p.size", "normal")], PAGE);
        check(
            Some("t"),
            &[save, ("p.body", "**Two**"), ("p.size", "lead")],
            &PAGE.replace(r#"{"rt":[{"t":"One"}]}"#, r#"{"rt":[{"t":"Two","m":["b"]}]},"size":"lead""#),
        );
        check(
            Some("t"),
            &[save, ("p.body", "One"), ("hides", "1"), ("hide.phone", "on"), ("at.phone.align", "center")],
            &PAGE.replace(
                r#""One"}]}}"#,
                r#""One"}]}},"at":{"phone":{"props":{"align":"center"}}},"hide":["phone"]"#,
            ),
        );
        check(Some("l"), &[("action", "up")], &PAGE.replace(r#"{"id":"t","type":"text","props":{"body":{"rt":[{"t":"One"}]}}},{"id":"l","type":"list","slots":{"item":[{"id":"c","type":"card","props":{"title":"Title"}}]}}"#, r#"{"id":"l","type":"list","slots":{"item":[{"id":"c","type":"card","props":{"title":"Title"}}]}},{"id":"t","type":"text","props":{"body":{"rt":[{"t":"One"}]}}}"#));
        check(Some("t"), &[("action", "up")], PAGE);
        check(Some("f"), &[("action", "down")], PAGE);
        check(
            Some("c"),
            &[("action", "remove")],
            &PAGE.replace(r#","slots":{"item":[{"id":"c","type":"card","props":{"title":"Title"}}]}"#, ""),
        );
        check(
            None,
            &[("action", "add"), ("what", "|text")],
            &PAGE.replace(
                r#",{"id":"f""#,
                r#",{"id":"n1","type":"text","props":{"body":{"rt":[{"t":"Write here."}]}}},{"id":"f""#,
            ),
        );
        check(
            Some("s"),
            &[("action", "add"), ("what", ">content|columns")],
            &PAGE.replace(r#""Title"}}]}}]"#, r#""Title"}}]}},{"id":"n1","type":"columns"}]"#),
        );
        check(
            None,
            &[("action", "settings"), ("scheme", "dark")],
            &PAGE.replace(r#""v":1,"#, r#""v":1,"root":{"props":{"scheme":"dark"}},"#),
        );
    }

    #[test]
    fn a_list_that_gets_its_first_view_binds_its_card() {
        let library = Library::load().unwrap();
        let document = read(PAGE).unwrap();
        let table = engine_base::ids::TableNo(7);
        let field = table.field(engine_base::ids::FieldNo(1));
        let view = ViewChoice {
            id: table.view(engine_base::ids::ViewNo(1)),
            name: "All".into(),
            table: "Breads".into(),
            fields: vec![bases::CollectionField {
                id: field,
                name: "Name".into(),
                kind: "text",
                format: bases::FieldFormat::Text,
            }],
        };
        let form: Form =
            [("each.view".to_owned(), view.id.to_string()), ("each.limit".to_owned(), "3".to_owned())].into();
        let node = document.find("l");
        let edit = edit(&Action::Save, &document, &library.kit, node, &form, &[view], String::new).unwrap();
        let (after, _) = apply(&document, &library.kit, &edit.ops).unwrap();
        assert_eq!(after.find("l").unwrap().each.as_ref().unwrap().limit, 3);
        assert_eq!(after.find("c").unwrap().props["title"], json!({"bind": format!("item.{field}")}));
    }
}
