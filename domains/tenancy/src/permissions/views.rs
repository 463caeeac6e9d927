//! Contexts of the permissions pages.

use super::why::Why;
use kernel_web::{FormState, View, register_view};
use serde::Serialize;

/// `app/permissions.html`: everybody, the groups, the organisation's own roles.
#[derive(Serialize)]
pub struct PermissionsView {
    /// The organisation's name.
    pub name: String,
    /// Its address.
    pub slug: String,
    /// Members, strongest role first.
    pub people: Vec<PersonItem>,
    /// Groups by name.
    pub groups: Vec<SharedItem>,
    /// The organisation's own roles by name.
    pub roles: Vec<SharedItem>,
    /// The form for a new group.
    pub group: FormState,
    /// The form for a new role.
    pub role: FormState,
    /// Whether the plan has roles of one's own.
    pub own_roles: bool,
}

/// One member.
#[derive(Serialize)]
pub struct PersonItem {
    /// `usr_…`.
    pub id: String,
    /// The name.
    pub name: String,
    /// One or two letters.
    pub initials: String,
    /// The address.
    pub email: String,
    /// The role's name.
    pub role: String,
    /// The organisation's own role, if the person has one.
    pub own_role: Option<String>,
    /// The groups' names.
    pub groups: Vec<String>,
    /// How many exceptions are the person's own.
    pub exceptions: usize,
    /// RFC 3339: when a guest's access ends.
    pub expires_at: Option<String>,
    /// Whether that was.
    pub expired: bool,
}

/// A group or a role.
#[derive(Serialize)]
pub struct SharedItem {
    /// `grp_…` or `rol_…`.
    pub id: String,
    /// The name.
    pub name: String,
    /// How many exceptions it has.
    pub exceptions: usize,
    /// How many members have it.
    pub members: i64,
    /// Whether the organisation's directory manages it.
    pub managed: bool,
}

impl View for PermissionsView {
    const TEMPLATE: &'static str = "app/permissions.html";
    fn samples() -> Vec<Self> {
        let person = |name: &str, role: &str, exceptions| PersonItem {
            id: format!("usr_{name}"),
            name: name.into(),
            initials: "AD".into(),
            email: "alex@acme.example".into(),
            role: role.into(),
            own_role: (exceptions > 1).then(|| "Accountant".into()),
            groups: if exceptions > 1 { vec!["Sales".into()] } else { Vec::new() },
            exceptions,
            expires_at: (exceptions > 0).then(|| "2026-11-28T10:16:00Z".into()),
            expired: exceptions == 1,
        };
        let shared = |name: &str, members| SharedItem {
            id: "grp_1".into(),
            name: name.into(),
            exceptions: 3,
            members,
            managed: name == "Sales",
        };
        let view = |groups, roles, group: FormState| Self {
            name: "Acme Services".into(),
            slug: "acme".into(),
            people: vec![person("Alex", "owner", 0), person("Mina", "editor", 1), person("Kim", "client", 3)],
            groups,
            roles,
            group,
            role: FormState::empty(),
            own_roles: true,
        };
        vec![
            view(Vec::new(), Vec::new(), FormState::empty()),
            Self { own_roles: false, ..view(Vec::new(), vec![shared("Accountant", 1)], FormState::empty()) },
            view(vec![shared("Sales", 2)], vec![shared("Accountant", 1)], FormState::empty()),
            view(Vec::new(), Vec::new(), FormState::empty().error("name", "is taken; choose another")),
        ]
    }
}

/// `app/permissions_of.html`: one person, group or role.
#[derive(Serialize)]
pub struct SubjectView {
    /// The organisation's name.
    pub organisation: String,
    /// Its address.
    pub slug: String,
    /// `usr_…`, `grp_…`, `rol_…`.
    pub id: String,
    /// `person`, `group`, `role`.
    pub kind: &'static str,
    /// The name.
    pub name: String,
    /// A person's letters.
    pub initials: String,
    /// A person's role.
    pub role: String,
    /// How many exceptions there are.
    pub exceptions: usize,
    /// Whether the person who looks may change them.
    pub may_edit: bool,
    /// Why not, if that needs a word.
    pub fixed: Option<&'static str>,
    /// Whether the organisation's directory says what a group is called and who is in it.
    pub managed: bool,
    /// Parts of the form.
    pub sections: Vec<Section>,
    /// The open base: `app…` and its name.
    pub open: Option<(String, String)>,
    /// The settings form: name, own role, end.
    pub settings: FormState,
    /// The organisation's own roles, as options of a select; a person's page.
    pub own_roles: Vec<(String, String)>,
    /// Everybody, ticked if in the group; a group's page.
    pub members: Vec<MemberBox>,
    /// Mistakes in the form of exceptions that belong to no control.
    pub message: Option<String>,
    /// Saved just now.
    pub saved: bool,
}

