//! Operations, limits and the renderer as a whole, with the built-in components.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use engine_page::{
    Component, Document, Kit, Mode, Node, Op, RefusedCode, apply, limits, read, render, revert, strip, write,
    write_node,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::LazyLock;

static KIT: LazyLock<Kit> = LazyLock::new(common::kit);

fn page() -> Document {
    read(
        &json!({"v": 1, "nodes": [
            {"id": "s1", "type": "section", "slots": {"content": [
                {"id": "t1", "type": "text", "props": {"body": {"rt": [{"t": "one"}]}}},
                {"id": "c1", "type": "columns", "slots": {"items": [{"id": "t2", "type": "text"}]}}]}},
            {"id": "h1", "type": "hero", "lock": "layout", "slots": {"actions": [{"id": "b1", "type": "button"}]}},
            {"id": "x1", "type": "unknown-one", "slots": {"any": [{"id": "t3", "type": "text"}]}},
        ]})
        .to_string(),
    )
    .unwrap()
}

fn check(ops: Value, expected: Result<&str, RefusedCode>) {
    let before = page();
    let ops: Vec<Op> = serde_json::from_value(ops).unwrap();
    match (apply(&before, &KIT, &ops), expected) {
        (Ok((after, inverse)), Ok(outline)) => {
            assert_eq!(self::outline(&after.nodes), outline);
            assert_eq!(read(&write(&after)).unwrap(), after);
            let (back, _) = revert(&after, &inverse).unwrap();
            assert_eq!(back, before);
        }
        (Err(refused), Err(code)) => assert_eq!(refused.code, code, "{refused}"),
        (got, expected) => panic!("{ops:?}: {got:?}, not {expected:?}"),
    }
}

