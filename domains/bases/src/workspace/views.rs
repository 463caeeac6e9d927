//! Contexts of this domain's templates.

use kernel_web::{FormState, View, register_view};
use serde::Serialize;

register_view!(BasesView, WorkspaceView);

/// `app/bases/list.html`.
#[derive(Serialize)]
pub(super) struct BasesView {
    pub(super) slug: String,
    pub(super) bases: Vec<BaseRow>,
    pub(super) may_create: bool,
    pub(super) open_new: bool,
    pub(super) deleted: Option<String>,
    pub(super) form: FormState,
}

/// A base of the list.
#[derive(Serialize)]
pub(super) struct BaseRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) icon: String,
    pub(super) colour: String,
    pub(super) records: Option<u64>,
    /// RFC 3339.
    pub(super) updated: String,
}

impl View for BasesView {
    const TEMPLATE: &'static str = "app/bases/list.html";
    fn samples() -> Vec<Self> {
        let base = |id: &str| BaseRow {
            id: id.into(),
            name: "Route network".into(),
            icon: "plane".into(),
            colour: "teal".into(),
            records: Some(82_030),
            updated: "2026-11-21T10:00:00Z".into(),
        };
        let view = |bases, may_create, form: FormState, deleted| Self {
            slug: "acme".into(),
            bases,
            may_create,
            open_new: form.failed(),
            deleted,
            form,
        };
        vec![
            view(Vec::new(), true, FormState::empty(), None),
            view(Vec::new(), false, FormState::empty(), None),
            view(
                vec![base("app2kQ0000000000aB"), base("app2kQ0000000000aC")],
                true,
                FormState::empty().error("name", "is missing"),
                None,
            ),
            view(
                vec![base("app2kQ0000000000aB")],
                false,
                FormState::empty(),
                Some("app2kQ0000000000aB".into()),
            ),
        ]
    }
}

/// `app/bases/workspace.html`: the frame of the script.
#[derive(Serialize)]
pub(super) struct WorkspaceView {
    pub(super) slug: String,
    pub(super) organisation: String,
    pub(super) base: String,
    pub(super) base_name: String,
    pub(super) table: String,
    pub(super) view: String,
    /// Origin of the API.
    pub(super) api: String,
    pub(super) user_id: String,
    pub(super) user_name: String,
}

impl View for WorkspaceView {
    const TEMPLATE: &'static str = "app/bases/workspace.html";
    fn samples() -> Vec<Self> {
        vec![Self {
            slug: "acme".into(),
            organisation: "Acme Services".into(),
            base: "app2kQ0000000000aB".into(),
            base_name: "Route network".into(),
            table: String::new(),
            view: String::new(),
            api: "http://api.nclc.localhost:8080".into(),
            user_id: "usr_0".into(),
            user_name: "Alex Doe".into(),
        }]
    }
}
