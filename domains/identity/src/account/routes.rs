//! `/account`.

use super::views::{AccountView, EventItem, SessionItem};
use crate::Identity;
use crate::audit::{self, TrailRow};
use crate::model::Visit;
use crate::password::SHORTEST;
use crate::session::SignedIn;
use crate::session::routes::{NoFields, hinted, mendable, with_session, with_theme};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use kernel_core::{Result, SessionId};
use kernel_web::{CsrfForm, FormState, Page, WebError};
use serde::{Deserialize, Serialize};

/// Events shown.
const EVENTS: i64 = 20;

pub(crate) fn routes() -> Router<Identity> {
    Router::new()
        .route("/account", get(show).post(change_profile))
        .route("/account/password", post(change_password))
        .route("/account/sessions/end-others", post(end_others))
        .route("/account/sessions/{session}/end", post(end_one))
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
        Some("password") => Some("Your password is changed. Every other session has ended."),
        Some("session") => Some("The session has ended."),
        Some("sessions") => Some("Every other session has ended."),
        _ => None,
    };
    let view = AccountView { note, ..view(&identity, &who).await? };
    Ok(page.render(&view))
}

async fn view(identity: &Identity, who: &SignedIn) -> Result<AccountView> {
    let user = &who.user;
    let sessions = identity.sessions(user.id).await?;
    let events = audit::of_account(identity.db(), user.id, EVENTS).await?;
    Ok(AccountView {
        profile: FormState::empty()
            .value("name", user.name.clone())
            .value("time_zone", user.time_zone.clone())
            .value("theme", user.theme.name()),
        password: FormState::empty(),
        zones: zones(),
        sessions: sessions
            .into_iter()
            .map(|session| SessionItem {
                id: session.id.to_string(),
                device: device(&session.agent),
                address: session.address,
                created_at: session.created_at.to_string(),
                last_seen_at: session.last_seen_at.to_string(),
                current: session.id == who.session,
            })
            .collect(),
        events: events.iter().map(event).collect(),
        note: None,
        shortest: SHORTEST,
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

#[derive(Deserialize)]
struct PasswordForm {
    #[serde(default)]
    current: String,
    #[serde(default)]
    password: String,
}

async fn change_password(
    State(identity): State<Identity>,
    page: Page,
    (who, visit): (SignedIn, Visit),
    CsrfForm(form): CsrfForm<PasswordForm>,
) -> Result<Response, WebError> {
    match identity.change_password(&who, &form.current, &form.password, &visit).await {
        Ok(session) => Ok(with_session(page.redirect("/account?note=password"), &session, &identity)),
        Err(error) => {
            let (_, error) = mendable(error)?;
            let view =
                AccountView { password: FormState::empty().with(&error), ..view(&identity, &who).await? };
            Ok(hinted(page.render_with(StatusCode::UNPROCESSABLE_ENTITY, &view), &error))
        }
    }
}

async fn end_one(
    State(identity): State<Identity>,
    page: Page,
    (who, visit, Path(session)): (SignedIn, Visit, Path<String>),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    let session: SessionId = session.parse()?;
    identity.end_session(who.user.id, session, &visit).await?;
    Ok(page.redirect(if session == who.session { "/login?note=out" } else { "/account?note=session" }))
}

async fn end_others(
    State(identity): State<Identity>,
    page: Page,
    (who, visit): (SignedIn, Visit),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    identity.end_other_sessions(who.user.id, Some(who.session), &visit).await?;
    Ok(page.redirect("/account?note=sessions"))
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

/// Browser and system in words, from what a browser calls itself.
fn device(agent: &str) -> String {
    let first = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    let browser = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(only), None) | (None, Some(only)) => only.to_owned(),
        (None, None) => "Unknown browser".to_owned(),
    }
}

fn event(row: &TrailRow) -> EventItem {
    let text = match row.action.as_str() {
        "account.created" => "Confirmed the address",
        "sign_in" => "Logged in",
        "sign_in.failed" => "Somebody tried a wrong password",
        "session.ended" => "Ended a session",
        "sessions.ended" => "Ended all other sessions",
        "password.changed" => "Changed the password",
        "password.change_failed" => "Wrong current password",
        "password.reset_asked" => "Asked for a link to a new password",
        "password.reset" => "Set a new password by a link",
        other => other,
    };
    EventItem { at: row.at.to_string(), text: text.to_owned(), address: row.address.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_in_words() {
        for (agent, expected) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140 Safari/537.36 Edg/140",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
                "Safari on iPhone",
            ),
            ("curl/8.5.0", "curl"),
            ("", "Unknown browser"),
        ] {
            assert_eq!(device(agent), expected);
        }
    }

    #[test]
    fn zones_are_places() {
        let zones = zones();
        assert_eq!(zones[0], "UTC");
        assert!(zones.iter().any(|zone| zone == "Europe/Berlin"), "{}", zones.len());
    }
}