fn outline(nodes: &[Node]) -> String {
    let one = |node: &Node| {
        let slots: Vec<String> = node.slots.values().map(|children| outline(children)).collect();
        if slots.is_empty() { node.id.clone() } else { format!("{}({})", node.id, slots.join("|")) }
    };
    nodes.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[test]
fn operations() {
    let text = |id: &str| json!({"id": id, "type": "text"});
    check(json!([{"op": "insert", "tree": text("n")}]), Ok("n s1(t1 c1(t2)) h1(b1) x1(t3)"));
    check(
        json!([{"op": "insert", "parent": "c1", "slot": "items", "after": "t2", "tree": text("n")}]),
        Ok("s1(t1 c1(t2 n)) h1(b1) x1(t3)"),
    );
    check(json!([{"op": "remove", "id": "t2"}]), Ok("s1(t1 c1) h1(b1) x1(t3)"));
    check(json!([{"op": "remove", "id": "s1"}]), Ok("h1(b1) x1(t3)"));
    check(
        json!([{"op": "move", "id": "t2", "parent": "s1", "slot": "content"}]),
        Ok("s1(t2 t1 c1) h1(b1) x1(t3)"),
    );
    check(
        json!([{"op": "move", "id": "t1", "parent": "s1", "slot": "content", "after": "c1"}]),
        Ok("s1(c1(t2) t1) h1(b1) x1(t3)"),
    );
    check(json!([{"op": "move", "id": "t3", "after": "s1"}]), Ok("s1(t1 c1(t2)) t3 h1(b1) x1"));
    check(
        json!([{"op": "set", "id": "t1", "path": "props/size", "value": "lead"}, {"op": "set", "id": "t1", "path": "props/body"}]),
        Ok("s1(t1 c1(t2)) h1(b1) x1(t3)"),
    );
    check(
        json!([{"op": "set", "id": "c1", "path": "each", "value": {"view": "viw1", "limit": 3}}, {"op": "set", "id": "c1", "path": "hide", "value": ["phone"]},
        {"op": "set", "id": "c1", "path": "at/phone", "value": {"props": {"columns": "2"}}}, {"op": "set", "id": "root", "path": "props/scheme", "value": "dark"}]),
        Ok("s1(t1 c1(t2)) h1(b1) x1(t3)"),
    );

    check(json!([{"op": "remove", "id": "t1"}, {"op": "remove", "id": "t1"}]), Err(RefusedCode::UnknownNode));
    check(json!([{"op": "remove", "id": "h1"}]), Err(RefusedCode::Locked));
    check(json!([{"op": "move", "id": "s1", "parent": "c1", "slot": "items"}]), Err(RefusedCode::IntoItself));
    check(
        json!([{"op": "move", "id": "t1", "parent": "s1", "slot": "content", "after": "t2"}]),
        Err(RefusedCode::UnknownSibling),
    );
    check(
        json!([{"op": "insert", "parent": "h1", "slot": "actions", "tree": text("n")}]),
        Err(RefusedCode::NotAdmitted),
    );
    check(
        json!([{"op": "insert", "parent": "s1", "slot": "nowhere", "tree": {"id": "n", "type": "unknown-one"}}]),
        Err(RefusedCode::NotAdmitted),
    );
    check(json!([{"op": "insert", "tree": text("t1")}]), Err(RefusedCode::DuplicateId));
    check(json!([{"op": "insert", "tree": {"type": "text"}}]), Err(RefusedCode::BadTree));
    check(json!([{"op": "set", "id": "t1", "path": "id", "value": "x"}]), Err(RefusedCode::BadValue));
    let buttons: Vec<Value> = (0..3)
        .map(|n| json!({"op": "insert", "parent": "h1", "slot": "actions", "tree": {"id": format!("n{n}"), "type": "button"}}))
        .collect();
    check(json!(buttons), Err(RefusedCode::SlotFull));
    let nested: Vec<Value> = (0..limits::DEPTH)
        .map(|n| {
            let parent = if n == 0 { "c1".to_owned() } else { format!("n{}", n - 1) };
            json!({"op": "insert", "parent": parent, "slot": "items", "tree": {"id": format!("n{n}"), "type": "columns"}})
        })
        .collect();
    check(json!(nested), Err(RefusedCode::TooDeep));
    check(
        json!([{"op": "set", "id": "t1", "path": "props/body", "value": "x".repeat(limits::BYTES)}]),
        Err(RefusedCode::TooLarge),
    );
}

/// What a random editor tries; most of it is refused, which is part of the test.
fn any_op() -> impl Strategy<Value = Op> {
    const IDS: [&str; 12] = ["s1", "t1", "c1", "t2", "h1", "b1", "x1", "t3", "n0", "n1", "n2", "n3"];
    let id = || prop::sample::select(IDS.to_vec()).prop_map(str::to_owned);
    let slot =
        || prop::sample::select(vec!["", "content", "items", "actions", "any"]).prop_map(str::to_owned);
    let kind =
        prop::sample::select(vec!["text", "columns", "section", "button", "hero", "list", "who-knows"]);
    let place = move || (prop::option::of(id()), slot(), prop::option::of(id()));
    let value = prop::sample::select(vec![
        json!("x"),
        json!(1),
        json!(["phone"]),
        json!({"view": "v", "limit": 2}),
        json!({"bind": "item.x"}),
    ]);
    let path =
        prop::sample::select(vec!["props/body", "props/heading", "at/phone", "hide", "each", "lock", "id"]);
    prop_oneof![
        (place(), id(), kind).prop_map(|((parent, slot, after), id, kind)| Op::Insert {
            parent,
            slot,
            after,
            tree: write_node(&Node::new(&id, kind, serde_json::Map::new())),
        }),
        (id(), place()).prop_map(|(id, (parent, slot, after))| Op::Move { id, parent, slot, after }),
        id().prop_map(|id| Op::Remove { id }),
        (id(), path, prop::option::of(value)).prop_map(|(id, path, value)| Op::Set {
            id,
            path: path.to_owned(),
            value
        }),
    ]
}

proptest! {
    #[test]
    fn random_edits_keep_the_invariants(ops in prop::collection::vec(any_op(), 1..40)) {
        let start = page();
        let (mut document, mut undo) = (start.clone(), Vec::new());
        for op in ops {
            let Ok((next, mut inverse)) = apply(&document, &KIT, std::slice::from_ref(&op)) else { continue };
            let (back, _) = revert(&next, &inverse).expect("the inverse holds");
            prop_assert_eq!(&back, &document);
            inverse.append(&mut undo);
            undo = inverse;
            document = next;
        }
        let (mut ids, mut deepest) = (HashSet::new(), 0);
        document.walk(&mut |node, depth| {
            assert!(ids.insert(node.id.clone()), "{} twice", node.id);
            deepest = deepest.max(depth);
        });
        prop_assert!(deepest <= limits::DEPTH);
        let text = write(&document);
        let again = read(&text).unwrap();
        prop_assert_eq!(write(&again), text);
        let data = common::data();
        let public = render(&document, &KIT, &data, Mode::Public);
        let canvas = render(&document, &KIT, &data, Mode::Canvas { selected: Some("t1") });
        prop_assert_eq!(strip(&canvas.html), public.html);
        prop_assert_eq!(revert(&document, &undo).unwrap().0, start);
    }

    #[test]
    fn reading_never_panics(text in r#"[\[\]{}":,a-z0-9]{0,60}"#) {
        let _ = read(&text);
    }
}

#[test]
fn templates_can_not_escape() {
    let manifest = |props: &str| {
        format!(
            r#"{{"title":"T","description":"","icon":"x","version":1,"props":{{"type":"object","additionalProperties":false,"properties":{{{props}}}}}}}"#
        )
    };
    for (template, message) in [
        ("{{ attrs|safe }}", "unknown filter"),
        ("{% include 'template' %}", "can't be shown"),
        ("{{ secrets }}", "undefined"),
        (
            "{% for a in [1,2,3,4,5,6,7,8,9] %}{% for b in [1,2,3,4,5,6,7,8,9] %}{% for c in [1,2,3,4,5,6,7,8,9] %}{% for d in [1,2,3,4,5,6,7,8,9] %}{% for e in [1,2,3,4,5,6,7,8,9] %}{{ a }}{% endfor %}{% endfor %}{% endfor %}{% endfor %}{% endfor %}",
            "fuel",
        ),
    ] {
        let problem = match Component::compile("mine", &manifest(""), template, "") {
            Err(error) => error.to_string(),
            Ok(component) => {
                let document = read(r#"{"v":1,"nodes":[{"id":"a","type":"mine"}]}"#).unwrap();
                let rendered = render(&document, &Kit::new([component]), &common::data(), Mode::Public);
                assert_eq!(rendered.html, "<main id=\"content\" tabindex=\"-1\"></main>");
                rendered.issues[0].hint.clone()
            }
        };
        assert!(problem.contains(message), "{template}: {problem}");
    }
}

#[test]
fn every_component_has_what_the_editor_needs() {
    let kit = common::kit();
    let names: Vec<&str> = kit.iter().map(|component| component.name.as_str()).collect();
    assert_eq!(
        names,
        ["button", "card", "columns", "footer", "hero", "image", "list", "nav", "section", "text"]
    );
    for component in kit.iter() {
        assert!(
            !component.title.is_empty() && !component.description.is_empty() && !component.icon.is_empty()
        );
        for (name, schema) in &component.props {
            assert!(!schema.title.is_empty(), "{}/{name} has no title", component.name);
        }
        for (name, slot) in &component.slots {
            assert!(slot.allow.iter().all(|name| kit.get(name).is_some()), "{}/{name}", component.name);
        }
        let document = Document {
            nodes: vec![Node::new("a", &component.name, component.sample.clone())],
            ..Document::default()
        };
        let rendered = render(&document, &kit, &common::data(), Mode::Public);
        assert_eq!(rendered.issues, [], "{}", component.name);
        assert!(
            rendered.html.contains(&format!("c-{}", component.name)),
            "{}: {}",
            component.name,
            rendered.html
        );
        assert_eq!(
            component.style.matches('{').count(),
            component.style.matches('}').count(),
            "{}",
            component.name
        );
    }
}
