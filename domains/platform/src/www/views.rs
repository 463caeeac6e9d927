//! Contexts of the public pages.

use super::docs::{Doc, Heading};
use billing::{Feature, Limits, Plan, PlanCode};
use kernel_core::{Capability, Code, Role};
use kernel_web::{View, register_view};
use serde::Serialize;

/// A plan as its card shows it.
#[derive(Clone, Serialize)]
pub(super) struct PlanCard {
    code: &'static str,
    name: String,
    summary: String,
    by_contract: bool,
    /// `$12`; none where it is agreed.
    month: Option<String>,
    year: Option<String>,
    /// Amount and what it counts.
    limits: Vec<(String, &'static str)>,
}

/// US cents as people write them: `$12`, `$12.50`.
fn dollars(cents: i64) -> String {
    match cents % 100 {
        0 => format!("${}", cents / 100),
        rest => format!("${}.{rest:02}", cents / 100),
    }
}

fn count(value: i64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "limits are far below 2^53")]
    let value = value as f64;
    kernel_web::format::number("en-US", value, 0)
}

/// How a limit reads; a plan by contract agrees on it, others have none.
fn amount(limit: Option<String>, by_contract: bool) -> String {
    limit.unwrap_or_else(|| if by_contract { "Agreed" } else { "Any number" }.to_owned())
}

impl PlanCard {
    pub fn of(plan: &Plan) -> Self {
        let (limits, agreed) = (&plan.limits, plan.by_contract);
        Self {
            code: plan.code.as_str(),
            name: plan.name.clone(),
            summary: plan.summary.clone(),
            by_contract: agreed,
            month: plan.month_cents.map(dollars),
            year: plan.year_cents.filter(|year| Some(*year) != plan.month_cents).map(dollars),
            limits: vec![
                (amount(limits.people.map(|n| count(n.into())), agreed), "people"),
                (amount(limits.records_a_base.map(count), agreed), "records a base"),
                (
                    amount(limits.sites.map(|n| count(n.into())), agreed),
                    if limits.sites == Some(1) { "site" } else { "sites" },
                ),
            ],
        }
    }
}

/// One line of "who may do what".
#[derive(Clone, Serialize)]
pub(super) struct RoleLine {
    what: &'static str,
    /// One word a role, strongest role first; none: nothing.
    may: Vec<Option<&'static str>>,
}

