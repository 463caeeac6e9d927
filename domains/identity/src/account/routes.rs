//! `/account`: what a person is called, and how pages look.

use super::Profile;
use super::views::{AccountView, ExportView, PendingView};
use crate::Identity;
use crate::session::SignedIn;
use crate::session::routes::{mendable, with_theme};
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use jiff::civil::date;
use kernel_core::Result;
use kernel_web::{CsrfForm, FormState, Page, WebError, format};
use serde::{Deserialize, Serialize};

pub(crate) fn routes(identity: &Identity) -> Router<Identity> {
    Router::new()
        .route("/account", get(show).post(change_profile))
        .merge(super::picture_routes::routes())
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
        Some("picture") => Some("Your picture is changed."),
        Some("picture-removed") => Some("Your picture is removed."),
        Some("export") => Some("The copy is being made. You get a mail when it is ready."),
        Some("email-cancelled") => Some("The change of the address is cancelled."),
        _ => None,
    };
    Ok(page.render(&AccountView { note, ..view(&identity, &who).await? }))
}

/// The page again, with what is wrong.
pub(super) fn page_with(page: &Page, status: StatusCode, view: AccountView) -> Response {
    page.render_with(status, &view)
}

pub(super) async fn view(identity: &Identity, who: &SignedIn) -> Result<AccountView> {
    let user = &who.user;
    let export = identity.latest_export(user.id).await?;
    let pending = identity.pending_email(user.id).await?;
    Ok(AccountView {
        profile: FormState::empty()
            .value("name", user.name.clone())
            .value("time_zone", user.time_zone.clone())
            .value("theme", user.theme.name())
            .value("locale", user.locale.clone().unwrap_or_default()),
        picture: FormState::empty(),
        avatar: user.picture(),
        initials: user.initials(),
        locales: locales(),
        export: export.map(|export| ExportView {
            id: export.id.to_string(),
            done: export.done,
            parts: export.parts,
            ready: export.ready_at.is_some(),
            expires_at: export.expires_at.to_string(),
        }),
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
    #[serde(default)]
    locale: String,
}

async fn change_profile(
    State(identity): State<Identity>,
    page: Page,
    who: SignedIn,
    CsrfForm(form): CsrfForm<ProfileForm>,
) -> Result<Response, WebError> {
    let profile =
        Profile { name: &form.name, time_zone: &form.time_zone, theme: &form.theme, locale: &form.locale };
    match identity.change_profile(who.user.id, &profile).await {
        Ok(theme) => Ok(with_theme(page.redirect("/account"), Some(theme))),
        Err(error) => {
            let (status, error) = mendable(error)?;
            let view =
                AccountView { profile: FormState::of(&form).with(&error), ..view(&identity, &who).await? };
            Ok(page.render_with(status, &view))
        }
    }
}

/// Names of locales with an example of each.
fn locales() -> Vec<(&'static str, String)> {
    let example = date(2026, 11, 21);
    let shown = |name: &'static str| {
        (
            name,
            format!(
                "{}: {}, {}",
                language(name),
                format::day(name, example),
                format::number(name, 1_234.5, 1)
            ),
        )
    };
    format::locales().map(shown).collect()
}

/// A locale's name in English.
fn language(locale: &str) -> &str {
    match locale {
        "en-US" => "English (United States)",
        "en-GB" => "English (United Kingdom)",
        "de-CH" => "German (Switzerland)",
        "de" => "German",
        "fr" => "French",
        "es" => "Spanish",
        "it" => "Italian",
        "nl" => "Dutch",
        "pt" => "Portuguese",
        "pl" => "Polish",
        "sv" => "Swedish",
        "ja" => "Japanese",
        other => other,
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

    #[test]
    fn every_locale_has_a_name_and_an_example() {
        let locales = locales();
        assert!(locales.iter().all(|(name, text)| language(name) != *name && text.contains("2026")));
        let german = locales.iter().find(|(name, _)| *name == "de").unwrap();
        assert_eq!(german.1, "German: 21.11.2026, 1.234,5");
    }
}
