//! Contexts of the team page and of the invitation page.

use kernel_web::{FormState, View, register_view};
use serde::Serialize;

/// `app/team.html`.
#[derive(Serialize)]
pub struct TeamView {
    /// The organisation's name.
    pub name: String,
    /// Its address.
    pub slug: String,
    /// Everybody, strongest role first.
    pub members: Vec<MemberItem>,
    /// Invitations that wait or have expired.
    pub invites: Vec<InviteItem>,
    /// Roles that the person may give: name and what it means.
    pub roles: Vec<RoleItem>,
    /// Whether the person may change the team.
    pub may_manage: bool,
    /// Whether the person is the last owner, who can't leave.
    pub last_owner: bool,
    /// The invitation form.
    pub form: FormState,
    /// The organisation's name, to change.
    pub rename: FormState,
    /// Whether the person may rename the organisation.
    pub may_rename: bool,
    /// Clients: members who reach only what was assigned.
    pub clients: Vec<ClientItem>,
    /// Links by which many may join.
    pub join_links: Vec<LinkItem>,
    /// The form for a new link.
    pub link_form: FormState,
    /// A link that was just made, once.
    pub made_link: Option<String>,
    /// Sites that a client can be given: id and name.
    pub sites: Vec<(String, String)>,
    /// Members who may take over API tokens: id and name.
    pub heirs: Vec<(String, String)>,
    /// Whether the person may hand the organisation over.
    pub may_transfer: bool,
    /// The latest events, for those who manage the team.
    pub events: Vec<EventItem>,
    /// Something that was just done.
    pub note: Option<String>,
    /// What could not be done.
    pub problem: Option<String>,
}

/// One member.
#[derive(Serialize)]
pub struct MemberItem {
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
    /// RFC 3339.
    pub joined_at: String,
    /// RFC 3339.
    pub seen_at: Option<String>,
    /// Whether it is the person who looks.
    pub you: bool,
    /// Whether the person who looks may change or remove this member.
    pub may_change: bool,
}

/// One client.
#[derive(Serialize)]
pub struct ClientItem {
    /// The person.
    pub member: MemberItem,
    /// The names of the sites.
    pub sites: Vec<String>,
    /// RFC 3339: when the access ends.
    pub until: Option<String>,
}

/// One link by which many may join.
#[derive(Serialize)]
pub struct LinkItem {
    /// `lnk_…`.
    pub id: String,
    /// The role's name.
    pub role: String,
    /// Whose addresses may use it.
    pub domains: Vec<String>,
    /// How often it was used.
    pub uses: i32,
    /// How often it may be.
    pub most_uses: i32,
    /// Who made it.
    pub made_by: String,
    /// RFC 3339.
    pub expires_at: String,
    /// Whether it has ended or is used up.
    pub over: bool,
}

/// One invitation.
#[derive(Serialize)]
pub struct InviteItem {
    /// `inv_…`.
    pub id: String,
    /// Whom.
    pub email: String,
    /// The role's name.
    pub role: String,
    /// Who did.
    pub invited_by: String,
    /// RFC 3339.
    pub sent_at: String,
    /// RFC 3339.
    pub expires_at: String,
    /// Whether its link has ended.
    pub expired: bool,
    /// Whether the person who looks may send it again or take it back.
    pub may_change: bool,
}

/// A role in a menu.
#[derive(Serialize)]
pub struct RoleItem {
    /// The name as stored.
    pub name: &'static str,
    /// What it may do, in a sentence.
    pub text: &'static str,
}

/// One event.
#[derive(Serialize)]
pub struct EventItem {
    /// RFC 3339.
    pub at: String,
    /// Who.
    pub who: String,
    /// What, as the rest of a sentence.
    pub text: String,
}

