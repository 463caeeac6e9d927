//! `/account/export`, `/account/close`. All but the state of a copy ask who is there first.

use super::views::{CloseView, TieItem};
use crate::Identity;
use crate::model::Visit;
use crate::session::SignedIn;
use crate::session::extract::COOKIE;
use crate::session::routes::{NoFields, hinted, mendable};
use crate::step_up::guarded;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http::{StatusCode, header};
use kernel_core::{Code, DataExportId, Error, Result};
use kernel_web::{CsrfForm, FormState, Page, WebError, cookies};
use serde::Deserialize;

pub(crate) fn routes(identity: &Identity) -> Router<Identity> {
    Router::new()
        .route("/account/export", guarded(identity, post(ask)))
        .route("/account/export/{export}", guarded(identity, get(fetch)))
        .route("/account/close", guarded(identity, get(show).post(close)))
}

async fn ask(
    State(identity): State<Identity>,
    page: Page,
    (who, visit): (SignedIn, Visit),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    match identity.ask_for_export(&who, &visit).await {
        // Pressed twice: the copy that is being made is the one that is wanted.
        Err(error) if error.code() == Code::Conflict => {}
        done => done?,
    }
    Ok(page.redirect("/account?note=export"))
}

async fn fetch(
    State(identity): State<Identity>,
    (who, visit): (SignedIn, Visit),
    Path(export): Path<String>,
) -> Result<Response, WebError> {
    let id: DataExportId = export.parse().map_err(|_| Error::not_found())?;
    let file = identity.export_file(&who, id, &visit).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/gzip"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"my-data.json.gz\""),
    ];
    Ok((headers, file).into_response())
}

async fn view(identity: &Identity, who: &SignedIn, form: FormState) -> Result<CloseView> {
    let user = &who.user;
    let factors = identity.factors(user.id).await?;
    let item = |tie: super::Tie| TieItem { name: tie.name, slug: tie.slug, sole_owner: tie.sole_owner };
    Ok(CloseView {
        form,
        email: user.email.clone(),
        ties: identity.ties_of(user.id).await?.into_iter().map(item).collect(),
        sessions: identity.sessions(user.id).await?.len(),
        passkeys: factors.passkeys,
    })
}

async fn show(State(identity): State<Identity>, page: Page, who: SignedIn) -> Result<Response, WebError> {
    Ok(page.render(&view(&identity, &who, FormState::empty()).await?))
}

#[derive(Deserialize)]
struct CloseForm {
    #[serde(default)]
    confirm: String,
}

async fn close(
    State(identity): State<Identity>,
    page: Page,
    (who, visit): (SignedIn, Visit),
    CsrfForm(form): CsrfForm<CloseForm>,
) -> Result<Response, WebError> {
    match identity.close_account(&who, &form.confirm, &visit).await {
        Ok(()) => {
            let mut response = page.redirect("/login?note=closing");
            response.headers_mut().append(header::SET_COOKIE, cookies::remove(COOKIE));
            Ok(response)
        }
        Err(error) => {
            let (_, error) = mendable(error)?;
            let state = FormState::empty().value("confirm", form.confirm).with(&error);
            let view = view(&identity, &who, state).await?;
            Ok(hinted(page.render_with(StatusCode::UNPROCESSABLE_ENTITY, &view), &error))
        }
    }
}
