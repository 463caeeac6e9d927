//! `api./scim/v2`: routes and answers. Everything below it, mistakes of the web layer included, answers in SCIM's shape.

use super::error::{MEDIA, answer};
use super::filter::Filter;
use super::list::{Asked, Window};
use super::patch::{Body, Change};
use super::schema::{Attr, read};
use super::schemas::{GROUP, USER};
use super::token::Directory;
use super::users::holds;
use super::{Doc, discovery};
use crate::Tenancy;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, HeaderName, StatusCode, header};
use identity::Visit;
use kernel_core::{Code, Error, GroupId, Result, UserId};
use kernel_web::{ApiJson, ApiQuery, Exchange, WebError};
use serde_json::{Value, json};

type Answer = Result<Response, WebError>;

/// The routes.
pub fn api(tenancy: &Tenancy) -> Router {
    let inside = Router::new()
        .route("/ServiceProviderConfig", get(config))
        .route("/ResourceTypes", get(types))
        .route("/ResourceTypes/{id}", get(one_type))
        .route("/Schemas", get(schemas))
        .route("/Schemas/{id}", get(one_schema))
        .route("/.search", post(search_all))
        .route("/Users", get(list_users).post(create_user))
        .route("/Users/.search", post(search_users))
        .route("/Users/{id}", get(show_user).put(replace_user).patch(patch_user).delete(delete_user))
        .route("/Groups", get(list_groups).post(create_group))
        .route("/Groups/.search", post(search_groups))
        .route("/Groups/{id}", get(show_group).put(replace_group).patch(patch_group).delete(delete_group))
        .fallback(nothing)
        .method_not_allowed_fallback(|| async { WebError::from(Error::new(Code::MethodNotAllowed)) })
        .layer(from_fn(in_shape))
        .with_state(tenancy.clone());
    Router::new().nest("/scim/v2", inside)
}

async fn in_shape(request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    Exchange::of(&mut parts).errors_as(answer);
    next.run(Request::from_parts(parts, body)).await
}

async fn nothing(_: Directory) -> Response {
    WebError::from(Error::not_found()).into_response()
}

fn base(tenancy: &Tenancy) -> String {
    format!("{}/scim/v2", tenancy.identity().web().origins().api)
}

fn said(status: StatusCode, headers: &[(HeaderName, &str)], body: &Value) -> Response {
    let media = [(header::CONTENT_TYPE, MEDIA), (header::CACHE_CONTROL, "no-store")];
    let mut response = (status, media, Value::to_string(body)).into_response();
    for (name, value) in headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn listed(asked: &Asked, window: Window) -> Response {
    said(StatusCode::OK, &[], &asked.page(window))
}

/// One resource, or 304 when the client has it already.
fn shown(asked: &Asked, status: StatusCode, resource: Doc, headers: &HeaderMap) -> Response {
    let meta = resource.get("meta").cloned().unwrap_or_default();
    let text = |name: &str| meta[name].as_str().unwrap_or_default().to_owned();
    let (version, location) = (text("version"), text("location"));
    let named = [(header::ETAG, version.as_str()), (header::LOCATION, location.as_str())];
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    if known.is_some_and(|tags| holds(Some(tags), &version).is_ok()) {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        if let Ok(value) = version.parse() {
            response.headers_mut().insert(header::ETAG, value);
        }
        return response;
    }
    said(status, &named, &Value::Object(asked.shown(resource)))
}

fn if_match(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::IF_MATCH).and_then(|tags| tags.to_str().ok())
}

/// An id that is none of ours names nothing.
fn id<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| Error::not_found())
}

fn filter(attrs: &'static [Attr], asked: &Asked) -> Result<Option<Filter>> {
    let text = asked.filter.as_deref().map(str::trim).filter(|text| !text.is_empty());
    text.map(|text| Filter::parse(attrs, text)).transpose()
}

/// Users that are looked at together when a filter has to see all of them.
const AT_ONCE: usize = 500;

async fn users_into(
    tenancy: &Tenancy,
    directory: &Directory,
    asked: &Asked,
    window: &mut Window,
) -> Result<()> {
    let (tenant, base) = (directory.id(), base(tenancy));
    let Some(filter) = filter(USER, asked)? else {
        // Only what is on the page is looked at.
        let ids = tenancy.scim_ids(tenant, None).await?;
        let range = window.of_next(ids.len());
        window.pass(range.start);
        for person in tenancy.scim_people(tenant, &ids[range.clone()]).await? {
            window.see(person.resource(&base));
        }
        window.pass(ids.len() - range.end);
        return Ok(());
    };
    let ids = match tenancy.scim_candidates(tenant, &filter).await? {
        Some(ids) => ids,
        None => tenancy.scim_ids(tenant, None).await?,
    };
    for ids in ids.chunks(AT_ONCE) {
        let people = tenancy.scim_people(tenant, ids).await?;
        let found = people.iter().map(|person| person.resource(&base));
        found.filter(|found| filter.holds(found)).for_each(|found| window.see(found));
    }
    Ok(())
}

