//! The directory's part of `/o/{slug}/security/sso`: its address, its tokens.

use super::views::{ScimSection, ScimTokenItem};
use crate::sso::routes::{answer, view};
use crate::sso::views::SsoView;
use crate::{Member, Tenancy};
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use identity::{NoFields, Visit, guarded};
use kernel_core::{ApiTokenId, Caller, Error, Result};
use kernel_web::{CsrfForm, Page, WebError};
use serde::Deserialize;

pub(crate) fn routes(tenancy: &Tenancy) -> Router<Tenancy> {
    let people = tenancy.identity();
    Router::new()
        .route("/o/{slug}/security/sso/scim", guarded(people, post(make)))
        .route("/o/{slug}/security/sso/scim/{token}/revoke", guarded(people, post(revoke)))
}

/// What the page shows.
pub(crate) async fn section(tenancy: &Tenancy, caller: &Caller) -> Result<ScimSection> {
    let tokens = tenancy.scim_tokens(caller).await?.into_iter().map(|row| ScimTokenItem {
        id: row.id.to_string(),
        hint: row.hint,
        maker: row.maker,
        created_at: row.created_at.to_string(),
        expires_at: row.expires_at.map(|at| at.to_string()),
        last_used_at: row.last_used_at.map(|at| at.to_string()),
        last_used_from: row.last_used_from,
    });
    let address = format!("{}/scim/v2", tenancy.identity().web().origins().api);
    Ok(ScimSection { address, tokens: tokens.collect(), made: None })
}

/// The page with the new token on it: nowhere else is its text.
async fn make(
    State(tenancy): State<Tenancy>,
    page: Page,
    (member, visit): (Member, Visit),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    match tenancy.make_scim_token(&member.caller, &visit).await {
        Ok(made) => {
            let shown = view(&tenancy, &member, None).await?;
            let scim = ScimSection { made: Some(made.text.expose().to_owned()), ..shown.scim };
            Ok(page.render(&SsoView { scim, ..shown }))
        }
        Err(error) => answer(&tenancy, &page, &member, (Err(error), "")).await,
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
    let id: ApiTokenId = path.token.parse().map_err(|_| Error::not_found())?;
    let done = tenancy.revoke_scim_token(&member.caller, id, &visit).await;
    answer(&tenancy, &page, &member, (done, "scim-revoked")).await
}
