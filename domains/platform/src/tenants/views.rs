//! Contexts of the tenants' list and of one tenant's page.

use super::model::{BaseFacts, Cause, Detail, Listed, PAGE, Person, Search, SiteFacts, State};
use crate::audit::Line;
use billing::{PlanCode, Subscription};
use jiff::Timestamp;
use kernel_core::{Code, Error, FieldError, TenantId};
use kernel_web::{FormState, View, register_view};
use serde::Serialize;

#[derive(Serialize)]
struct Choice {
    value: &'static str,
    name: &'static str,
    chosen: bool,
}

fn plans(chosen: Option<PlanCode>) -> Vec<Choice> {
    let choice =
        |plan: PlanCode| Choice { value: plan.as_str(), name: plan.name(), chosen: chosen == Some(plan) };
    PlanCode::ALL.into_iter().map(choice).collect()
}

#[derive(Serialize)]
struct Row {
    id: String,
    name: String,
    slug: String,
    initials: String,
    colour: &'static str,
    suspended: bool,
    plan: &'static str,
    members: i64,
    bases: i64,
    records: i64,
    created_at: Timestamp,
}

/// One tab: a state with its count.
#[derive(Serialize)]
struct Tab {
    name: &'static str,
    state: &'static str,
    count: i64,
    chosen: bool,
}

#[derive(Serialize)]
pub(super) struct ListView {
    tabs: Vec<Tab>,
    plans: Vec<Choice>,
    text: String,
    state: &'static str,
    filtered: bool,
    rows: Vec<Row>,
    total: i64,
    first: i64,
    last: i64,
    previous: Option<i64>,
    next: Option<i64>,
    /// `q`, `plan` and `state` for the links of the pages.
    query: String,
}

impl ListView {
    pub fn of(search: &Search, states: (i64, i64, i64), (listed, total): (Vec<Listed>, i64)) -> Self {
        let tab = |name, state: Option<State>, count| Tab {
            name,
            state: state.map_or("", State::name),
            count,
            chosen: search.state == state,
        };
        let page = search.page.max(1);
        let first = (page - 1) * PAGE + i64::from(!listed.is_empty());
        let last = (page - 1) * PAGE + listed.len() as i64;
        Self {
            tabs: vec![
                tab("All", None, states.0),
                tab("Active", Some(State::Active), states.1),
                tab("Suspended", Some(State::Suspended), states.2),
            ],
            plans: plans(search.plan),
            state: search.state.map_or("", State::name),
            filtered: !search.text.is_empty() || search.plan.is_some() || search.state.is_some(),
            query: super::routes::query_of(search),
            text: search.text.clone(),
            total,
            first,
            last,
            previous: (page > 1).then_some(page - 1),
            next: (last < total).then_some(page + 1),
            rows: listed.into_iter().map(row).collect(),
        }
    }
}

fn row(tenant: Listed) -> Row {
    Row {
        initials: identity::model::initials(&tenant.name),
        colour: colour(&tenant.slug),
        id: tenant.id.to_string(),
        name: tenant.name,
        slug: tenant.slug,
        suspended: tenant.state == State::Suspended,
        plan: tenant.plan.name(),
        members: tenant.members,
        bases: tenant.bases,
        records: tenant.records,
        created_at: tenant.created_at,
    }
}

/// One of the look's ten colours, the same for the same address.
fn colour(slug: &str) -> &'static str {
    const COLOURS: [&str; 8] = ["teal", "red", "violet", "blue", "green", "orange", "brown", "pink"];
    let sum: usize = slug.bytes().map(usize::from).sum();
    COLOURS[sum % COLOURS.len()]
}

fn sample_row(state: State) -> Listed {
    Listed {
        id: TenantId::from_uuid(uuid::Uuid::nil()),
        name: "Acme <Services>".into(),
        slug: "acme".into(),
        state,
        created_at: Timestamp::UNIX_EPOCH,
        members: 2,
        plan: PlanCode::Pro,
        bases: 3,
        records: 24_310,
    }
}

impl View for ListView {
    const TEMPLATE: &'static str = "admin/tenants.html";
    fn samples() -> Vec<Self> {
        let none = Search::default();
        let some =
            Search { text: "acme".into(), plan: Some(PlanCode::Pro), state: Some(State::Active), page: 2 };
        let rows = vec![sample_row(State::Active), sample_row(State::Suspended)];
        vec![
            Self::of(&none, (0, 0, 0), (Vec::new(), 0)),
            Self::of(&some, (9, 8, 1), (Vec::new(), 0)),
            Self::of(&some, (900, 899, 1), (rows, 120)),
        ]
    }
}
register_view!(ListView);

