//! Contexts of the sign-in, set-up and staff pages.

use super::model::Member;
use jiff::Timestamp;
use kernel_core::{Code, Error, FieldError};
use kernel_web::{FormState, View, register_view};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct LoginView {
    pub form: FormState,
}

impl View for LoginView {
    const TEMPLATE: &'static str = "admin/login.html";
    fn samples() -> Vec<Self> {
        let refused =
            FormState::empty().value("email", "ada@example.com").with(&Error::new(Code::BadCredentials));
        [FormState::empty(), refused].into_iter().map(|form| Self { form }).collect()
    }
}
register_view!(LoginView);

#[derive(Serialize)]
pub(super) struct SetUpView {
    /// The link's token, sent back with the form; `None`: the link does not work any more.
    pub link: Option<String>,
    pub form: FormState,
}

impl View for SetUpView {
    const TEMPLATE: &'static str = "admin/setup.html";
    fn samples() -> Vec<Self> {
        let wrong = Error::fields(vec![
            FieldError::new("email", Code::AlreadyExists, "A staff account has this address already."),
            FieldError::new("password", Code::WeakPassword, "3 of at least 15 characters."),
        ]);
        let filled = FormState::empty().value("email", "ada@example.com").value("name", "Ada");
        [
            (Some("abc".to_owned()), FormState::empty()),
            (Some("abc".to_owned()), filled.with(&wrong)),
            (None, FormState::empty()),
        ]
        .into_iter()
        .map(|(link, form)| Self { link, form })
        .collect()
    }
}
register_view!(SetUpView);

#[derive(Serialize)]
pub(super) struct Colleague {
    id: String,
    name: String,
    email: String,
    created_at: Timestamp,
    disabled_at: Option<Timestamp>,
    /// The person who looks.
    is_you: bool,
}

impl Colleague {
    pub fn of(member: Member, you: &Member) -> Self {
        Self {
            is_you: member.id == you.id,
            id: member.id.to_string(),
            name: member.name,
            email: member.email,
            created_at: member.created_at,
            disabled_at: member.disabled_at,
        }
    }
}

#[derive(Serialize)]
pub(super) struct StaffView {
    pub staff: Vec<Colleague>,
    /// A link that was made just now; shown once.
    pub link: Option<String>,
}

impl View for StaffView {
    const TEMPLATE: &'static str = "admin/staff.html";
    fn samples() -> Vec<Self> {
        let colleague = |is_you, disabled_at| Colleague {
            id: "stf_0BqzF4ZfHn3vT2mK8sYx1c".into(),
            name: "Ada <Example>".into(),
            email: "ada@example.com".into(),
            created_at: Timestamp::UNIX_EPOCH,
            disabled_at,
            is_you,
        };
        vec![
            Self { staff: vec![colleague(true, None)], link: None },
            Self {
                staff: vec![colleague(true, None), colleague(false, Some(Timestamp::UNIX_EPOCH))],
                link: Some("https://admin.example.com/setup?token=abc".into()),
            },
        ]
    }
}
register_view!(StaffView);
