//! The audit log: list with filters, CSV export, check of the chain.

use super::model::Action;
use super::service::Filter;
use super::views::{AuditView, Checked, Parts};
use crate::admin::Admin;
use crate::staff::SignedInStaff;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::header;
use kernel_core::{Code, Error, Result};
use kernel_web::{Page, WebError};
use serde::Deserialize;

/// Rows on one page.
const PAGE: i64 = 50;

pub(crate) fn routes() -> Router<Admin> {
    Router::new()
        .route("/audit", get(list))
        .route("/audit/check", get(check))
        .route("/audit.csv", get(export))
}

/// The filter as the address has it. Empty values are no filter: a form sends them all.
#[derive(Debug, Default, Deserialize)]
struct AuditQuery {
    #[serde(default)]
    actor: String,
    #[serde(default)]
    tenant: String,
    #[serde(default)]
    action: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    before: Option<i64>,
}

impl AuditQuery {
    fn filter(&self) -> Result<Filter> {
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let day = |name: &'static str, text: &str| {
            let wrong = |_| Error::field(name, Code::InvalidValue, "is not a day such as 2026-11-21");
            some(text).map(|text| text.parse().map_err(wrong)).transpose()
        };
        let action = |text: String| {
            let found = Action::ALL.iter().copied().find(|action| action.name() == text);
            found.ok_or_else(|| Error::field("action", Code::InvalidValue, "is no kind of action"))
        };
        let tenant = |text: String| {
            text.parse()
                .map_err(|_| Error::field("tenant", Code::InvalidValue, "is not a tenant's id (ten_…)"))
        };
        Ok(Filter {
            actor: some(&self.actor),
            tenant: some(&self.tenant).map(tenant).transpose()?,
            action: some(&self.action).map(action).transpose()?,
            from: day("from", &self.from)?,
            to: day("to", &self.to)?,
        })
    }
}

/// The filter as a query string, without `?`. Values are ids, names and days of ours: nothing in them needs escaping
/// but an actor that is a typed address.
pub(super) fn query_of(filter: &Filter) -> String {
    let mut pairs = Vec::new();
    if let Some(actor) = &filter.actor {
        pairs.push(format!("actor={}", escape(actor)));
    }
    if let Some(tenant) = filter.tenant {
        pairs.push(format!("tenant={tenant}"));
    }
    if let Some(action) = filter.action {
        pairs.push(format!("action={}", action.name()));
    }
    if let Some(from) = filter.from {
        pairs.push(format!("from={from}"));
    }
    if let Some(to) = filter.to {
        pairs.push(format!("to={to}"));
    }
    pairs.join("&")
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

async fn list(
    State(admin): State<Admin>,
    page: Page,
    _staff: SignedInStaff,
    Query(query): Query<AuditQuery>,
) -> Result<Response, WebError> {
    Ok(page.render(&view(&admin, &query, None).await?))
}

async fn check(
    State(admin): State<Admin>,
    page: Page,
    _staff: SignedInStaff,
    Query(query): Query<AuditQuery>,
) -> Result<Response, WebError> {
    let checked = Checked::of(admin.audit.check().await?);
    Ok(page.render(&view(&admin, &query, Some(checked)).await?))
}

async fn view(admin: &Admin, query: &AuditQuery, checked: Option<Checked>) -> Result<AuditView> {
    let filter = query.filter()?;
    let (mut entries, actors) =
        tokio::try_join!(admin.audit.page(&filter, query.before, PAGE + 1), admin.audit.actors(),)?;
    let more = entries.len() as i64 > PAGE;
    entries.truncate(PAGE as usize);
    Ok(AuditView::of(Parts { filter, entries, actors, more, checked }))
}

async fn export(
    State(admin): State<Admin>,
    staff: SignedInStaff,
    Query(query): Query<AuditQuery>,
) -> Result<Response, WebError> {
    let filter = query.filter()?;
    let mut event = staff.event(admin.web.clock().now(), Action::AuditExported);
    event.detail = query_of(&filter);
    admin.audit.write(&event).await?;
    let csv = admin.audit.csv(&filter).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"staff-audit.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, csv).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_read_and_written_back() {
        let query = AuditQuery {
            actor: " eve+x@example.com ".into(),
            action: "tenant.suspended".into(),
            from: "2026-11-01".into(),
            ..AuditQuery::default()
        };
        let filter = query.filter().unwrap();
        assert_eq!(query_of(&filter), "actor=eve%2Bx@example.com&action=tenant.suspended&from=2026-11-01");
        assert_eq!(query_of(&AuditQuery::default().filter().unwrap()), "");
    }

    #[test]
    fn mistakes_in_the_address_are_named() {
        for (query, field) in [
            (AuditQuery { action: "x".into(), ..AuditQuery::default() }, "action"),
            (AuditQuery { tenant: "ten_1".into(), ..AuditQuery::default() }, "tenant"),
            (AuditQuery { from: "yesterday".into(), ..AuditQuery::default() }, "from"),
            (AuditQuery { to: "2026-13-01".into(), ..AuditQuery::default() }, "to"),
        ] {
            assert_eq!(query.filter().unwrap_err().field_errors()[0].field, field);
        }
    }
}
