//! The permissions pages, put together for the person who looks.

use super::form::{Places, Posted};
use super::routes::{Pages, fixed};
use super::service::{Beyond, Shared};
use super::views::{MemberBox, PermissionsView, PersonItem, Row, Section, SharedItem, SubjectView};
use super::why::{why, word};
use super::{Detail, Subject};
use crate::Member;
use identity::model::initials;
use kernel_core::access::{Question, Source, TableGrant};
use kernel_core::{Ability, Access, Capability, Error, FieldKey, FieldLevel, Level, Result};
use kernel_web::FormState;

/// What was typed and could not be saved.
pub(super) struct Typed<'a> {
    pub(super) posted: &'a Posted,
    pub(super) error: &'a Error,
}

/// Everybody, the groups and the roles.
pub(super) async fn list(pages: &Pages, member: &Member) -> Result<PermissionsView> {
    let (tenancy, caller) = (&pages.tenancy, &member.caller);
    let mut beyond = tenancy.beyond_roles(caller).await?;
    let now = tenancy.now();
    let people = tenancy.members(caller).await?.into_iter().map(|row| {
        let Beyond { grants, own_role, groups, expires_at } = beyond.remove(&row.user).unwrap_or_default();
        PersonItem {
            id: row.user.to_string(),
            initials: initials(&row.name),
            name: row.name,
            email: row.email,
            role: row.role.name().to_owned(),
            own_role,
            groups,
            exceptions: grants.len(),
            expires_at: expires_at.map(|at| at.to_string()),
            expired: expires_at.is_some_and(|at| at <= now),
        }
    });
    let item = |shared: Shared| SharedItem {
        id: shared.subject.to_string(),
        name: shared.name,
        exceptions: shared.exceptions,
        members: shared.members,
        managed: shared.managed,
    };
    Ok(PermissionsView {
        name: member.tenant.name.clone(),
        slug: member.tenant.slug.clone(),
        people: people.collect(),
        groups: tenancy.groups(caller).await?.into_iter().map(item).collect(),
        roles: tenancy.own_roles(caller).await?.into_iter().map(item).collect(),
        group: FormState::empty(),
        role: FormState::empty(),
        own_roles: tenancy.own_roles_included(caller.tenant).await?,
    })
}

/// What decides the words of a line: a person's access with and without the person's own exceptions.
struct Lines<'a> {
    name: &'a str,
    with: Option<Access>,
    without: Option<Access>,
    typed: Option<Typed<'a>>,
}

impl Lines<'_> {
    fn row(
        &self,
        (control, label, icon): (String, &str, &'static str),
        set: Option<&str>,
        question: Option<Question>,
        choices: &[&'static str],
    ) -> Row {
        let told = |access: &Option<Access>| {
            let (access, question) = (access.as_ref()?, question?);
            Some(why(access, self.name, question))
        };
        let (with, without) = (told(&self.with), told(&self.without));
        let otherwise = without.as_ref().map_or("", |(outcome, _)| word(outcome));
        let nothing = match (otherwise, question) {
            ("", _) => "As each person’s role".to_owned(),
            (otherwise, _) => format!("As the role: {otherwise}"),
        };
        let mut options = vec![(String::new(), nothing)];
        options.extend(choices.iter().map(|choice| ((*choice).to_owned(), word(choice).to_owned())));
        let typed = self.typed.as_ref().and_then(|typed| typed.posted.get(&control)).cloned();
        let errors = self.typed.as_ref().map(|typed| typed.error.field_errors()).unwrap_or_default();
        let refusing = ["none", "hidden", "no"];
        let mark = match (set, &without) {
            (None, _) => "",
            (Some(set), None) if refusing.contains(&set) => "less",
            (Some(_), None) => "more",
            (Some(set), Some((before, _))) => match rank(set).cmp(&rank(before)) {
                std::cmp::Ordering::Less => "less",
                std::cmp::Ordering::Greater => "more",
                std::cmp::Ordering::Equal => "",
            },
        };
        Row {
            error: errors.iter().find(|error| error.field == control).map(|error| error.detail.to_string()),
            control,
            label: label.to_owned(),
            icon,
            inner: false,
            value: typed.unwrap_or_else(|| set.unwrap_or_default().to_owned()),
            options,
            mark,
            result: with.as_ref().map_or("", |(outcome, _)| word(outcome)),
            why: with.map(|(_, chain)| chain).unwrap_or_default(),
            opens: None,
        }
    }
}

/// Levels and answers in one order, weakest first.
fn rank(name: &str) -> usize {
    let order = ["none", "hidden", "no", "refused", "read", "comment", "edit", "write", "publish", "manage"];
    order.iter().position(|known| *known == name).map_or(usize::MAX, |at| if at < 4 { 0 } else { at })
}

fn names(levels: &[Level]) -> Vec<&'static str> {
    levels.iter().map(|level| level.name()).collect()
}

