//! `/account/security`: factors, password, sessions and the access log of the signed-in person.

use super::views::{EventItem, PasskeyItem, SecurityView, SessionItem};
use crate::Identity;
use crate::audit::{self, TrailRow};
use crate::model::{Visit, device};
use crate::password::SHORTEST;
use crate::session::SignedIn;
use crate::session::routes::{NoFields, hinted, mendable, with_session};
use crate::step_up::guarded;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use kernel_core::{Result, SessionId};
use kernel_web::{CsrfForm, FormState, Page, WebError};
use serde::Deserialize;

/// Events shown.
const EVENTS: i64 = 30;

pub(super) fn routes(identity: &Identity) -> Router<Identity> {
    Router::new()
        .route("/account/security", get(show))
        .route("/account/password", guarded(identity, get(show_password).post(change_password)))
        .route("/account/sessions/end-others", guarded(identity, post(end_others)))
        .route("/account/sessions/{session}/end", guarded(identity, post(end_one)))
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
        Some("app") => Some("The new app is in use."),
        Some("passkey") => Some("The passkey is added."),
        Some("passkey-renamed") => Some("The passkey has its new name."),
        Some("passkey-removed") => Some("The passkey is removed here. Remove it from the device as well."),
        Some("app-removed") => Some("The authenticator app is removed."),
        Some("provider-connected") => Some("The account is connected. You can log in with it from now on."),
        Some("provider-removed") => Some("The connection is removed."),
        _ => None,
    };
    let problem = match query.note.as_deref() {
        Some("provider") => Some("The other service did not confirm who you are. Try again in a moment."),
        Some("provider-cancelled") => {
            Some("The other service says that you did not agree. Nothing has changed.")
        }
        Some("provider-taken") => {
            Some("That account is connected with another account here. Log in with it to see which.")
        }
        Some("provider-last") => {
            Some("This is the only way to log in to your account. Set a password or add a passkey first.")
        }
        _ => None,
    };
    let user = &who.user;
    let factors = identity.factors(user.id).await?;
    let passkeys = identity.passkeys(user.id).await?;
    let sessions = identity.sessions(user.id).await?;
    let events = audit::of_account(identity.db(), user.id, EVENTS).await?;
    Ok(page.render(&SecurityView {
        note,
        problem,
        elsewhere: identity.elsewhere_view(user.id).await?,
        app: factors.totp.map(|(since, _)| since.to_string()),
        app_used: factors.totp.and_then(|(_, used)| used).map(|at| at.to_string()),
        codes: factors.codes.map(|(left, of, since)| (left, of, since.to_string())),
        passkeys: passkeys
            .into_iter()
            .map(|passkey| PasskeyItem {
                id: passkey.id.to_string(),
                name: passkey.name,
                synced: passkey.synced,
                created_at: passkey.created_at.to_string(),
                last_used_at: passkey.last_used_at.map(|at| at.to_string()),
            })
            .collect(),
        sessions: sessions
            .into_iter()
            .map(|session| SessionItem {
                id: session.id.to_string(),
                device: device(&session.agent),
                with: session.methods.join(" and "),
                address: session.address,
                created_at: session.created_at.to_string(),
                last_seen_at: session.last_seen_at.to_string(),
                current: session.id == who.session,
            })
            .collect(),
        events: events.iter().map(event).collect(),
    }))
}

/// What happened, for a person.
fn event(row: &TrailRow) -> EventItem {
    let (text, bad) = match row.action.as_str() {
        "account.created" => ("Confirmed the address", false),
        "sign_in" => ("Logged in", false),
        "sign_in.failed" => ("Wrong password", true),
        "sign_in.second_failed" => ("Right password, wrong code", true),
        "sign_in.sso_required" => ("Right password, but the organisation asks for its own log-in", true),
        "sign_in.unpaid" => ("Right password, no code", true),
        "session.ended" => ("Ended a session", false),
        "sessions.ended" => ("Ended all other sessions", false),
        "sessions.ended_by_admin" => ("An administrator ended all sessions", true),
        "password.changed" => ("Changed the password", false),
        "password.change_failed" => ("Wrong current password", true),
        "password.reset_asked" => ("Asked for a link to a new password", false),
        "password.reset" => ("Set a new password by a link", false),
        "account.closing" => ("Asked to close the account", false),
        "account.kept" => ("Kept the account", false),
        "export.asked" => ("Asked for a copy of the data", false),
        "export.fetched" => ("Fetched the copy of the data", false),
        "device.new" => ("Logged in with a new browser", false),
        "link.asked" => ("Asked for a link to log in", false),
        "email.change_asked" => ("Asked to change the address", false),
        "email.change_cancelled" => ("Cancelled the change of the address", false),
        "email.changed" => ("Changed the address", false),
        "step_up" => ("Confirmed who it is", false),
        "step_up.failed" => ("Could not confirm who it is", true),
        "totp.added" => ("Added an authenticator app", false),
        "totp.replaced" => ("Replaced the authenticator app", false),
        "totp.removed" => ("Removed the authenticator app", false),
        "passkey.added" => ("Added a passkey", false),
        "passkey.renamed" => ("Renamed a passkey", false),
        "passkey.removed" => ("Removed a passkey", false),
        "passkey.refused" => ("A passkey was refused", true),
        "provider.connected" => ("Connected an account elsewhere", false),
        "provider.removed" => ("Removed the connection to an account elsewhere", false),
        "recovery_codes.made" => ("Made new recovery codes", false),
        other => (other, false),
    };
    let list = |value: &serde_json::Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let with = list(&row.data["with"]);
    EventItem {
        at: row.at.to_string(),
        text: if with.is_empty() { text.to_owned() } else { format!("{text} with {}", with.join(" and ")) },
        device: row.data["device"].as_str().unwrap_or_default().to_owned(),
        address: row.address.clone(),
        bad,
    }
}

async fn show_password(page: Page, _who: SignedIn) -> Response {
    page.render(&super::views::PasswordView { form: FormState::empty(), shortest: SHORTEST })
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
        Ok(session) => {
            Ok(with_session(page.redirect("/account/security?note=password"), &session, &identity))
        }
        Err(error) => {
            let (_, error) = mendable(error)?;
            let view =
                super::views::PasswordView { form: FormState::empty().with(&error), shortest: SHORTEST };
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
    let here = session == who.session;
    Ok(page.redirect(if here { "/login?note=out" } else { "/account/security?note=session" }))
}

async fn end_others(
    State(identity): State<Identity>,
    page: Page,
    (who, visit): (SignedIn, Visit),
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    identity.end_other_sessions(who.user.id, Some(who.session), &visit).await?;
    Ok(page.redirect("/account/security?note=sessions"))
}