impl View for TeamView {
    const TEMPLATE: &'static str = "app/team.html";
    fn samples() -> Vec<Self> {
        let at = || "2026-11-21T10:16:00Z".to_owned();
        let member = |name: &str, role: &str, you: bool, may_change| MemberItem {
            id: format!("usr_{name}"),
            name: name.into(),
            initials: "AD".into(),
            email: "alex@acme.example".into(),
            role: role.into(),
            joined_at: at(),
            seen_at: you.then(at),
            you,
            may_change,
        };
        let invite = |expired, may_change| InviteItem {
            id: format!("inv_{expired}"),
            email: "new@acme.example".into(),
            role: "editor".into(),
            invited_by: "Alex Doe".into(),
            sent_at: at(),
            expires_at: "2026-11-28T10:16:00Z".into(),
            expired,
            may_change,
        };
        let role = || RoleItem { name: "editor", text: "Changes records, views and pages" };
        let plain = || Self {
            name: "Acme Services".into(),
            slug: "acme".into(),
            members: vec![member("Alex", "viewer", true, false)],
            invites: Vec::new(),
            roles: Vec::new(),
            may_manage: false,
            last_owner: false,
            form: FormState::empty(),
            rename: FormState::empty().value("name", "Acme Services"),
            may_rename: false,
            clients: Vec::new(),
            join_links: Vec::new(),
            link_form: FormState::empty(),
            made_link: None,
            sites: Vec::new(),
            heirs: Vec::new(),
            may_transfer: false,
            events: Vec::new(),
            note: None,
            problem: None,
        };
        vec![
            plain(),
            Self {
                members: vec![member("Alex", "owner", true, false), member("Mina", "admin", false, true)],
                invites: vec![invite(false, true), invite(true, true)],
                roles: vec![role()],
                may_manage: true,
                clients: vec![ClientItem {
                    member: member("Bo", "client", false, true),
                    sites: vec!["Corner Bakery".into(), "City Clinic".into()],
                    until: Some(at()),
                }],
                join_links: [false, true]
                    .map(|over| LinkItem {
                        id: "lnk_1".into(),
                        role: "editor".into(),
                        domains: if over { Vec::new() } else { vec!["acme.example".into()] },
                        uses: 3,
                        most_uses: 10,
                        made_by: "Alex Doe".into(),
                        expires_at: at(),
                        over,
                    })
                    .into(),
                made_link: Some("http://app.nclc.localhost:8080/join?token=x".into()),
                sites: vec![("sit_1".into(), "Corner Bakery".into())],
                heirs: vec![("usr_Alex".into(), "Alex".into())],
                may_transfer: true,
                last_owner: true,
                may_rename: true,
                events: vec![EventItem {
                    at: at(),
                    who: "Alex Doe".into(),
                    text: "invited new@acme.example".into(),
                }],
                note: Some("Invited.".into()),
                ..plain()
            },
            Self {
                roles: vec![role()],
                may_manage: true,
                form: FormState::empty().value("emails", "x").error("emails", "names “x”, which has no @"),
                problem: Some("The last owner can't go.".into()),
                ..plain()
            },
        ]
    }
}

/// `app/auth_join.html`.
#[derive(Serialize)]
pub struct JoinView {
    /// What is offered; `None`: the link does not work (any more).
    pub offer: Option<OfferItem>,
    /// The link's secret.
    pub link: String,
    /// The address of the person who looks, if signed in.
    pub you: Option<String>,
    /// Why the person can't use it.
    pub problem: Option<String>,
    /// The sign-in page that leads back here.
    pub login: String,
    /// The sign-up page that leads back here.
    pub signup: String,
}

impl View for JoinView {
    const TEMPLATE: &'static str = "app/auth_join.html";
    fn samples() -> Vec<Self> {
        let view = |offer: bool, you: Option<&str>, problem: Option<&str>| Self {
            offer: offer.then(|| OfferItem {
                tenant: "Acme".into(),
                role: "editor".into(),
                email: String::new(),
                invited_by: "Mina".into(),
            }),
            link: "x".into(),
            you: you.map(str::to_owned),
            problem: problem.map(str::to_owned),
            login: "/login?next=/join".into(),
            signup: "/signup?next=/join".into(),
        };
        vec![
            view(false, None, None),
            view(true, None, None),
            view(true, Some("new@acme.example"), None),
            view(false, Some("new@b.example"), Some("This link is for addresses of acme.example.")),
        ]
    }
}

/// `app/auth_invite.html`.
#[derive(Serialize)]
pub struct InviteView {
    /// What is offered; `None`: the link does not work (any more).
    pub offer: Option<OfferItem>,
    /// The link's secret.
    pub link: String,
    /// The address of the person who looks, if signed in.
    pub you: Option<String>,
    /// Whether that is the address that was invited.
    pub matches: bool,
    /// The sign-in page that leads back here.
    pub login: String,
    /// The sign-up page that leads back here.
    pub signup: String,
}

/// What a link offers.
#[derive(Serialize)]
pub struct OfferItem {
    /// The organisation.
    pub tenant: String,
    /// The role's name.
    pub role: String,
    /// Whom it is for.
    pub email: String,
    /// Who invites.
    pub invited_by: String,
}

impl View for InviteView {
    const TEMPLATE: &'static str = "app/auth_invite.html";
    fn samples() -> Vec<Self> {
        let view = |offer: bool, you: Option<&str>, matches| Self {
            offer: offer.then(|| OfferItem {
                tenant: "Acme".into(),
                role: "editor".into(),
                email: "new@acme.example".into(),
                invited_by: "Mina".into(),
            }),
            link: "x".into(),
            you: you.map(str::to_owned),
            matches,
            login: "/login?next=/invite".into(),
            signup: "/signup?next=/invite".into(),
        };
        vec![
            view(false, None, false),
            view(true, None, false),
            view(true, Some("new@acme.example"), true),
            view(true, Some("old@acme.example"), false),
        ]
    }
}

register_view!(TeamView, InviteView, JoinView);