/// One person, group or role.
pub(super) async fn subject_view(
    pages: &Pages,
    member: &Member,
    (detail, places, open): (&Detail, &Places, Option<usize>),
    typed: Option<Typed<'_>>,
) -> Result<SubjectView> {
    let (tenancy, caller) = (&pages.tenancy, &member.caller);
    let manages = caller.may(Capability::ManageMembers);
    let mut with = None;
    let mut without = None;
    if let (Subject::Person(user), Some(role)) = (detail.subject, detail.role) {
        // As every process decides it, except that a guest whose time is over is shown as before.
        let sources = match tenancy.member(caller.tenant, user).await? {
            Some(known) => known.access.sources().to_vec(),
            None => Vec::new(),
        };
        let others = sources.iter().filter(|(source, _)| *source != Source::Person).cloned().collect();
        without = Some(Access::new(role, others));
        with = Some(Access::new(role, sources));
    }
    let message = typed
        .as_ref()
        .filter(|typed| typed.error.field_errors().is_empty())
        .map(|typed| typed.error.message().to_owned());
    let lines = Lines { name: &detail.name, with, without, typed };
    let sections = match open {
        None => overview(&lines, detail, places, manages),
        Some(at) => tables(pages, member, (&lines, detail, places), at).await?,
    };
    let (mut own_roles, mut members) = (Vec::new(), Vec::new());
    if manages && matches!(detail.subject, Subject::Person(_)) {
        own_roles.push((String::new(), "None".to_owned()));
        let roles = tenancy.own_roles(caller).await?.into_iter();
        own_roles.extend(roles.map(|role| (role.subject.to_string(), role.name)));
    }
    if matches!(detail.subject, Subject::Group(_)) {
        let everybody = tenancy.members(caller).await?.into_iter();
        members.extend(everybody.map(|row| MemberBox {
            id: row.user.to_string(),
            name: row.name,
            on: detail.members.contains(&row.user),
        }));
    }
    let until = detail.expires_at.map(|at| at.to_string().chars().take(10).collect::<String>());
    Ok(SubjectView {
        organisation: member.tenant.name.clone(),
        slug: member.tenant.slug.clone(),
        id: detail.subject.to_string(),
        kind: match detail.subject {
            Subject::Person(_) => "person",
            Subject::Group(_) => "group",
            Subject::Role(_) => "role",
        },
        initials: initials(&detail.name),
        name: detail.name.clone(),
        role: detail.role.map_or("", |role| role.name()).to_owned(),
        exceptions: detail.grants.len(),
        may_edit: manages && fixed(member, detail).is_none(),
        fixed: fixed(member, detail).filter(|_| manages),
        managed: detail.managed,
        sections,
        open: open.map(|at| (places.bases[at].id.clone(), places.bases[at].name.clone())),
        settings: FormState::empty()
            .value("name", detail.name.clone())
            .value("own_role", detail.own_role.map(|role| role.to_string()).unwrap_or_default())
            .value("until", until.unwrap_or_default()),
        own_roles,
        members,
        message,
        saved: false,
    })
}

