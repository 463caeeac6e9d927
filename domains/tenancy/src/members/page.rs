//! The team page, put together for the person who looks.

use super::views::{ClientItem, EventItem, InviteItem, LinkItem, MemberItem, RoleItem, TeamView};
use super::{LinkRow, MemberRow};
use crate::tokens::{SiteDirectory, SiteName};
use crate::{Member, Tenancy};
use identity::audit::{self, Act, Told, TrailRow};
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
pub(super) async fn team(
    tenancy: &Tenancy,
    directory: &dyn SiteDirectory,
    member: &Member,
) -> Result<TeamView> {
    let caller = &member.caller;
    let (members, invites) = (tenancy.members(caller).await?, tenancy.invites(caller).await?);
    let may_manage = caller.may(Capability::ManageMembers);
    let owns = caller.may(Capability::ManageOwners);
    let owners = members.iter().filter(|row| row.role == Role::Owner).count();
    let now = tenancy.now();
    let may_touch = |role: Role| may_manage && (owns || role != Role::Owner);
    let events = if caller.may(Capability::ReadAudit) {
        let rows = audit::of_tenant(&tenancy.0.db, caller.tenant, EVENTS).await?;
        events(tenancy, &rows).await?
    } else {
        Vec::new()
    };
    let sites = if may_manage { directory.sites(caller).await? } else { Vec::new() };
    let (clients, members): (Vec<_>, Vec<_>) = members.into_iter().partition(|row| row.role == Role::Client);
    let item = |row: MemberRow| MemberItem {
        id: row.user.to_string(),
        initials: initials(&row.name),
        name: row.name,
        email: row.email,
        role: row.role.name().to_owned(),
        joined_at: row.joined_at.to_string(),
        seen_at: row.seen_at.map(|at| at.to_string()),
        you: row.user == member.user.id,
        may_change: may_touch(row.role) && row.user != member.user.id,
    };
    let (mut client_items, mut links) = (Vec::with_capacity(clients.len()), Vec::new());
    if may_manage {
        let mut beyond = tenancy.beyond_roles(caller).await?;
        for row in clients {
            let known = beyond.remove(&row.user).unwrap_or_default();
            let given = |site: &&SiteName| known.grants.site.contains_key(&site.id);
            client_items.push(ClientItem {
                sites: sites.iter().filter(given).map(|site| site.name.clone()).collect(),
                until: known.expires_at.map(|at| at.to_string()),
                member: item(row),
            });
        }
        let link = |row: LinkRow| LinkItem {
            id: row.id.to_string(),
            role: row.role.name().to_owned(),
            domains: row.domains,
            uses: row.uses,
            most_uses: row.most_uses,
            made_by: row.made_by,
            expires_at: row.expires_at.to_string(),
            over: row.expires_at <= now || row.uses >= row.most_uses,
        };
        links = tenancy.links(caller).await?.into_iter().map(link).collect();
    }
    let heir = |row: &MemberRow| (row.user.to_string(), row.name.clone());
    Ok(TeamView {
        heirs: members.iter().filter(|row| row.role >= Role::Editor).map(heir).collect(),
        sites: sites.into_iter().map(|site| (site.id.to_string(), site.name)).collect(),
        clients: client_items,
        join_links: links,
        link_form: FormState::empty().value("most_uses", "10").value("days", "7"),
        made_link: None,
        may_transfer: caller.may(Capability::ManageOwners),
        name: member.tenant.name.clone(),
        slug: member.tenant.slug.clone(),
        last_owner: caller.role == Role::Owner && owners == 1,
        members: members.into_iter().map(item).collect(),
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

/// What acts without being a person, as sentences of the trail begin with it: the act says which one.
pub(crate) fn program(actor: &str) -> Option<&'static str> {
    match actor.get(..4)? {
        "tok_" => Some("A program"),
        "con_" => Some("An app"),
        _ => None,
    }
}

fn role(role: Role) -> RoleItem {
    let text = match role {
        Role::Owner => "Everything, other owners too",
        Role::Admin => "Everything but owners: members, tables, sites, tokens",
        Role::Editor => "Changes records, views and pages",
        Role::Commenter => "Reads and comments",
        Role::Viewer => "Reads",
        Role::Client => "Only what you assign: sites, bases",
    };
    RoleItem { name: role.name(), text }
}

/// Names in place of ids, sentences in place of codes.
pub(crate) async fn events(tenancy: &Tenancy, rows: &[TrailRow]) -> Result<Vec<EventItem>> {
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
            let target = named(&row.target);
            let told = Told { target: &target, data: &row.data };
            let text = Act::named(&row.action)
                .map_or_else(|| format!("{} {target}", row.action), |act| act.words(told));
            let who = if row.actor == "system" {
                "Our staff".to_owned()
            } else {
                program(&row.actor).map_or_else(|| named(&row.actor), str::to_owned)
            };
            EventItem { at: row.at.to_string(), who, text }
        })
        .collect())
}
