//! `/o/{slug}/team/audit`.

use super::export::{self, Format};
use super::views::{AuditRow, AuditView};
use super::{PAGE, act_label};
use crate::members::{events, program};
use crate::{Member, Tenancy};
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use identity::Visit;
use identity::audit::trail::{Filter, Place};
use identity::audit::{Act, AuditEvent, emit};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel_core::{Capability, Code, Error, FieldError, Result, UserId};
use kernel_db::Database;
use kernel_web::{CsrfForm, FormState, Page, WebError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;

pub(crate) fn routes() -> Router<Tenancy> {
    Router::new().route("/o/{slug}/team/audit", get(show)).route("/o/{slug}/team/audit/export", post(export))
}

/// The filter as people give it.
#[derive(Clone, Default, Deserialize, Serialize)]
struct Asked {
    #[serde(default)]
    person: String,
    #[serde(default)]
    action: String,
    #[serde(default)]
    object: String,
    /// The first day.
    #[serde(default)]
    from: String,
    /// The last day.
    #[serde(default)]
    until: String,
    /// Where to go on: the last row that was given.
    #[serde(default)]
    after: String,
    /// Of an export.
    #[serde(default)]
    format: String,
}

fn day(name: &'static str, text: &str) -> std::result::Result<Option<Date>, FieldError> {
    match text.trim() {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| FieldError::new(name, Code::InvalidValue, "is not a day, as in 2026-12-31")),
    }
}

fn begin(day: Date) -> Option<Timestamp> {
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

impl Asked {
    fn filter(&self) -> Result<Filter> {
        let mut errors = Vec::new();
        let mut read = |name, text| day(name, text).map_err(|error| errors.push(error)).ok().flatten();
        let (from, until) = (read("from", &self.from), read("until", &self.until));
        if !self.action.is_empty() && Act::named(&self.action).is_none() {
            errors.push(FieldError::new("action", Code::InvalidValue, "is not one of the list"));
        }
        if self.object.chars().count() > 200 {
            errors.push(FieldError::new("object", Code::TooLong, "is longer than 200 characters"));
        }
        if !errors.is_empty() {
            return Err(Error::fields(errors));
        }
        Ok(Filter {
            actor: self.person.clone(),
            action: self.action.clone(),
            object: self.object.clone(),
            from: from.and_then(begin),
            // The last day is part of it.
            until: until.and_then(|day| begin(day.tomorrow().ok()?)),
        })
    }

    fn place(&self) -> Result<Option<Place>> {
        if self.after.is_empty() {
            return Ok(None);
        }
        let (micros, id) = self.after.split_once('-').ok_or_else(|| Error::new(Code::BadCursor))?;
        let at = micros.parse().ok().and_then(|micros| Timestamp::from_microsecond(micros).ok());
        match (at, id.parse()) {
            (Some(at), Ok(id)) => Ok(Some((at, id))),
            _ => Err(Error::new(Code::BadCursor)),
        }
    }

    fn query(&self, place: Place) -> String {
        let after = format!("{}-{}", place.0.as_microsecond(), place.1);
        form_urlencoded::Serializer::new(String::new())
            .append_pair("person", &self.person)
            .append_pair("action", &self.action)
            .append_pair("object", &self.object)
            .append_pair("from", &self.from)
            .append_pair("until", &self.until)
            .append_pair("after", &after)
            .finish()
    }
}

async fn show(
    State(tenancy): State<Tenancy>,
    page: Page,
    member: Member,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    member.caller.require(Capability::ReadAudit)?;
    match asked.filter() {
        Ok(filter) => {
            let found = tenancy.trail(&member.caller, &filter, asked.place()?, PAGE).await?;
            Ok(page.render(&view(&tenancy, &member, &asked, found).await?))
        }
        Err(error) => {
            let mut view = view(&tenancy, &member, &asked, (Vec::new(), None)).await?;
            view.form = FormState::of(&asked).with(&error);
            Ok(page.render_with(StatusCode::UNPROCESSABLE_ENTITY, &view))
        }
    }
}

async fn view(
    tenancy: &Tenancy,
    member: &Member,
    asked: &Asked,
    (rows, next): (Vec<identity::audit::TrailRow>, Option<Place>),
) -> Result<AuditView> {
    let actors = tenancy.trail_actors(&member.caller).await?;
    let ids: Vec<UserId> = actors.iter().filter_map(|actor| actor.parse().ok()).collect();
    let people = tenancy.identity().users(&ids).await?.into_iter();
    let mut names: HashMap<String, String> = people.map(|user| (user.id.to_string(), user.name)).collect();
    names.insert("system".to_owned(), "Our staff".to_owned());
    let named = |id: String| {
        let known = names.get(&id).cloned().or_else(|| program(&id).map(str::to_owned));
        (id.clone(), known.unwrap_or(id))
    };
    let mut people: Vec<(String, String)> = actors.into_iter().map(named).collect();
    people.sort_by_key(|(_, name)| name.to_lowercase());
    let told = events(tenancy, &rows).await?;
    let row = |(row, told): (identity::audit::TrailRow, crate::members::views::EventItem)| AuditRow {
        seq: row.seq,
        at: told.at,
        who: told.who,
        text: told.text,
        address: row.address,
        reason: row.reason,
    };
    let filtered = [&asked.person, &asked.action, &asked.object, &asked.from, &asked.until];
    Ok(AuditView {
        name: member.tenant.name.clone(),
        slug: member.tenant.slug.clone(),
        form: FormState::of(asked),
        people,
        acts: Act::ALL.iter().map(|act| (act.name().to_owned(), act_label(*act))).collect(),
        next: next.map(|place| asked.query(place)),
        rows: rows.into_iter().zip(told).map(row).collect(),
        filtered: filtered.iter().any(|text| !text.is_empty()),
    })
}

/// Not a GET: that somebody took the trail out stands in the trail.
async fn export(
    State(tenancy): State<Tenancy>,
    (member, visit): (Member, Visit),
    CsrfForm(asked): CsrfForm<Asked>,
) -> Result<Response, WebError> {
    member.caller.require(Capability::ReadAudit)?;
    let (filter, format) = (asked.filter()?, Format::named(&asked.format)?);
    let (tenant, now) = (member.tenant.id, tenancy.now());
    let mut tx = tenancy.0.db.begin(Database::Control, tenant).await?;
    let event = AuditEvent::in_tenant(tenant, member.caller.actor, Act::AuditExported, now).from(&visit);
    emit(&mut tx, &event.data(json!({ "format": format.name() }))).await?;
    tx.commit().await?;
    Ok(export::answer(tenancy, member.caller, filter, format).await?)
}