fn overview(lines: &Lines<'_>, detail: &Detail, places: &Places, manages: bool) -> Vec<Section> {
    let grants = &detail.grants;
    let of_bases = names(&Level::OF_BASES);
    let of_sites = names(&Level::OF_SITES);
    let every = |level: Option<Level>| level.map(Level::name);
    let mut bases = vec![lines.row(
        ("bases".into(), "Every base without a line of its own", "layers"),
        every(grants.bases),
        // A base that nobody names: the answer for all others.
        Some(Question::Base(u64::MAX)),
        &of_bases,
    )];
    bases.extend(places.bases.iter().map(|base| Row {
        opens: manages.then(|| base.id.clone()),
        ..lines.row(
            (format!("base.{}", base.number), &base.name, "database"),
            every(grants.base.get(&base.number).copied()),
            Some(Question::Base(base.number)),
            &of_bases,
        )
    }));
    let nobodys = kernel_core::SiteId::from_uuid(uuid::Uuid::max());
    let mut sites = vec![lines.row(
        ("sites".into(), "Every site without a line of its own", "layers"),
        every(grants.sites),
        Some(Question::Site(nobodys)),
        &of_sites,
    )];
    sites.extend(places.sites.iter().map(|site| {
        lines.row(
            (format!("site.{}", site.id), &site.name, "globe"),
            every(grants.site.get(&site.id).copied()),
            Some(Question::Site(site.id)),
            &of_sites,
        )
    }));
    let abilities = Ability::ALL.into_iter().map(|ability| {
        let (label, icon) = ability_words(ability);
        let set = grants.may.get(&ability).map(|allowed| if *allowed { "yes" } else { "no" });
        let control = format!("may.{}", ability.name());
        lines.row((control, label, icon), set, Some(Question::Ability(ability)), &["yes", "no"])
    });
    vec![
        Section { title: "Bases".into(), rows: bases },
        Section { title: "Sites".into(), rows: sites },
        Section { title: "Abilities".into(), rows: abilities.collect() },
    ]
}

const fn ability_words(ability: Ability) -> (&'static str, &'static str) {
    match ability {
        Ability::DeleteRecords => ("Delete records", "trash-2"),
        Ability::ExportData => ("Export data", "download"),
        Ability::MakeTokens => ("Make API tokens", "key"),
        Ability::CreateBases => ("Make bases", "database"),
        Ability::CreateSites => ("Make sites", "globe"),
        Ability::ReadAudit => ("Read the audit trail", "history"),
    }
}

async fn tables(
    pages: &Pages,
    member: &Member,
    (lines, detail, places): (&Lines<'_>, &Detail, &Places),
    at: usize,
) -> Result<Vec<Section>> {
    let base = places.bases[at].number;
    let levels = names(&Level::OF_BASES);
    let mut sections = Vec::with_capacity(places.tables.len());
    let nothing = TableGrant::default();
    for table in &places.tables {
        let number = table.number;
        let said = detail.grants.table.get(&number).unwrap_or(&nothing);
        let place = Question::Table { base, table: number };
        let mut rows = vec![lines.row(
            (format!("table.{number}"), "The whole table", "table-2"),
            said.level.map(Level::name),
            Some(place),
            &levels,
        )];
        let delete = said.delete.map(|allowed| if allowed { "yes" } else { "no" });
        rows.push(Row {
            inner: true,
            ..lines.row(
                (format!("delete.{number}"), "Delete records", "trash-2"),
                delete,
                Some(Question::Delete { base, table: number }),
                &["yes", "no"],
            )
        });
        let shown = match &said.rows {
            Some(rows) => pages.bases.rows_to_show(&member.caller, (base, number), rows).await?,
            None => String::new(),
        };
        let mut filter = lines.row((format!("rows.{number}"), "Only rows where", "filter"), None, None, &[]);
        filter.options = Vec::new();
        filter.mark = if said.rows.is_some() { "less" } else { "" };
        if filter.value.is_empty() {
            filter.value = shown;
        }
        rows.push(Row { inner: true, ..filter });
        rows.extend(table.fields.iter().map(|field| {
            let key = FieldKey { table: number, field: field.number };
            let choices: &[&str] =
                if field.primary { &["read", "write"] } else { &["hidden", "read", "write"] };
            Row {
                inner: true,
                ..lines.row(
                    (format!("field.{number}.{}", field.number), &field.name, "text"),
                    detail.grants.field.get(&key).copied().map(FieldLevel::name),
                    Some(Question::Field { base, field: key }),
                    choices,
                )
            }
        }));
        sections.push(Section { title: table.name.clone(), rows });
    }
    Ok(sections)
}