#[derive(Serialize)]
struct PersonRow {
    name: String,
    email: String,
    role: String,
    joined_at: Timestamp,
    seen_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct BaseRow {
    name: String,
    tables: i64,
    records: i64,
    changed_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct SiteRow {
    name: String,
    origin: String,
    pages: i64,
    published: i64,
}

/// The dialog that comes back open with its errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Dialog {
    Suspend,
    Resume,
    Plan,
}

/// What a page shows again after a refused form.
pub(super) struct Again {
    pub dialog: Dialog,
    pub form: FormState,
}

#[derive(Serialize)]
pub(super) struct TenantView {
    id: String,
    name: String,
    slug: String,
    initials: String,
    colour: &'static str,
    suspended: bool,
    suspended_reason: Option<String>,
    suspended_at: Option<Timestamp>,
    created_at: Timestamp,
    plan: &'static str,
    plan_since: Option<Timestamp>,
    plans: Vec<Choice>,
    causes: Vec<Choice>,
    people: Vec<PersonRow>,
    tokens: i64,
    bases: Vec<BaseRow>,
    records: i64,
    sites: Vec<SiteRow>,
    published: i64,
    actions: Vec<Line>,
    dialog: Option<Dialog>,
    form: FormState,
}

impl TenantView {
    pub fn of(
        tenant: Detail,
        site_origin: impl Fn(&str) -> String,
        actions: Vec<Line>,
        again: Option<Again>,
    ) -> Self {
        let records = tenant.records();
        let (dialog, form) =
            again.map_or((None, FormState::empty()), |again| (Some(again.dialog), again.form));
        Self {
            id: tenant.id.to_string(),
            initials: identity::model::initials(&tenant.name),
            colour: colour(&tenant.slug),
            name: tenant.name,
            slug: tenant.slug,
            suspended: tenant.state == State::Suspended,
            suspended_reason: tenant.suspended_reason,
            suspended_at: tenant.suspended_at,
            created_at: tenant.created_at,
            plan: tenant.subscription.plan.name(),
            plan_since: tenant.subscription.since,
            plans: plans(Some(tenant.subscription.plan)),
            causes: Cause::ALL
                .into_iter()
                .map(|cause| Choice { value: cause.name(), name: cause.words(), chosen: false })
                .collect(),
            tokens: tenant.tokens,
            records,
            published: tenant.sites.iter().map(|site| site.published).sum(),
            people: tenant.people.into_iter().map(person_row).collect(),
            bases: tenant.bases.into_iter().map(base_row).collect(),
            sites: tenant
                .sites
                .into_iter()
                .map(|site| SiteRow {
                    origin: site_origin(&site.slug),
                    name: site.name,
                    pages: site.pages,
                    published: site.published,
                })
                .collect(),
            actions,
            dialog,
            form,
        }
    }
}

fn person_row(person: Person) -> PersonRow {
    let Person { name, email, role, joined_at, seen_at } = person;
    PersonRow { name, email, role, joined_at, seen_at }
}

fn base_row(base: BaseFacts) -> BaseRow {
    let BaseFacts { name, tables, records, changed_at } = base;
    BaseRow { name, tables, records, changed_at }
}

fn sample(state: State, full: bool) -> Detail {
    let at = Timestamp::UNIX_EPOCH;
    let suspended = state == State::Suspended;
    let person = |seen_at| Person {
        name: "Sid <Someone>".into(),
        email: "sid@example.com".into(),
        role: "owner".into(),
        joined_at: at,
        seen_at,
    };
    let base =
        |changed_at| BaseFacts { name: "Orders & more".into(), tables: 3, records: 24_310, changed_at };
    let site = SiteFacts { name: "Bakery".into(), slug: "bakery".into(), pages: 6, published: 4 };
    Detail {
        id: TenantId::from_uuid(uuid::Uuid::nil()),
        name: "Acme".into(),
        slug: "acme".into(),
        state,
        suspended_reason: suspended.then(|| "Sends unwanted mail".into()),
        suspended_at: suspended.then_some(at),
        created_at: at,
        subscription: Subscription { plan: PlanCode::Pro, since: full.then_some(at) },
        people: if full { vec![person(Some(at)), person(None)] } else { Vec::new() },
        tokens: i64::from(full),
        bases: if full { vec![base(Some(at)), base(None)] } else { Vec::new() },
        sites: if full { vec![site] } else { Vec::new() },
    }
}

impl View for TenantView {
    const TEMPLATE: &'static str = "admin/tenant.html";
    fn samples() -> Vec<Self> {
        let origin = |slug: &str| format!("https://{slug}.sites.example.com");
        let wrong = Error::fields(vec![
            FieldError::new(
                "cause",
                Code::Required,
                "Choose the cause; it stands in the tenant's audit trail.",
            ),
            FieldError::new("reason", Code::Required, "Write why: auditors read it."),
            FieldError::new("confirm", Code::InvalidValue, "Type acme as it is written."),
            FieldError::new("plan", Code::InvalidValue, "It is on Pro already."),
        ]);
        let again =
            |dialog| Some(Again { dialog, form: FormState::empty().value("reason", "x").with(&wrong) });
        let conflict = FormState::empty().with(&Error::new(Code::Conflict));
        vec![
            Self::of(sample(State::Active, false), origin, Vec::new(), None),
            Self::of(sample(State::Active, true), origin, Line::samples(), again(Dialog::Suspend)),
            Self::of(sample(State::Active, true), origin, Line::samples(), again(Dialog::Plan)),
            Self::of(sample(State::Suspended, true), origin, Line::samples(), again(Dialog::Resume)),
            Self::of(
                sample(State::Suspended, false),
                origin,
                Vec::new(),
                Some(Again { dialog: Dialog::Resume, form: conflict }),
            ),
        ]
    }
}
register_view!(TenantView);
