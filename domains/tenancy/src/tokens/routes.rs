//! `/o/{slug}/tokens`.

use super::model::{NewToken, TokenRow};
use super::views::{MadeToken, ScopeItem, TokenItem, TokensView};
use crate::{Member, Tenancy};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use identity::model::initials;
use identity::{NoFields, Visit, mendable};
use jiff::{SignedDuration, Timestamp};
use kernel_core::{Capability, Code, Error, Result, Scope, Scopes};
use kernel_web::{CsrfForm, FormState, Page, WebError};
use serde::{Deserialize, Serialize};

/// A token that ends within this is marked.
const SOON: SignedDuration = SignedDuration::from_hours(24 * 14);

pub(crate) fn routes() -> Router<Tenancy> {
    Router::new()
        .route("/o/{slug}/tokens", get(show).post(create))
        .route("/o/{slug}/tokens/{token}/revoke", post(revoke))
}

#[derive(Deserialize)]
struct ShowQuery {
    revoked: Option<String>,
    new: Option<String>,
}

async fn show(
    State(tenancy): State<Tenancy>,
    page: Page,
    member: Member,
    Query(query): Query<ShowQuery>,
) -> Result<Response, WebError> {
    let mut view = view(&tenancy, &member).await?;
    view.revoked = query.revoked.is_some();
    view.open = query.new.is_some();
    Ok(page.render(&view))
}

async fn view(tenancy: &Tenancy, member: &Member) -> Result<TokensView> {
    let now = tenancy.now();
    let manages = member.caller.may(Capability::ManageMembers);
    let tokens = tenancy.tokens(&member.caller).await?;
    Ok(TokensView {
        slug: member.tenant.slug.clone(),
        tokens: tokens.into_iter().map(|row| item(row, now, manages, member)).collect(),
        form: FormState::empty().value("days", "90"),
        ticked: vec![Scope::Read.name().to_owned()],
        scopes: Scope::ALL.into_iter().map(scope).collect(),
        open: false,
        made: None,
        revoked: false,
    })
}

fn item(row: TokenRow, now: Timestamp, manages: bool, member: &Member) -> TokenItem {
    let left = row.expires_at.map(|end| end.duration_since(now));
    TokenItem {
        id: row.id.to_string(),
        label: row.label,
        hint: row.hint,
        may: words(row.scopes),
        bases: row.bases.map(|bases| bases.len()),
        initials: initials(&row.maker),
        maker: row.maker,
        created_at: row.created_at.to_string(),
        expires_at: row.expires_at.map(|at| at.to_string()),
        expired: left.is_some_and(|left| left <= SignedDuration::ZERO),
        ending: left.is_some_and(|left| left > SignedDuration::ZERO && left < SOON),
        last_used_at: row.last_used_at.map(|at| at.to_string()),
        may_revoke: manages || row.made_by == member.user.id,
    }
}

/// `Read, write`.
fn words(scopes: Scopes) -> String {
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
}

impl CreateForm {
    fn scopes(&self) -> Scopes {
        let ticked = [&self.read, &self.write, &self.delete, &self.schema];
        Scope::ALL
            .into_iter()
            .zip(ticked)
            .filter(|(_, ticked)| ticked.is_some())
            .map(|(scope, _)| scope)
            .collect()
    }

    fn token(&self) -> Result<NewToken> {
        let days = match self.days.as_str() {
            "" | "never" => None,
            text => Some(
                text.parse()
                    .map_err(|_| Error::field("days", Code::InvalidValue, "is not one of the list"))?,
            ),
        };
        Ok(NewToken { label: self.label.clone(), scopes: self.scopes(), bases: None, days })
    }
}

async fn create(
    State(tenancy): State<Tenancy>,
    page: Page,
    (member, visit): (Member, Visit),
    CsrfForm(form): CsrfForm<CreateForm>,
) -> Result<Response, WebError> {
    let created = match form.token() {
        Ok(new) => tenancy.create_token(&member.caller, &new, &visit).await,
        Err(error) => Err(error),
    };
    match created {
        Ok(created) => {
            let mut view = view(&tenancy, &member).await?;
            let id = created.id.to_string();
            let ends =
                view.tokens.iter().find(|token| token.id == id).and_then(|token| token.expires_at.clone());
            view.made = Some(MadeToken {
                label: form.label.trim().to_owned(),
                text: created.text.expose().to_owned(),
                may: words(form.scopes()),
                expires_at: ends,
            });
            // Not a redirect: the text exists in this answer only.
            Ok(page.render_with(StatusCode::CREATED, &view))
        }
        Err(error) => {
            let (status, error) = mendable(error)?;
            let mut view = view(&tenancy, &member).await?;
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
