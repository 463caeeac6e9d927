//! `/o/{slug}/tokens`.

use super::directory::{BaseDirectory, BaseName};
use super::model::{NewToken, TokenRow};
use super::views::{BaseItem, MadeToken, ScopeItem, TokenHistoryView, TokenItem, TokensView};
use crate::{Member, Tenancy};
use axum::Router;
use axum::extract::{FromRef, Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use identity::model::initials;
use identity::{Identity, NoFields, Visit, guarded, mendable};
use jiff::{SignedDuration, Timestamp};
use kernel_core::{Capability, Code, Error, Result, Scope, Scopes};
use kernel_web::{CsrfForm, FormState, Page, Web, WebError};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// A token that ends within this is marked.
const SOON: SignedDuration = SignedDuration::from_hours(24 * 14);

/// What a base's box is called in the form, before its id.
const BASE_BOX: &str = "base.";

/// What these pages need.
#[derive(Clone)]
struct Pages {
    tenancy: Tenancy,
    bases: Arc<dyn BaseDirectory>,
}

impl FromRef<Pages> for Tenancy {
    fn from_ref(pages: &Pages) -> Self {
        pages.tenancy.clone()
    }
}
impl FromRef<Pages> for Identity {
    fn from_ref(pages: &Pages) -> Self {
        pages.tenancy.identity().clone()
    }
}
impl FromRef<Pages> for Web {
    fn from_ref(pages: &Pages) -> Self {
        Self::from_ref(&pages.tenancy)
    }
}

pub(crate) fn routes(tenancy: &Tenancy, bases: Arc<dyn BaseDirectory>) -> Router {
    Router::new()
        .route("/o/{slug}/tokens", guarded(tenancy.identity(), post(create)).get(show))
        .route("/o/{slug}/tokens/history", get(history))
        .route("/o/{slug}/tokens/{token}/revoke", post(revoke))
        .with_state(Pages { tenancy: tenancy.clone(), bases })
}

#[derive(Deserialize)]
struct ShowQuery {
    revoked: Option<String>,
    new: Option<String>,
}

async fn show(
    State(pages): State<Pages>,
    page: Page,
    member: Member,
    Query(query): Query<ShowQuery>,
) -> Result<Response, WebError> {
    let mut view = view(&pages, &member).await?;
    view.revoked = query.revoked.is_some();
    view.open = query.new.is_some();
    Ok(page.render(&view))
}

async fn history(State(pages): State<Pages>, page: Page, member: Member) -> Result<Response, WebError> {
    let now = pages.tenancy.now();
    let tokens = pages.tenancy.revoked_tokens(&member.caller).await?;
    let bases = pages.bases.bases(&member.caller).await?;
    let slug = member.tenant.slug.clone();
    let tokens = tokens.into_iter().map(|row| item(row, now, false, &member, &bases)).collect();
    Ok(page.render(&TokenHistoryView { slug, tokens }))
}

async fn view(pages: &Pages, member: &Member) -> Result<TokensView> {
    let now = pages.tenancy.now();
    let manages = member.caller.may(Capability::ManageMembers);
    let tokens = pages.tenancy.tokens(&member.caller).await?;
    let bases = pages.bases.bases(&member.caller).await?;
    Ok(TokensView {
        slug: member.tenant.slug.clone(),
        tokens: tokens.into_iter().map(|row| item(row, now, manages, member, &bases)).collect(),
        form: FormState::empty().value("days", "90").value("reach", "all"),
        bases: bases.into_iter().map(|base| BaseItem { id: base.id, name: base.name, on: false }).collect(),
        ticked: vec![Scope::Read.name().to_owned()],
        scopes: Scope::ALL.into_iter().map(scope).collect(),
        open: false,
        made: None,
        revoked: false,
    })
}

fn item(row: TokenRow, now: Timestamp, manages: bool, member: &Member, bases: &[BaseName]) -> TokenItem {
    let name = |number: &u64| bases.iter().find(|base| base.number == *number).map(|base| base.name.clone());
    let left = row.expires_at.map(|end| end.duration_since(now));
    TokenItem {
        id: row.id.to_string(),
        label: row.label,
        hint: row.hint,
        may: words(row.scopes),
        gone: row.bases.iter().flatten().filter(|number| name(number).is_none()).count(),
        bases: row.bases.map(|numbers| numbers.iter().filter_map(name).collect()),
        initials: initials(&row.maker),
        maker: row.maker,
        created_at: row.created_at.to_string(),
        expires_at: row.expires_at.map(|at| at.to_string()),
        expired: left.is_some_and(|left| left <= SignedDuration::ZERO),
        ending: left.is_some_and(|left| left > SignedDuration::ZERO && left < SOON),
        last_used_at: row.last_used_at.map(|at| at.to_string()),
        last_used_from: row.last_used_from,
        networks: row.networks.unwrap_or_default(),
        per_minute: row.per_minute,
        calls: row.calls.iter().sum(),
        bars: bars(&row.calls),
        revoked_at: row.revoked_at.map(|at| at.to_string()),
        may_revoke: manages || row.made_by == member.user.id,
    }
}

/// Heights from 0 to 20; a day with any call can be seen.
fn bars(calls: &[i64]) -> Vec<i64> {
    let most = calls.iter().copied().max().unwrap_or(0).max(1);
    calls.iter().map(|calls| if *calls == 0 { 0 } else { (calls * 20 / most).max(2) }).collect()
}

/// `Read, write`.
pub(crate) fn words(scopes: Scopes) -> String {
    let text = scopes.names().collect::<Vec<_>>().join(", ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn scope(scope: Scope) -> ScopeItem {
    let text = match scope {
        Scope::Read => "Reads bases, tables, records and views",
        Scope::Write => "Creates and changes records",
        Scope::Delete => "Deletes records",
        Scope::Schema => "Changes tables, fields and views",
    };
    ScopeItem { name: scope.name(), text }
}

/// A form cannot repeat a name and still be a struct: each scope is a field of its own.
#[derive(Deserialize, Serialize)]
struct CreateForm {
    #[serde(default)]
    label: String,
    read: Option<String>,
    write: Option<String>,
    delete: Option<String>,
    schema: Option<String>,
    #[serde(default)]
    days: String,
    #[serde(default)]
    addresses: String,
    #[serde(default)]
    per_minute: String,
    /// `some`: the ticked bases; else all.
    #[serde(default)]
    reach: String,
    /// `base.app…` for each ticked base.
    #[serde(flatten, skip_serializing)]
    boxes: HashMap<String, String>,
}

impl CreateForm {
    fn has_base(&self, id: &str) -> bool {
        self.boxes.contains_key(&format!("{BASE_BOX}{id}"))
    }

    /// The numbers of the ticked bases; `None`: all bases. A base that went meanwhile is not among them.
    fn bases(&self, known: &[BaseName]) -> Option<Vec<u64>> {
        let ticked = known.iter().filter(|base| self.has_base(&base.id)).map(|base| base.number);
        (self.reach == "some").then(|| ticked.collect())
    }

    fn scopes(&self) -> Scopes {
        let ticked = [&self.read, &self.write, &self.delete, &self.schema];
        Scope::ALL
            .into_iter()
            .zip(ticked)
            .filter(|(_, ticked)| ticked.is_some())
            .map(|(scope, _)| scope)
            .collect()
    }

    fn token(&self, known: &[BaseName]) -> Result<NewToken> {
        let days = match self.days.as_str() {
            "" | "never" => None,
            text => Some(
                text.parse()
                    .map_err(|_| Error::field("days", Code::InvalidValue, "is not one of the list"))?,
            ),
        };
        let per_minute = match self.per_minute.trim() {
            "" => None,
            text => Some(
                text.parse()
                    .map_err(|_| Error::field("per_minute", Code::InvalidValue, "is not a whole number"))?,
            ),
        };
        Ok(NewToken {
            label: self.label.clone(),
            scopes: self.scopes(),
            bases: self.bases(known),
            days,
            addresses: self.addresses.clone(),
            per_minute,
        })
    }
}

async fn create(
    State(pages): State<Pages>,
    page: Page,
    (member, visit): (Member, Visit),
    CsrfForm(form): CsrfForm<CreateForm>,
) -> Result<Response, WebError> {
    let known = pages.bases.bases(&member.caller).await?;
    let created = match form.token(&known) {
        Ok(new) => pages.tenancy.create_token(&member.caller, &new, &visit).await,
        Err(error) => Err(error),
    };
    match created {
        Ok(created) => {
            let mut view = view(&pages, &member).await?;
            let id = created.id.to_string();
            let listed = view.tokens.iter().find(|token| token.id == id);
            view.made = Some(MadeToken {
                label: form.label.trim().to_owned(),
                text: created.text.expose().to_owned(),
                may: words(form.scopes()),
                bases: listed.and_then(|token| token.bases.clone()),
                expires_at: listed.and_then(|token| token.expires_at.clone()),
            });
            // Not a redirect: the text exists in this answer only.
            Ok(page.render_with(StatusCode::CREATED, &view))
        }
        Err(error) => {
            let (status, error) = mendable(error)?;
            let mut view = view(&pages, &member).await?;
            view.bases.iter_mut().for_each(|base| base.on = form.has_base(&base.id));
            view.ticked = form.scopes().names().map(str::to_owned).collect();
            view.form = FormState::of(&form).with(&error);
            view.open = true;
            Ok(page.render_with(status, &view))
        }
    }
}

#[derive(Deserialize)]
struct TokenPath {
    token: String,
}

async fn revoke(
    State(tenancy): State<Tenancy>,
    page: Page,
    (member, visit, Path(path)): (Member, Visit, Path<TokenPath>),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    tenancy.revoke_token(&member.caller, path.token.parse()?, &visit).await?;
    Ok(page.redirect(&format!("/o/{}/tokens?revoked=1", member.tenant.slug)))
}
