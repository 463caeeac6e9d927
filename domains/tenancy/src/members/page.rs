//! The team page, put together for the person who looks.

use super::views::{EventItem, InviteItem, MemberItem, RoleItem, TeamView};
use crate::{Member, Tenancy};
use identity::audit::{self, TrailRow};
use identity::model::initials;
use kernel_core::{Capability, Result, Role, UserId};
use kernel_web::FormState;
use std::collections::HashMap;

/// Events shown.
const EVENTS: i64 = 30;

/// The page for a member.
///
/// # Errors
/// `internal` only: every member may see the team.
pub(super) async fn team(tenancy: &Tenancy, member: &Member) -> Result<TeamView> {
    let caller = &member.caller;
    let (members, invites) = (tenancy.members(caller).await?, tenancy.invites(caller).await?);
    let may_manage = caller.may(Capability::ManageMembers);
    let owns = caller.may(Capability::ManageOwners);
    let owners = members.iter().filter(|row| row.role == Role::Owner).count();
    let now = tenancy.now();
    let may_touch = |role: Role| may_manage && (owns || role != Role::Owner);
    let events = if may_manage {
        let rows = audit::of_tenant(&tenancy.0.db, caller.tenant, EVENTS).await?;
        events(tenancy, &rows).await?
    } else {
        Vec::new()
    };
    Ok(TeamView {
        name: member.tenant.name.clone(),
        slug: member.tenant.slug.clone(),
        last_owner: caller.role == Role::Owner && owners == 1,
        members: members
            .into_iter()
            .map(|row| MemberItem {
                id: row.user.to_string(),
                initials: initials(&row.name),
                name: row.name,
                email: row.email,
                role: row.role.name().to_owned(),
                joined_at: row.joined_at.to_string(),
                seen_at: row.seen_at.map(|at| at.to_string()),
                you: row.user == member.user.id,
                may_change: may_touch(row.role) && row.user != member.user.id,
            })
            .collect(),
        invites: invites
            .into_iter()
            .map(|row| InviteItem {
                id: row.id.to_string(),
                email: row.email,
                role: row.role.name().to_owned(),
                invited_by: row.invited_by,
                sent_at: row.sent_at.to_string(),
                expires_at: row.expires_at.to_string(),
                expired: row.expires_at <= now,
                may_change: may_touch(row.role),
            })
            .collect(),
        roles: Role::ALL.into_iter().filter(|role| may_touch(*role)).map(role).collect(),
        may_manage,
        form: FormState::empty().value("role", Role::Editor.name()),
        rename: FormState::empty().value("name", member.tenant.name.clone()),
        may_rename: caller.may(Capability::ManageTenant),
        events,
        note: None,
        problem: None,
    })
}

fn role(role: Role) -> RoleItem {
    let text = match role {
        Role::Owner => "Everything, other owners too",
        Role::Admin => "Everything but owners: members, tables, sites, tokens",
        Role::Editor => "Changes records, views and pages",
        Role::Viewer => "Reads",
    };
    RoleItem { name: role.name(), text }
}

/// Names in place of ids, sentences in place of codes.
async fn events(tenancy: &Tenancy, rows: &[TrailRow]) -> Result<Vec<EventItem>> {
    let mut ids: Vec<UserId> =
        rows.iter().flat_map(|row| [&row.actor, &row.target]).filter_map(|id| id.parse().ok()).collect();
    ids.sort_unstable();
    ids.dedup();
    let names: HashMap<String, String> = tenancy
        .identity()
        .users(&ids)
        .await?
        .into_iter()
        .map(|user| (user.id.to_string(), user.name))
        .collect();
    let named = |id: &str| names.get(id).cloned().unwrap_or_else(|| id.to_owned());
    Ok(rows
        .iter()
        .map(|row| {
            let said = |name: &str| row.data.get(name).and_then(|text| text.as_str()).unwrap_or_default();
            let text = match row.action.as_str() {
                "organisation.created" => "created the organisation".to_owned(),
                "organisation.renamed" => format!("renamed the organisation to {}", row.target),
                "organisation.suspended" => "suspended the organisation".to_owned(),
                "organisation.resumed" => "let the organisation work again".to_owned(),
                "member.invited" => format!("invited {}", row.target),
                "invite.resent" => format!("sent {} the invitation again", row.target),
                "invite.revoked" => format!("took back the invitation of {}", row.target),
                "member.joined" => "joined".to_owned(),
                "member.left" => "left".to_owned(),
                "member.removed" => format!("removed {}", named(&row.target)),
                "member.role_changed" => {
                    format!("made {} {}", named(&row.target), said("after"))
                }
                "token.created" => format!("made the API token “{}”", said("label")),
                "token.revoked" => format!("revoked the API token “{}”", said("label")),
                "site.created" => format!("made the site {}", said("name")),
                "site.renamed" => format!("renamed the site {} to {}", said("from"), said("to")),
                "site.theme_changed" => format!("gave the site {} the theme {}", said("name"), said("to")),
                "site.base_changed" => format!("chose another base for the site {}", said("name")),
                "site.published" => match row.data.get("pages").and_then(|pages| pages.as_array()) {
                    Some(pages) if pages.len() > 1 => {
                        format!("published {} pages of the site {}", pages.len(), said("name"))
                    }
                    _ => format!("published a page of the site {}", said("name")),
                },
                "site.deleted" => format!("deleted the site {}", said("name")),
                "site.restored" => format!("restored the site {}", said("name")),
                "page.created" => format!("made the page {}", said("path")),
                "page.unpublished" => format!("took the page {} back", said("path")),
                "page.deleted" => format!("deleted the page {}", said("path")),
                "page.restored" => format!("restored the page {}", said("path")),
                other => format!("{other} {}", row.target),
            };
            let who = if row.actor == "system" { "Our staff".to_owned() } else { named(&row.actor) };
            EventItem { at: row.at.to_string(), who, text }
        })
        .collect())
}