async fn groups_into(
    tenancy: &Tenancy,
    directory: &Directory,
    asked: &Asked,
    window: &mut Window,
) -> Result<()> {
    let filter = filter(GROUP, asked)?;
    let only = tenancy.scim_group_candidates(directory.id(), filter.as_ref()).await?;
    let (groups, base) = (tenancy.scim_groups(directory.id(), only.as_deref()).await?, base(tenancy));
    let found = groups.iter().map(|group| group.resource(&base));
    let found = found.filter(|found| filter.as_ref().is_none_or(|filter| filter.holds(found)));
    found.for_each(|found| window.see(found));
    Ok(())
}

async fn users_asked(tenancy: &Tenancy, directory: &Directory, asked: &Asked) -> Answer {
    let mut window = asked.window();
    users_into(tenancy, directory, asked, &mut window).await?;
    Ok(listed(asked, window))
}

async fn groups_asked(tenancy: &Tenancy, directory: &Directory, asked: &Asked) -> Answer {
    let mut window = asked.window();
    groups_into(tenancy, directory, asked, &mut window).await?;
    Ok(listed(asked, window))
}

async fn list_users(
    State(tenancy): State<Tenancy>,
    directory: Directory,
    ApiQuery(asked): ApiQuery<Asked>,
) -> Answer {
    users_asked(&tenancy, &directory, &asked).await
}

async fn search_users(
    State(tenancy): State<Tenancy>,
    directory: Directory,
    ApiJson(asked): ApiJson<Asked>,
) -> Answer {
    users_asked(&tenancy, &directory, &asked).await
}

async fn list_groups(
    State(tenancy): State<Tenancy>,
    directory: Directory,
    ApiQuery(asked): ApiQuery<Asked>,
) -> Answer {
    groups_asked(&tenancy, &directory, &asked).await
}

async fn search_groups(
    State(tenancy): State<Tenancy>,
    directory: Directory,
    ApiJson(asked): ApiJson<Asked>,
) -> Answer {
    groups_asked(&tenancy, &directory, &asked).await
}

/// Users and groups together. A filter may name what only one of them has: the other has nothing to find then.
async fn search_all(
    State(tenancy): State<Tenancy>,
    directory: Directory,
    ApiJson(asked): ApiJson<Asked>,
) -> Answer {
    let (of_users, of_groups) = (filter(USER, &asked), filter(GROUP, &asked));
    let mut window = asked.window();
    if of_groups.is_err() {
        of_users?;
        users_into(&tenancy, &directory, &asked, &mut window).await?;
    } else {
        if of_users.is_ok() {
            users_into(&tenancy, &directory, &asked, &mut window).await?;
        }
        groups_into(&tenancy, &directory, &asked, &mut window).await?;
    }
    Ok(listed(&asked, window))
}

async fn user(
    tenancy: &Tenancy,
    directory: &Directory,
    id: UserId,
    (asked, status, headers): (&Asked, StatusCode, &HeaderMap),
) -> Answer {
    let person = tenancy.scim_user(directory.id(), id).await?;
    Ok(shown(asked, status, person.resource(&base(tenancy)), headers))
}

async fn show_user(
    State(tenancy): State<Tenancy>,
    directory: Directory,
    (Path(text), headers): (Path<String>, HeaderMap),
    ApiQuery(asked): ApiQuery<Asked>,
) -> Answer {
    user(&tenancy, &directory, id(&text)?, (&asked, StatusCode::OK, &headers)).await
}

async fn create_user(
    State(tenancy): State<Tenancy>,
    directory: Directory,
    visit: Visit,
    ApiQuery(asked): ApiQuery<Asked>,
    ApiJson(document): ApiJson<Doc>,
) -> Answer {
    let change = Change::Create(read(USER, &document)?);
    let id = tenancy.write_scim_user(&directory, None, (change, None), &visit).await?;
    user(&tenancy, &directory, id, (&asked, StatusCode::CREATED, &HeaderMap::new())).await
}

async fn replace_user(
    State(tenancy): State<Tenancy>,
    directory: Directory,
    (Path(text), headers, visit): (Path<String>, HeaderMap, Visit),
    ApiQuery(asked): ApiQuery<Asked>,
    ApiJson(document): ApiJson<Doc>,
) -> Answer {
    let change = Change::Replace(read(USER, &document)?);
    let id = id(&text)?;
    tenancy.write_scim_user(&directory, Some(id), (change, if_match(&headers)), &visit).await?;
    user(&tenancy, &directory, id, (&asked, StatusCode::OK, &HeaderMap::new())).await
}

