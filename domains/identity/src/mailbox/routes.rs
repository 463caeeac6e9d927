//! `/dev/mailbox`, in development only.

use super::store::{MAIL_BY_ID, MAILS};
use super::views::{MailItem, MailView, MailboxView, Piece};
use crate::Identity;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{HeaderValue, header};
use jiff::Timestamp;
use kernel_core::{Error, Result};
use kernel_db::Row;
use kernel_web::{Page, WebError};

pub(crate) fn routes() -> Router<Identity> {
    Router::new()
        .route("/dev/mailbox", get(list))
        .route("/dev/mailbox/{id}", get(show))
        .route("/dev/mailbox/{id}/html", get(html))
}

fn item(row: &Row) -> MailItem {
    MailItem {
        id: row.get("id"),
        at: row.get::<_, Timestamp>("at").to_string(),
        recipient: row.get("recipient"),
        subject: row.get("subject"),
    }
}

async fn list(State(identity): State<Identity>, page: Page) -> Result<Response, WebError> {
    let rows = identity.db().global(&MAILS, &[]).await?;
    Ok(page.render(&MailboxView { mails: rows.iter().map(item).collect() }))
}

async fn mail(identity: &Identity, id: &str) -> Result<Row> {
    let id: i64 = id.parse().map_err(|_| Error::not_found())?;
    identity.db().global_opt(&MAIL_BY_ID, &[&id]).await?.ok_or_else(Error::not_found)
}

async fn show(
    State(identity): State<Identity>,
    page: Page,
    Path(id): Path<String>,
) -> Result<Response, WebError> {
    let row = mail(&identity, &id).await?;
    Ok(page.render(&MailView { mail: item(&row), pieces: pieces(row.get("text")) }))
}

/// The HTML form as it is. Mails carry inline styles, which the portal's policy forbids: this answer has its own, without
/// any script.
async fn html(State(identity): State<Identity>, Path(id): Path<String>) -> Result<Response, WebError> {
    let row = mail(&identity, &id).await?;
    let mut response = axum::response::Html(row.get::<_, String>("html")).into_response();
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-top-navigation-by-user-activation",
        ),
    );
    Ok(response)
}

/// Splits a text into addresses and what is between them.
fn pieces(text: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("http://").into_iter().chain(rest.find("https://")).min() {
        let (before, from) = rest.split_at(start);
        let end = from.find(char::is_whitespace).unwrap_or(from.len());
        let (link, after) = from.split_at(end);
        out.push(Piece { text: before.to_owned(), link: false });
        out.push(Piece { text: link.to_owned(), link: true });
        rest = after;
    }
    out.push(Piece { text: rest.to_owned(), link: false });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_links() {
        let found: Vec<(String, bool)> = pieces("Open http://a/b?c=d\nor https://e/ now")
            .into_iter()
            .map(|piece| (piece.text, piece.link))
            .collect();
        let expected = [
            ("Open ", false),
            ("http://a/b?c=d", true),
            ("\nor ", false),
            ("https://e/", true),
            (" now", false),
        ];
        assert_eq!(found, expected.map(|(text, link)| (text.to_owned(), link)));
    }
}
