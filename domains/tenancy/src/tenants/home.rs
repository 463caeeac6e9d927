//! The home page's context. The bases and sites on it are other domains'; the portal (bin) brings them together.

use crate::Member;
use kernel_core::Capability;
use kernel_web::{View, register_view};
use serde::Serialize;

/// `app/home.html`.
#[derive(Serialize)]
pub struct HomeView {
    /// The organisation's name.
    pub name: String,
    /// Its address.
    pub slug: String,
    /// RFC 3339.
    pub created_at: String,
    /// Bases, latest change first.
    pub bases: Vec<HomeBase>,
    /// Sites, latest publication first.
    pub sites: Vec<HomeSite>,
    /// How many people are members.
    pub members: usize,
    /// Whether the person may make bases and sites.
    pub may_create: bool,
    /// Whether the person may invite.
    pub may_invite: bool,
}

/// A base on the home page.
#[derive(Clone, Debug, Serialize)]
pub struct HomeBase {
    /// `app…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Name of its icon.
    pub icon: String,
    /// Name of its colour, one of the ten of the look.
    pub colour: String,
    /// Records in all its tables; `None` for somebody who does not see all of them.
    pub records: Option<u64>,
    /// RFC 3339: the last change.
    pub updated: Option<String>,
}

/// A site on the home page.
#[derive(Clone, Debug, Serialize)]
pub struct HomeSite {
    /// `sit_…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `draft` or `published`.
    pub status: String,
    /// Where visitors find it.
    pub url: String,
}

impl HomeView {
    /// The page of a member, with what the other domains give.
    #[must_use]
    pub fn new(member: &Member, members: usize, bases: Vec<HomeBase>, sites: Vec<HomeSite>) -> Self {
        Self {
            name: member.tenant.name.clone(),
            slug: member.tenant.slug.clone(),
            created_at: member.tenant.created_at.to_string(),
            bases,
            sites,
            members,
            may_create: member.caller.may(Capability::CreateBases),
            may_invite: member.caller.may(Capability::ManageMembers),
        }
    }
}

impl View for HomeView {
    const TEMPLATE: &'static str = "app/home.html";
    fn samples() -> Vec<Self> {
        let empty = |may| Self {
            name: "Acme Services".into(),
            slug: "acme".into(),
            created_at: "2026-11-21T10:16:00Z".into(),
            bases: Vec::new(),
            sites: Vec::new(),
            members: 1,
            may_create: may,
            may_invite: may,
        };
        let base = |updated: Option<&str>| HomeBase {
            id: "app0000000000000a".into(),
            name: "Route network".into(),
            icon: "plane".into(),
            colour: "teal".into(),
            records: updated.map(|_| 82_030),
            updated: updated.map(str::to_owned),
        };
        let site = |status: &str| HomeSite {
            id: "sit_x".into(),
            name: "Corner Bakery".into(),
            status: status.into(),
            url: "http://bakery.sites.nclc.localhost:8080".into(),
        };
        vec![
            empty(true),
            empty(false),
            Self {
                bases: vec![base(Some("2026-11-21T10:16:00Z")), base(None)],
                sites: vec![site("published"), site("draft")],
                members: 8,
                ..empty(true)
            },
            Self { bases: vec![base(None)], members: 2, ..empty(false) },
            Self { sites: vec![site("draft")], ..empty(true) },
        ]
    }
}
register_view!(HomeView);