/// The table of roles, from the vocabulary that the services ask.
fn role_lines() -> Vec<RoleLine> {
    let line = |what, steps: &[(Capability, &'static str)]| RoleLine {
        what,
        may: Role::ALL
            .into_iter()
            .map(|role| {
                steps.iter().rev().find(|(capability, _)| role.may(*capability)).map(|(_, word)| *word)
            })
            .collect(),
    };
    vec![
        line(
            "Records",
            &[
                (Capability::ReadRecords, "See"),
                (Capability::CommentRecords, "Comment"),
                (Capability::WriteRecords, "Edit"),
            ],
        ),
        line("Tables and fields", &[(Capability::ReadRecords, "See"), (Capability::EditSchema, "Edit")]),
        line(
            "Pages",
            &[
                (Capability::ReadSites, "See"),
                (Capability::EditPages, "Edit"),
                (Capability::Publish, "Publish"),
            ],
        ),
        line("API tokens", &[(Capability::ManageOwnTokens, "Own")]),
        line("Members", &[(Capability::ReadMembers, "See"), (Capability::ManageMembers, "Edit")]),
        line("Owners", &[(Capability::ManageOwners, "Edit")]),
    ]
}

/// The home page.
#[derive(Serialize)]
pub(super) struct HomeView {
    plans: Vec<PlanCard>,
    roles: Vec<&'static str>,
    role_lines: Vec<RoleLine>,
}

impl HomeView {
    pub fn new(plans: &[Plan]) -> Self {
        Self {
            plans: plans.iter().map(PlanCard::of).collect(),
            roles: vec!["Owner", "Admin", "Editor", "Viewer"],
            role_lines: role_lines(),
        }
    }
}

/// One row of the comparison: a limit in words, or which plans include it.
#[derive(Serialize)]
struct Row {
    name: String,
    cells: Vec<Cell>,
}

#[derive(Serialize)]
struct Cell {
    text: Option<String>,
    included: bool,
}

#[derive(Serialize)]
struct Section {
    name: String,
    rows: Vec<Row>,
}

/// The prices.
#[derive(Serialize)]
pub(super) struct PricingView {
    plans: Vec<PlanCard>,
    sections: Vec<Section>,
}

type ReadLimit = fn(&Limits) -> Option<String>;

impl PricingView {
    pub fn new(plans: &[Plan], features: &[Feature]) -> Self {
        // Files, API rates by plan and runs are in the plans already, and not in the product: they are not sold here.
        let limit_rows: [(&str, ReadLimit); 3] = [
            ("People", |limits| limits.people.map(|n| count(n.into()))),
            ("Records a base", |limits| limits.records_a_base.map(count)),
            ("Sites", |limits| limits.sites.map(|n| count(n.into()))),
        ];
        let limits = limit_rows.into_iter().map(|(name, read)| Row {
            name: name.to_owned(),
            cells: plans
                .iter()
                .map(|plan| Cell { text: Some(amount(read(&plan.limits), plan.by_contract)), included: true })
                .collect(),
        });
        let mut sections = vec![Section { name: "Amounts".into(), rows: limits.collect() }];
        for feature in features {
            let included = |plan: &Plan| Cell { text: None, included: feature.plans.contains(&plan.code) };
            let row = Row { name: feature.name.clone(), cells: plans.iter().map(included).collect() };
            match sections.last_mut() {
                Some(last) if last.name == feature.section => last.rows.push(row),
                _ => sections.push(Section { name: feature.section.clone(), rows: vec![row] }),
            }
        }
        Self { plans: plans.iter().map(PlanCard::of).collect(), sections }
    }
}

/// A link to a page of the documentation.
#[derive(Clone, Serialize)]
struct DocLink {
    slug: String,
    title: String,
}

#[derive(Serialize)]
struct DocSection {
    name: String,
    docs: Vec<DocLink>,
}

#[derive(Serialize)]
struct ErrorRow {
    name: &'static str,
    status: u16,
    retry: bool,
    title: &'static str,
}

/// A page of the documentation. `errors` is filled on the error reference only.
#[derive(Serialize)]
pub(super) struct DocView {
    doc: Doc,
    navigation: Vec<DocSection>,
    headings: Vec<Heading>,
    previous: Option<DocLink>,
    next: Option<DocLink>,
    errors: Vec<ErrorRow>,
}

impl DocView {
    pub fn new(all: &[Doc], (previous, doc, next): (Option<&Doc>, &Doc, Option<&Doc>)) -> Self {
        let link = |doc: &Doc| DocLink { slug: doc.slug.clone(), title: doc.title.clone() };
        let mut navigation: Vec<DocSection> = Vec::new();
        for doc in all {
            match navigation.last_mut() {
                Some(last) if last.name == doc.section => last.docs.push(link(doc)),
                _ => navigation.push(DocSection { name: doc.section.clone(), docs: vec![link(doc)] }),
            }
        }
        let errors = if doc.slug == "errors" { Code::ALL } else { &[] };
        Self {
            headings: doc.headings.clone(),
            doc: doc.clone(),
            navigation,
            previous: previous.map(link),
            next: next.map(link),
            errors: errors
                .iter()
                .map(|code| ErrorRow {
                    name: code.name(),
                    status: code.status(),
                    retry: code.retryable(),
                    title: code.title(),
                })
                .collect(),
        }
    }
}

/// What changed, newest first.
#[derive(Serialize)]
pub(super) struct ChangelogView {
    pub html: String,
}

fn sample_plans() -> Vec<Plan> {
    let limits = |agreed: bool| Limits {
        people: Some(3).filter(|_| !agreed),
        records_a_base: Some(5_000).filter(|_| !agreed),
        runs_a_month: Some(500).filter(|_| !agreed),
        sites: None,
        own_domains: Some(0),
        storage_bytes: Some(1 << 30).filter(|_| !agreed),
        api_a_minute: Some(60).filter(|_| !agreed),
    };
    PlanCode::ALL
        .into_iter()
        .map(|code| {
            let by_contract = code == PlanCode::Enterprise;
            Plan {
                code,
                name: code.name().into(),
                summary: "For a team".into(),
                month_cents: Some(1_250).filter(|_| !by_contract),
                year_cents: Some(1_000).filter(|_| !by_contract),
                by_contract,
                limits: limits(by_contract),
            }
        })
        .collect()
}

impl View for HomeView {
    const TEMPLATE: &'static str = "www/home.html";
    fn samples() -> Vec<Self> {
        vec![Self::new(&[]), Self::new(&sample_plans())]
    }
}

impl View for PricingView {
    const TEMPLATE: &'static str = "www/pricing.html";
    fn samples() -> Vec<Self> {
        let feature = Feature { section: "Data".into(), name: "Grid".into(), plans: vec![PlanCode::Pro] };
        vec![Self::new(&sample_plans(), &[]), Self::new(&sample_plans(), &[feature])]
    }
}

impl View for DocView {
    const TEMPLATE: &'static str = "www/doc.html";
    fn samples() -> Vec<Self> {
        let doc = |slug: &str| Doc {
            slug: slug.into(),
            title: "Title".into(),
            description: "What it is about".into(),
            section: "Start".into(),
            html: "<p>Text</p><h2 id=\"one\">One</h2>".into(),
            headings: vec![Heading { id: "one".into(), text: "One".into() }],
            ..Doc::default()
        };
        let all = [doc("first"), doc("errors")];
        vec![
            Self::new(&all, (None, &all[0], Some(&all[1]))),
            Self::new(&all, (Some(&all[0]), &all[1], None)),
            Self::new(
                &all,
                (None, &Doc { headings: Vec::new(), html: "<p>Text</p>".into(), ..doc("only") }, None),
            ),
        ]
    }
}

impl View for ChangelogView {
    const TEMPLATE: &'static str = "www/changelog.html";
    fn samples() -> Vec<Self> {
        vec![Self { html: "<h2 id=\"v\">0.1</h2>".into() }]
    }
}

register_view!(HomeView, PricingView, DocView, ChangelogView);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_as_people_write_it() {
        for (cents, expected) in [(0, "$0"), (1_200, "$12"), (1_250, "$12.50"), (1_205, "$12.05")] {
            assert_eq!(dollars(cents), expected);
        }
    }

    #[test]
    fn the_role_table_says_what_services_allow() {
        let lines = role_lines();
        let pages = lines.iter().find(|line| line.what == "Pages").unwrap();
        assert_eq!(
            pages.may,
            [Some("Publish"), Some("Publish"), Some("Edit"), Some("See"), Some("See"), None]
        );
        let owners = lines.iter().find(|line| line.what == "Owners").unwrap();
        assert_eq!(owners.may, [Some("Edit"), None, None, None, None, None]);
    }
}
