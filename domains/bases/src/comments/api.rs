//! `/v1/records/{record}/comments`.

use super::model::People;
use super::{Comment, Draft, MAX_PAGE};
use crate::http::AppState;
use crate::idempotency;
use crate::records::record_id;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use kernel_core::{Code, Error};
use kernel_web::{ApiJson, ApiQuery, RawJson, WebError};
use serde::{Deserialize, Serialize};
use tenancy::ApiCaller;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn router() -> OpenApiRouter<crate::Bases> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(update, delete))
}

/// Which comments.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CommentsQuery {
    /// Comments to answer with, 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A comment to write.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewComment {
    /// The text, at most 10,000 characters; `@[usr_…]` mentions a member.
    #[schema(
        min_length = 1,
        max_length = 10_000,
        example = "Is the price right, @[usr_01jd3k7m9q2w4e6r8t0y1u]?"
    )]
    text: String,
    /// The comment to answer, `com…`.
    parent: Option<String>,
}

/// A text to change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CommentPatch {
    /// The whole new text.
    #[schema(min_length = 1, max_length = 10_000, example = "Checked: it is.")]
    text: String,
}

/// Somebody.
#[derive(Serialize, ToSchema)]
pub(crate) struct PersonInfo {
    /// `usr_…`, `tok_…`, `con_…` or `system`.
    id: String,
    /// What people call them; empty when it is not known any more.
    name: String,
}

/// A comment of a record.
#[derive(Serialize, ToSchema)]
pub(crate) struct CommentInfo {
    /// `com…`; ids are in the order of time.
    #[schema(example = "com0Ck5hJ0000000aB")]
    id: String,
    /// The first comment of the thread, if this is an answer.
    parent: Option<String>,
    author: PersonInfo,
    text: String,
    /// Members that the text names.
    mentions: Vec<PersonInfo>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last edited.
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<Timestamp>,
}

/// Comments of a record, newest first.
#[derive(Serialize, ToSchema)]
struct CommentPage {
    data: Vec<CommentInfo>,
    /// For the next page; null at the end.
    next_cursor: Option<String>,
}

impl CommentInfo {
    fn of(comment: Comment, people: &People) -> Self {
        let person = |id: String| {
            let name = people.get(&id).map(|person| person.name.clone()).unwrap_or_default();
            PersonInfo { id, name }
        };
        Self {
            id: comment.id,
            parent: comment.parent,
            author: person(comment.author),
            text: comment.text,
            mentions: comment.mentions.iter().map(|user| person(user.to_string())).collect(),
            created_at: comment.created_at,
            updated_at: comment.updated_at,
        }
    }
}

/// Comments of a record, newest first.
#[utoipa::path(get, path = "/v1/records/{record}/comments", tag = "comments", operation_id = "listComments",
    params(("record" = String, Path, description = "Record id, rec…"), CommentsQuery), responses((status = 200, body = CommentPage)))]
async fn list(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(record): Path<String>,
    ApiQuery(query): ApiQuery<CommentsQuery>,
) -> Result<Json<CommentPage>, WebError> {
    let limit = query.limit.unwrap_or(MAX_PAGE);
    if !(1..=MAX_PAGE).contains(&limit) {
        let detail = format!("is not within 1 to {MAX_PAGE}");
        return Err(Error::field("?limit", Code::InvalidValue, detail).into());
    }
    let record = record_id(&record)?;
    let page = bases.comments(&caller, record, query.cursor.as_deref(), limit).await?;
    let people = bases.people_of(&caller, &page.comments).await?;
    let data = page.comments.into_iter().map(|comment| CommentInfo::of(comment, &people)).collect();
    Ok(Json(CommentPage { data, next_cursor: page.next }))
}

/// Writes a comment.
#[utoipa::path(post, path = "/v1/records/{record}/comments", tag = "comments", operation_id = "createComment",
    params(("record" = String, Path, description = "Record id, rec…")), request_body = NewComment,
    responses((status = 201, body = CommentInfo)))]
async fn create(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path(record): Path<String>,
    (headers, RawJson { value, body }): (HeaderMap, RawJson<NewComment>),
) -> Result<Response, WebError> {
    let id = record_id(&record)?;
    let mut signed = record.into_bytes();
    signed.extend_from_slice(&body);
    let key = idempotency::Request::read(&headers, &caller, "POST /v1/records/{record}/comments", &signed)?;
    let draft = Draft { text: value.text, parent: value.parent };
    let (comment, replayed) = bases.add_comment(&caller, id, draft, key).await?;
    let people = bases.people_of(&caller, std::slice::from_ref(&comment)).await?;
    let mut response = (StatusCode::CREATED, Json(CommentInfo::of(comment, &people))).into_response();
    if replayed {
        response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// Changes the text of one's own comment.
#[utoipa::path(patch, path = "/v1/records/{record}/comments/{comment}", tag = "comments", operation_id = "updateComment",
    params(("record" = String, Path, description = "Record id, rec…"), ("comment" = String, Path, description = "Comment id, com…")),
    request_body = CommentPatch, responses((status = 200, body = CommentInfo)))]
async fn update(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path((record, comment)): Path<(String, String)>,
    ApiJson(patch): ApiJson<CommentPatch>,
) -> Result<Json<CommentInfo>, WebError> {
    let comment = bases.edit_comment(&caller, record_id(&record)?, &comment, &patch.text).await?;
    let people = bases.people_of(&caller, std::slice::from_ref(&comment)).await?;
    Ok(Json(CommentInfo::of(comment, &people)))
}

/// Deletes a comment: one's own, or any for who manages the base. Answers to it stay.
#[utoipa::path(delete, path = "/v1/records/{record}/comments/{comment}", tag = "comments", operation_id = "deleteComment",
    params(("record" = String, Path, description = "Record id, rec…"), ("comment" = String, Path, description = "Comment id, com…")),
    responses((status = 204, description = "It is gone")))]
async fn delete(
    State(bases): AppState,
    ApiCaller(caller): ApiCaller,
    Path((record, comment)): Path<(String, String)>,
) -> Result<StatusCode, WebError> {
    bases.delete_comment(&caller, record_id(&record)?, &comment).await?;
    Ok(StatusCode::NO_CONTENT)
}
