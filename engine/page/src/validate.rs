//! What is wrong with a page, in one walk. Nothing here changes or drops anything.

use crate::component::{Component, Kit};
use crate::document::{Document, Node, ROOT};
use crate::limits;
use crate::schema::{Problem, check_fields};
use serde_json::{Map, Value};

/// The named breakpoints, smallest last.
pub const BREAKPOINTS: [&str; 3] = ["desktop", "tablet", "phone"];

/// The kinds of issues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssueCode {
    /// No component of this name is in the kit; the node shows nothing.
    UnknownComponent,
    /// Made with a newer version of the component.
    NewerComponent,
    /// A prop does not fit the schema; the node shows nothing.
    BadProp,
    /// An override at a breakpoint does not fit; it has no effect.
    BadOverride,
    /// The component has no such slot; what is in it shows nothing.
    UnknownSlot,
    /// The slot does not take this component; it shows nothing.
    NotAdmitted,
    /// Fewer or more children than the slot wants.
    SlotCount,
    /// `each` without a slot to repeat, or a repeating slot without `each`.
    BadEach,
    /// A key has a value of the wrong shape.
    BadKey,
    /// A link leads to a page that is not there; set by the caller who knows the pages, and by the renderer.
    DeadLink,
    /// A view, asset or field that is not there; set by the renderer.
    MissingData,
    /// The template failed or used up its fuel; set by the renderer.
    Failed,
    /// The page is over the output limit; set by the renderer.
    TooLong,
}

impl IssueCode {
    /// The name for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownComponent => "unknown_component",
            Self::NewerComponent => "newer_component",
            Self::BadProp => "bad_prop",
            Self::BadOverride => "bad_override",
            Self::UnknownSlot => "unknown_slot",
            Self::NotAdmitted => "not_admitted",
            Self::SlotCount => "slot_count",
            Self::BadEach => "bad_each",
            Self::BadKey => "bad_key",
            Self::DeadLink => "dead_link",
            Self::MissingData => "missing_data",
            Self::Failed => "failed",
            Self::TooLong => "too_long",
        }
    }

    /// Whether the node shows nothing to visitors because of it.
    #[must_use]
    pub const fn hides(self) -> bool {
        matches!(
            self,
            Self::UnknownComponent | Self::BadProp | Self::NotAdmitted | Self::Failed | Self::TooLong
        )
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// The node's id, or `root`.
    pub node: String,
    /// Within the node: `props/items/2/label`; empty for the node itself.
    pub path: String,
    /// For programs.
    pub code: IssueCode,
    /// A sentence without its subject.
    pub hint: String,
}

impl Issue {
    pub(crate) fn new(node: &str, path: impl Into<String>, code: IssueCode, hint: impl Into<String>) -> Self {
        Self { node: node.to_owned(), path: path.into(), code, hint: hint.into() }
    }
}

/// Everything that is wrong with the page, in page order.
#[must_use]
pub fn validate(document: &Document, kit: &Kit) -> Vec<Issue> {
    let mut issues = Vec::new();
    if let Some(scheme) = document.props.get("scheme")
        && !scheme.as_str().is_some_and(|scheme| ["auto", "light", "dark"].contains(&scheme))
    {
        issues.push(Issue::new(ROOT, "props/scheme", IssueCode::BadProp, "must be one of auto, light, dark"));
    }
    for node in &document.nodes {
        if kit.get(&node.kind).is_some_and(|component| !component.outermost) {
            let hint = format!("a {} can't stand on the page by itself", node.kind);
            issues.push(Issue::new(&node.id, "", IssueCode::NotAdmitted, hint));
        }
        walk(node, kit, &mut issues);
    }
    issues
}