async fn patch_user(
    State(tenancy): State<Tenancy>,
    directory: Directory,
    (Path(text), headers, visit): (Path<String>, HeaderMap, Visit),
    ApiQuery(asked): ApiQuery<Asked>,
    ApiJson(body): ApiJson<Body>,
) -> Answer {
    let (id, change) = (id(&text)?, Change::Patch(body));
    tenancy.write_scim_user(&directory, Some(id), (change, if_match(&headers)), &visit).await?;
    user(&tenancy, &directory, id, (&asked, StatusCode::OK, &HeaderMap::new())).await
}

async fn delete_user(
    State(tenancy): State<Tenancy>,
    directory: Directory,
    (Path(text), headers, visit): (Path<String>, HeaderMap, Visit),
) -> Answer {
    tenancy.delete_scim_user(&directory, (id(&text)?, if_match(&headers)), &visit).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn group(
    tenancy: &Tenancy,
    directory: &Directory,
    id: GroupId,
    (asked, status, headers): (&Asked, StatusCode, &HeaderMap),
) -> Answer {
    let group = tenancy.scim_group(directory.id(), id).await?;
    Ok(shown(asked, status, group.resource(&base(tenancy)), headers))
}

async fn show_group(
    State(tenancy): State<Tenancy>,
    directory: Directory,
    (Path(text), headers): (Path<String>, HeaderMap),
    ApiQuery(asked): ApiQuery<Asked>,
) -> Answer {
    group(&tenancy, &directory, id(&text)?, (&asked, StatusCode::OK, &headers)).await
}

async fn create_group(
    State(tenancy): State<Tenancy>,
    directory: Directory,
    visit: Visit,
    ApiQuery(asked): ApiQuery<Asked>,
    ApiJson(document): ApiJson<Doc>,
) -> Answer {
    let change = Change::Create(read(GROUP, &document)?);
    let id = tenancy.write_scim_group(&directory, None, (change, None), &visit).await?;
    group(&tenancy, &directory, id, (&asked, StatusCode::CREATED, &HeaderMap::new())).await
}

async fn replace_group(
    State(tenancy): State<Tenancy>,
    directory: Directory,
    (Path(text), headers, visit): (Path<String>, HeaderMap, Visit),
    ApiQuery(asked): ApiQuery<Asked>,
    ApiJson(document): ApiJson<Doc>,
) -> Answer {
    let change = Change::Replace(read(GROUP, &document)?);
    let id = id(&text)?;
    tenancy.write_scim_group(&directory, Some(id), (change, if_match(&headers)), &visit).await?;
    group(&tenancy, &directory, id, (&asked, StatusCode::OK, &HeaderMap::new())).await
}

async fn patch_group(
    State(tenancy): State<Tenancy>,
    directory: Directory,
    (Path(text), headers, visit): (Path<String>, HeaderMap, Visit),
    ApiQuery(asked): ApiQuery<Asked>,
    ApiJson(body): ApiJson<Body>,
) -> Answer {
    let (id, change) = (id(&text)?, Change::Patch(body));
    tenancy.write_scim_group(&directory, Some(id), (change, if_match(&headers)), &visit).await?;
    group(&tenancy, &directory, id, (&asked, StatusCode::OK, &HeaderMap::new())).await
}

async fn delete_group(
    State(tenancy): State<Tenancy>,
    directory: Directory,
    (Path(text), headers, visit): (Path<String>, HeaderMap, Visit),
) -> Answer {
    tenancy.delete_scim_group(&directory, (id(&text)?, if_match(&headers)), &visit).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn config(State(tenancy): State<Tenancy>, _: Directory) -> Response {
    let www = &tenancy.identity().web().origins().www;
    said(StatusCode::OK, &[], &discovery::config(&base(&tenancy), www))
}

/// All of a fixed kind. They can't be filtered (RFC 7644 section 4).
fn fixed(all: Vec<Value>) -> Response {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": all.len(),
        "startIndex": 1,
        "itemsPerPage": all.len(),
        "Resources": all,
    });
    said(StatusCode::OK, &[], &body)
}

fn one_of(all: Vec<Value>, id: &str) -> Answer {
    let found = all.into_iter().find(|one| one["id"].as_str() == Some(id)).ok_or_else(Error::not_found)?;
    Ok(said(StatusCode::OK, &[], &found))
}

async fn types(State(tenancy): State<Tenancy>, _: Directory) -> Response {
    fixed(discovery::types(&base(&tenancy)))
}

async fn one_type(State(tenancy): State<Tenancy>, _: Directory, Path(id): Path<String>) -> Answer {
    one_of(discovery::types(&base(&tenancy)), &id)
}

async fn schemas(State(tenancy): State<Tenancy>, _: Directory) -> Response {
    fixed(discovery::schemas(&base(&tenancy)))
}

async fn one_schema(State(tenancy): State<Tenancy>, _: Directory, Path(id): Path<String>) -> Answer {
    one_of(discovery::schemas(&base(&tenancy)), &id)
}