/// A part of the form.
#[derive(Serialize)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// Lines.
    pub rows: Vec<Row>,
}

/// One line of the form.
#[derive(Serialize)]
pub struct Row {
    /// The control's name.
    pub control: String,
    /// What it is about.
    pub label: String,
    /// Name of a drawing.
    pub icon: &'static str,
    /// Whether it belongs to the line above.
    pub inner: bool,
    /// What is set now; empty: nothing.
    pub value: String,
    /// Values and words of the select; none: a text.
    pub options: Vec<(String, String)>,
    /// `more`, `less` than without the exception, or empty.
    pub mark: &'static str,
    /// Why it is as it is; a person's page.
    pub why: Vec<Why>,
    /// What the result is, in a word; a person's page.
    pub result: &'static str,
    /// `app…` of a base whose tables can be opened.
    pub opens: Option<String>,
    /// What is wrong with what was typed.
    pub error: Option<String>,
}

/// A member in a group's form.
#[derive(Serialize)]
pub struct MemberBox {
    /// `usr_…`.
    pub id: String,
    /// The name.
    pub name: String,
    /// Whether the person is in the group.
    pub on: bool,
}

impl View for SubjectView {
    const TEMPLATE: &'static str = "app/permissions_of.html";
    fn samples() -> Vec<Self> {
        let row = |control: &str, mark: &'static str, inner| Row {
            control: control.into(),
            label: "Route network".into(),
            icon: "database",
            inner,
            value: if mark.is_empty() { String::new() } else { "read".into() },
            options: vec![(String::new(), "As the role: Edit".into()), ("read".into(), "Read".into())],
            mark,
            why: vec![Why { text: "The role editor: Edit".into(), decides: true }],
            result: "Edit",
            opens: (!inner).then(|| "app0000000000000a".into()),
            error: None,
        };
        let text = |control: &str, error: Option<&str>| Row {
            options: Vec::new(),
            error: error.map(str::to_owned),
            ..row(control, "less", true)
        };
        let view = |kind, may_edit| Self {
            organisation: "Acme".into(),
            slug: "acme".into(),
            id: "usr_1".into(),
            kind,
            name: "Kim Roe".into(),
            initials: "KR".into(),
            role: "editor".into(),
            exceptions: 2,
            may_edit,
            fixed: None,
            managed: false,
            sections: vec![Section {
                title: "Bases".into(),
                rows: vec![
                    row("base.1", "more", false),
                    row("base.2", "less", false),
                    row("base.3", "", false),
                ],
            }],
            open: None,
            settings: FormState::empty().value("name", "Kim Roe"),
            own_roles: vec![(String::new(), "None".into()), ("rol_1".into(), "Accountant".into())],
            members: vec![MemberBox { id: "usr_2".into(), name: "Mina".into(), on: kind == "group" }],
            message: None,
            saved: false,
        };
        vec![
            view("person", true),
            Self { saved: true, ..view("group", true) },
            Self { managed: true, ..view("group", true) },
            view("role", true),
            Self { fixed: Some("Owners reach everything."), ..view("person", false) },
            Self {
                open: Some(("app0000000000000a".into(), "Route network".into())),
                sections: vec![Section {
                    title: "Tables of Route network".into(),
                    rows: vec![
                        row("table.3", "", false),
                        text("rows.3", Some("is wrong")),
                        text("rows.4", None),
                    ],
                }],
                settings: FormState::empty().error("until", "is over"),
                message: Some("Nothing was saved.".into()),
                ..view("person", true)
            },
        ]
    }
}

register_view!(PermissionsView, SubjectView);