fn walk(node: &Node, kit: &Kit, issues: &mut Vec<Issue>) {
    let Some(component) = kit.get(&node.kind) else {
        let hint = format!("there is no component called {}", node.kind);
        issues.push(Issue::new(&node.id, "", IssueCode::UnknownComponent, hint));
        return;
    };
    check_node(node, component, issues);
    for (name, children) in &node.slots {
        let Some(slot) = component.slots.get(name) else {
            if !children.is_empty() {
                let hint = format!("{} has no slot {name}", component.title);
                issues.push(Issue::new(&node.id, format!("slots/{name}"), IssueCode::UnknownSlot, hint));
            }
            continue;
        };
        if children.len() > slot.max {
            let hint = format!("{} takes at most {}, has {}", slot.title, slot.max, children.len());
            issues.push(Issue::new(&node.id, format!("slots/{name}"), IssueCode::SlotCount, hint));
        }
        for child in children {
            if kit.get(&child.kind).is_some() && !kit.admits(Some(&node.kind), name, &child.kind) {
                let hint = format!("{} of {} does not take a {}", slot.title, component.title, child.kind);
                issues.push(Issue::new(&child.id, "", IssueCode::NotAdmitted, hint));
            }
            walk(child, kit, issues);
        }
    }
    for (name, slot) in &component.slots {
        let count = node.slots.get(name).map_or(0, Vec::len);
        if count < slot.min {
            let hint = format!("{} wants at least {}", slot.title, slot.min);
            issues.push(Issue::new(&node.id, format!("slots/{name}"), IssueCode::SlotCount, hint));
        }
    }
}

/// The issues of one node by itself.
pub(crate) fn check_node(node: &Node, component: &Component, issues: &mut Vec<Issue>) {
    if node.cv > component.version {
        let hint = format!(
            "was made with version {} of {}, this is {}",
            node.cv, component.title, component.version
        );
        issues.push(Issue::new(&node.id, "cv", IssueCode::NewerComponent, hint));
    }
    for problem in prop_problems(node, component) {
        let path = format!("props/{}", problem.path);
        issues.push(Issue::new(&node.id, path, IssueCode::BadProp, problem.hint));
    }
    for (breakpoint, value) in &node.at {
        for hint in override_problems(breakpoint, value, component) {
            issues.push(Issue::new(&node.id, format!("at/{breakpoint}"), IssueCode::BadOverride, hint));
        }
    }
    for breakpoint in node.hide.iter().filter(|name| !BREAKPOINTS.contains(&name.as_str())) {
        let hint = format!("{breakpoint} is not one of desktop, tablet, phone");
        issues.push(Issue::new(&node.id, "hide", IssueCode::BadOverride, hint));
    }
    match (&node.each, component.repeating_slot()) {
        (Some(_), None) => {
            let hint = format!("{} does not repeat anything", component.title);
            issues.push(Issue::new(&node.id, "each", IssueCode::BadEach, hint));
        }
        (None, Some(_)) => {
            issues.push(Issue::new(&node.id, "each", IssueCode::BadEach, "has no view to show yet"));
        }
        (Some(each), Some(_)) if each.limit == 0 || each.limit > limits::ROWS => {
            let hint = format!("must show 1 to {} rows", limits::ROWS);
            issues.push(Issue::new(&node.id, "each/limit", IssueCode::BadEach, hint));
        }
        _ => {}
    }
    for key in ["cv", "props", "at", "hide", "lock", "each"] {
        if node.rest.contains_key(key) {
            issues.push(Issue::new(&node.id, key, IssueCode::BadKey, "has a value of the wrong shape"));
        }
    }
}

pub(crate) fn prop_problems(node: &Node, component: &Component) -> Vec<Problem> {
    component.check(&node.props)
}

fn override_problems(breakpoint: &str, value: &Value, component: &Component) -> Vec<String> {
    if !BREAKPOINTS.contains(&breakpoint) {
        return vec![format!("{breakpoint} is not one of desktop, tablet, phone")];
    }
    let Some(props) = override_props(value) else { return vec!["must be {\"props\": {…}}".to_owned()] };
    let mut problems = Vec::new();
    check_fields(&component.props, &[], props, "", &mut problems);
    let mut hints: Vec<String> = problems.into_iter().map(|p| format!("{} {}", p.path, p.hint)).collect();
    for name in props.keys() {
        if component.props.get(name).is_some_and(|schema| !schema.responsive) {
            hints.push(format!("{name} can't differ by breakpoint"));
        }
    }
    hints
}

/// The props of an override.
pub(crate) fn override_props(value: &Value) -> Option<&Map<String, Value>> {
    value.get("props").and_then(Value::as_object)
}
