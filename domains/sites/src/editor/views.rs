//! Contexts of the editor's templates.

use super::fields::Field;
use super::tree::{AddGroup, Row};
use kernel_web::{FormState, View, register_view};
use serde::Serialize;

/// `app/sites/editor.html`.
#[derive(Serialize)]
pub(crate) struct EditorView {
    pub slug: String,
    pub site: String,
    pub site_name: String,
    pub page_id: String,
    pub title: String,
    pub path: String,
    /// The draft that the forms start from.
    pub number: u64,
    pub saved_at: String,
    /// The site's pages: id, title.
    pub pages: Vec<(String, String)>,
    pub tree: Vec<Row>,
    pub adds: Vec<AddGroup>,
    /// The selected component; `None`: the page's settings are shown.
    pub node: Option<NodePanel>,
    pub settings: FormState,
    /// Above the form: why it was not saved.
    pub message: Option<String>,
    /// Who saved in the meantime, when that is why. The moment is `saved_at`.
    pub overtaken_by: Option<String>,
    /// What was typed for a component that is gone: name, text.
    pub orphaned: Vec<(String, String)>,
    pub may_edit: bool,
    pub may_publish: bool,
    /// Whether the draft is not what visitors see.
    pub changed: bool,
    /// Where visitors see the page, when it is public.
    pub url: Option<String>,
}

/// The form of the selected component.
#[derive(Serialize)]
pub(crate) struct NodePanel {
    pub id: String,
    pub title: String,
    pub description: String,
    pub icon: String,
    pub fields: Vec<Field>,
    /// The view that a list shows.
    pub data: Vec<Field>,
    pub hide: Vec<(&'static str, &'static str, bool)>,
    pub issues: Vec<String>,
    pub locked: bool,
    /// Whether the component is known; of an unknown one nothing can be edited.
    pub known: bool,
}

impl View for EditorView {
    const TEMPLATE: &'static str = "app/sites/editor.html";
    fn samples() -> Vec<Self> {
        let text = |name: &str, label: &str, value: &str| Field {
            kind: "text",
            name: name.into(),
            label: label.into(),
            value: value.into(),
            maxlength: Some(80),
            ..Field::default()
        };
        let fields = vec![
            Field {
                error: "must be at most 80 characters, has 90".into(),
                help: "Stands above.".into(),
                ..text("p.kicker", "Line above", "x")
            },
            Field { kind: "textarea", rows: 2, ..text("p.heading", "Headline", "Bread *daily*") },
            Field { kind: "number", ..text("p.count", "Count", "3") },
            Field { kind: "checkbox", ..text("p.on", "On", "true") },
            Field {
                kind: "select",
                options: vec![("split".into(), "Split".into())],
                ..text("p.layout", "Layout", "split")
            },
            Field {
                kind: "group",
                parts: vec![Field {
                    kind: "group",
                    parts: vec![text("p.items.0.label", "Label", "Go")],
                    error: "is missing".into(),
                    ..text("p.items.0", "1", "")
                }],
                ..text("p.items", "Links", "")
            },
        ];
        let row = |id: &str, depth: usize, selected: bool| Row {
            id: id.into(),
            title: "Hero".into(),
            icon: "maximize-2".into(),
            text: "Bread daily".into(),
            depth,
            selected,
            issues: depth,
        };
        let sample = |node: Option<NodePanel>, node_is_gone: bool| Self {
            slug: "acme".into(),
            site: "sit_1".into(),
            site_name: "Tarwe".into(),
            page_id: "pag_1".into(),
            title: "Home".into(),
            path: "/".into(),
            number: 3,
            saved_at: "2026-11-21T10:00:00Z".into(),
            pages: vec![("pag_1".into(), "Home".into()), ("pag_2".into(), "About".into())],
            tree: vec![row("a1", 0, node.is_some()), row("a2", 1, false)],
            adds: vec![AddGroup {
                label: "After this hero".into(),
                options: vec![("|text".into(), "Text".into())],
            }],
            node,
            settings: FormState::empty().value("title", "Home").error("path", "is taken by another page"),
            message: None,
            overtaken_by: Some("Mara Lind".into()),
            orphaned: if node_is_gone { vec![("heading".into(), "Bread daily".into())] } else { Vec::new() },
            may_edit: true,
            may_publish: true,
            changed: true,
            url: Some("http://tarwe.sites.example/".into()),
        };
        let panel = |known: bool, locked: bool| NodePanel {
            id: "a1".into(),
            title: "Hero".into(),
            description: "The opening of a page.".into(),
            icon: "maximize-2".into(),
            fields: if known { fields.clone() } else { Vec::new() },
            data: vec![Field {
                kind: "select",
                options: vec![(String::new(), "None".into())],
                ..text("each.view", "View", "")
            }],
            hide: vec![("phone", "phones", true), ("tablet", "tablets", false)],
            issues: vec!["heading is missing".into()],
            locked,
            known,
        };
        let mut viewer = sample(None, false);
        (viewer.may_edit, viewer.may_publish, viewer.changed) = (false, false, false);
        (viewer.url, viewer.overtaken_by, viewer.tree, viewer.adds) = (None, None, Vec::new(), Vec::new());
        viewer.message = Some("This can't be moved.".into());
        vec![
            sample(None, false),
            sample(None, true),
            sample(Some(panel(true, false)), false),
            sample(Some(panel(false, true)), false),
            viewer,
        ]
    }
}
register_view!(EditorView);
