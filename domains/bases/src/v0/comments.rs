//! `/v0/{base}/{table}/{record}/comments`: the comments of `/v1` in Airtable's form, newest first.

use super::params::ListParams;
use super::place::{V0Caller, row};
use super::{Answer, error, params, wire};
use crate::comments::{Comment, Draft, MAX_PAGE, Person};
use crate::http::AppState;
use crate::service::Bases;
use axum::Json;
use axum::extract::{Path, RawQuery, State};
use engine_base::{RecordId, RowNo, TableNo};
use kernel_core::{Caller, Code, Error, Result};
use kernel_web::{ApiJson, WebError};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// A comment to write.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewComment {
    text: String,
    parent_comment_id: Option<String>,
}

/// A text to change.
#[derive(Deserialize)]
pub(super) struct CommentPatch {
    text: String,
}

/// The record that a path names.
async fn record(
    bases: &Bases,
    who: &V0Caller,
    (base, table, record): (&str, &str, &str),
) -> Result<RecordId, WebError> {
    let (open, table) = who.table(bases, base, table).await?;
    let row = open.read(|base| row(base, table, record))?;
    Ok(table.record(row))
}

/// A page of comments.
pub(super) async fn list(
    State(bases): AppState,
    who: V0Caller,
    Path((base, table, id)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
) -> Answer {
    let asked = params::by_query(query.as_deref())?;
    let size = asked.page_size.unwrap_or(MAX_PAGE);
    if !(1..=MAX_PAGE).contains(&size) {
        return Err(error::invalid(format!("pageSize must be between 1 and {MAX_PAGE}.")).into());
    }
    let record = record(&bases, &who, (&base, &table, &id)).await?;
    let after = asked.offset.as_deref().filter(|offset| !offset.is_empty());
    let page = bases.comments(&who.caller, record, after, size).await?;
    let people = bases.people_of(&who.caller, &page.comments).await?;
    let comments: Vec<Value> = page.comments.iter().map(|comment| show(comment, &people)).collect();
    Ok(Json(json!({"comments": comments, "offset": page.next})))
}

/// Writes a comment.
pub(super) async fn create(
    State(bases): AppState,
    who: V0Caller,
    Path((base, table, id)): Path<(String, String, String)>,
    ApiJson(new): ApiJson<NewComment>,
) -> Answer {
    let record = record(&bases, &who, (&base, &table, &id)).await?;
    let draft = Draft { text: new.text, parent: new.parent_comment_id };
    let written = bases.add_comment(&who.caller, record, draft, None).await;
    let (comment, _) = written.map_err(|error| match error.code() {
        // Their word for a record is not ours for a comment.
        Code::UnknownRecord => error::invalid("parentCommentId is no comment of this record."),
        _ => error,
    })?;
    one(&bases, &who, &comment).await
}

/// Changes the text of one's own comment.
pub(super) async fn update(
    State(bases): AppState,
    who: V0Caller,
    Path((base, table, id, comment)): Path<(String, String, String, String)>,
    ApiJson(patch): ApiJson<CommentPatch>,
) -> Answer {
    let record = record(&bases, &who, (&base, &table, &id)).await?;
    let changed = bases.edit_comment(&who.caller, record, &comment, &patch.text).await;
    one(&bases, &who, &changed.map_err(|error| named(error, &comment))?).await
}

/// Deletes a comment.
pub(super) async fn delete(
    State(bases): AppState,
    who: V0Caller,
    Path((base, table, id, comment)): Path<(String, String, String, String)>,
) -> Answer {
    let record = record(&bases, &who, (&base, &table, &id)).await?;
    let gone = bases.delete_comment(&who.caller, record, &comment).await;
    gone.map_err(|error| named(error, &comment))?;
    Ok(Json(json!({"id": comment, "deleted": true})))
}

/// Says of each record how many comments it has, if `recordMetadata` asks for it.
pub(super) async fn count(
    bases: &Bases,
    caller: &Caller,
    table: TableNo,
    asked: &ListParams,
    records: &mut [Value],
) -> Result<()> {
    let wanted = asked.record_metadata.as_deref();
    if !wanted.is_some_and(|names| names.iter().any(|name| name == "commentCount")) {
        return Ok(());
    }
    let row = |record: &Value| record["id"].as_str()?.parse::<RecordId>().ok().map(|id| id.row);
    let rows: Vec<RowNo> = records.iter().filter_map(row).collect();
    let counts = bases.comment_counts(caller.tenant, table, &rows).await?;
    for record in records {
        let count = row(record).and_then(|row| counts.get(&row).copied());
        record["commentCount"] = count.unwrap_or_default().into();
    }
    Ok(())
}

fn named(error: Error, id: &str) -> Error {
    match error.code() {
        Code::NotFound => Error::not_found().detail(format!("Comment \"{id}\" not found.")),
        _ => error,
    }
}

async fn one(bases: &Bases, who: &V0Caller, comment: &Comment) -> Answer {
    let people = bases.people_of(&who.caller, std::slice::from_ref(comment)).await?;
    Ok(Json(show(comment, &people)))
}

fn show(comment: &Comment, people: &HashMap<String, Person>) -> Value {
    let person = |id: &str| people.get(id).cloned().unwrap_or_default();
    let author = person(&comment.author);
    let mut out = json!({
        "id": comment.id,
        "author": {"id": comment.author, "name": author.name},
        "text": comment.text,
        "createdTime": wire::instant_of(comment.created_at),
        "lastUpdatedTime": comment.updated_at.map(wire::instant_of),
    });
    if let Some(email) = author.email {
        out["author"]["email"] = email.into();
    }
    if let Some(parent) = &comment.parent {
        out["parentCommentId"] = parent.as_str().into();
    }
    if !comment.mentions.is_empty() {
        let mentioned = comment.mentions.iter().map(|user| {
            let id = user.to_string();
            let Person { name, email } = person(&id);
            let mut shown = json!({"type": "user", "id": id, "displayName": name});
            if let Some(email) = email {
                shown["email"] = email.into();
            }
            (id, shown)
        });
        out["mentioned"] = mentioned.collect::<Map<_, _>>().into();
    }
    out
}
