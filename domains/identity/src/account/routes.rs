//! `/account`: what a person is called, and how pages look.

use super::views::{AccountView, PendingView};
use crate::Identity;
use crate::session::SignedIn;
use crate::session::routes::{mendable, with_theme};
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use kernel_core::Result;
use kernel_web::{CsrfForm, FormState, Page, WebError};
use serde::{Deserialize, Serialize};

pub(crate) fn routes(identity: &Identity) -> Router<Identity> {
    Router::new()
        .route("/account", get(show).post(change_profile))
        .merge(super::email::routes(identity))
        .merge(super::security::routes(identity))
}

#[derive(Deserialize)]
struct NoteQuery {
    note: Option<String>,
}

async fn show(
    State(identity): State<Identity>,
    page: Page,
    who: SignedIn,
    Query(query): Query<NoteQuery>,
) -> Result<Response, WebError> {
    let note = match query.note.as_deref() {
        Some("email") => {
            Some("We sent a message to both addresses. The change is made when both have confirmed.")
        }
        Some("email-cancelled") => Some("The change of the address is cancelled."),
        _ => None,
    };
    Ok(page.render(&AccountView { note, ..view(&identity, &who).await? }))
}

async fn view(identity: &Identity, who: &SignedIn) -> Result<AccountView> {
    let user = &who.user;
    let pending = identity.pending_email(user.id).await?;
    Ok(AccountView {
        profile: FormState::empty()
            .value("name", user.name.clone())
            .value("time_zone", user.time_zone.clone())
            .value("theme", user.theme.name()),
        zones: zones(),
        email: user.email.clone(),
        pending: pending.map(|change| PendingView {
            email: change.email,
            old_done: change.old_done,
            new_done: change.new_done,
        }),
        note: None,
    })
}

#[derive(Deserialize, Serialize)]
struct ProfileForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    time_zone: String,
    #[serde(default)]
    theme: String,
}

async fn change_profile(
    State(identity): State<Identity>,
    page: Page,
    who: SignedIn,
    CsrfForm(form): CsrfForm<ProfileForm>,
) -> Result<Response, WebError> {
    match identity.change_profile(who.user.id, &form.name, &form.time_zone, &form.theme).await {
        Ok(theme) => Ok(with_theme(page.redirect("/account"), Some(theme))),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let view =
                AccountView { profile: FormState::of(&form).with(&error), ..view(&identity, &who).await? };
            Ok(page.render_with(status, &view))
        }
    }
}

/// Names of all zones that are places, `UTC` first.
fn zones() -> Vec<String> {
    let mut names: Vec<String> = jiff::tz::db()
        .available()
        .map(|name| name.as_str().to_owned())
        .filter(|name| {
            name.contains('/')
                && !["Etc/", "SystemV/", "US/", "posix/", "right/"]
                    .iter()
                    .any(|start| name.starts_with(start))
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names.insert(0, "UTC".to_owned());
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_places() {
        let zones = zones();
        assert_eq!(zones[0], "UTC");
        assert!(zones.iter().any(|zone| zone == "Europe/Berlin"), "{}", zones.len());
    }
}
