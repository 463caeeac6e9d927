//! `/o/{slug}/sites/{site}/pages/{page}`.

use super::actions::{Action, edit};
use super::canvas;
use super::fields::{Choices, Form, each_fields, fields, props};
use super::tree::{additions, rows};
use super::views::{EditorView, NodePanel};
use crate::catalog::SiteSummary;
use crate::pages::{PageDraft, PageSettings, PageSummary, Save};
use crate::service::Sites;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use bases::{CollectionField, ViewChoice};
use engine_page::{Document, Node, document, validate};
use http::StatusCode;
use identity::Visit;
use kernel_core::{Capability, Code, Error, Level, PageId, Result, SiteId};
use kernel_web::{CsrfForm, FormState, Page, WebError};
use serde::Deserialize;
use std::collections::HashMap;
use tenancy::Member;

pub(crate) fn routes() -> Router<Sites> {
    Router::new()
        .route("/o/{slug}/sites/{site}/pages/{page}", get(show).post(save))
        .route("/o/{slug}/sites/{site}/pages/{page}/canvas", get(canvas::show))
        .route("/o/{slug}/sites/{site}/pages/{page}/unpublish", post(unpublish))
        .route("/o/{slug}/sites/{site}/pages/{page}/delete", post(delete))
        .route("/o/{slug}/sites/{site}/pages/{page}/restore", post(restore))
}

#[derive(Deserialize)]
pub(super) struct PagePath {
    slug: String,
    site: String,
    page: String,
}

impl PagePath {
    pub(super) fn address(&self) -> Result<(SiteId, PageId)> {
        Ok((self.site.parse()?, self.page.parse()?))
    }

    fn site_url(&self) -> String {
        format!("/o/{}/sites/{}", self.slug, self.site)
    }

    fn url(&self, node: Option<&str>) -> String {
        let node = node.map(|node| format!("?node={node}")).unwrap_or_default();
        format!("{}/pages/{}{node}", self.site_url(), self.page)
    }
}

#[derive(Deserialize)]
struct EditorQuery {
    node: Option<String>,
}

/// What the editor shows, read once for a request.
struct Desk {
    site: SiteSummary,
    draft: PageDraft,
    pages: Vec<PageSummary>,
    views: Vec<ViewChoice>,
}

impl Desk {
    async fn read(sites: &Sites, member: &Member, path: &PagePath) -> Result<Self> {
        let address = path.address()?;
        let site = sites.site(&member.caller, address.0).await?;
        let draft = sites.page(&member.caller, address).await?;
        let pages = sites.pages(&member.caller, address.0).await?;
        let views = match site.base {
            None => Vec::new(),
            Some(base) => match sites.0.bases.view_choices(&member.caller, base).await {
                Ok(views) => views,
                // The base is gone, or whoever works on the site does not see it.
                Err(error) if matches!(error.code(), Code::NotFound | Code::Forbidden) => Vec::new(),
                Err(error) => return Err(error),
            },
        };
        Ok(Self { site, draft, pages, views })
    }

    fn node(&self, id: Option<&str>) -> Option<&Node> {
        id.and_then(|id| self.draft.document.find(id))
    }

    /// Fields of the row that the node stands in, when it is inside a list.
    fn row(&self, node: &Node) -> Option<&[CollectionField]> {
        let document = &self.draft.document;
        let mut at = document.place(&node.id)?.0.parent;
        while let Some(id) = at {
            let parent = document.find(&id)?;
            if let Some(each) = &parent.each {
                let view = self.views.iter().find(|view| view.id.to_string() == each.view);
                return view.map(|view| view.fields.as_slice());
            }
            at = document.place(&id)?.0.parent;
        }
        None
    }
}

/// What was typed and not saved.
struct Typed<'a> {
    form: &'a Form,
    error: &'a Error,
    /// Who was faster, after a conflict.
    other: Option<String>,
}

async fn show(
    State(sites): State<Sites>,
    page: Page,
    member: Member,
    Path(path): Path<PagePath>,
    Query(query): Query<EditorQuery>,
) -> Result<Response, WebError> {
    let desk = Desk::read(&sites, &member, &path).await?;
    Ok(page.render(&view(&sites, &member, &path, &desk, query.node.as_deref(), None)))
}

fn view(
    sites: &Sites,
    member: &Member,
    path: &PagePath,
    desk: &Desk,
    selected: Option<&str>,
    typed: Option<&Typed<'_>>,
) -> EditorView {
    let (document, kit) = (&desk.draft.document, &sites.library().kit);
    let summary = &desk.draft.summary;
    let issues = validate(document, kit);
    let node = desk.node(selected);
    let origin = sites.0.web.brand().site_origin(&desk.site.slug);
    let settings = match typed {
        Some(typed) if node.is_none() && selected.is_none() => {
            let form = FormState::of(typed.form);
            // The notice above the form says what a conflict is, and who was faster.
            if typed.other.is_some() { form } else { form.with(typed.error) }
        }
        _ => settings_form(&summary.settings, document),
    };
    let level = member.caller.access.site(desk.site.id);
    EditorView {
        slug: path.slug.clone(),
        site: path.site.clone(),
        site_name: desk.site.name.clone(),
        page_id: path.page.clone(),
        title: summary.settings.title.clone(),
        path: summary.settings.path.clone(),
        number: summary.number,
        saved_at: summary.saved_at.to_string(),
        pages: page_names(&desk.pages),
        tree: rows(document, kit, node.map(|node| node.id.as_str()), &issues),
        adds: additions(document, kit, node),
        node: node.map(|node| panel(sites, desk, node, &issues, typed)),
        settings,
        message: typed
            .filter(|typed| typed.other.is_none() && typed.error.field_errors().is_empty())
            .map(|typed| typed.error.message().to_owned()),
        overtaken_by: typed.and_then(|typed| typed.other.clone()),
        orphaned: match typed {
            Some(typed) if node.is_none() && selected.is_some() => orphaned(typed.form),
            _ => Vec::new(),
        },
        may_edit: level >= Level::Edit,
        may_publish: level >= Level::Publish,
        changed: summary.changed(),
        url: summary.published.map(|_| format!("{origin}{}", summary.settings.path)),
    }
}

fn page_names(pages: &[PageSummary]) -> Vec<(String, String)> {
    pages.iter().map(|page| (page.id.to_string(), page.settings.title.clone())).collect()
}

fn settings_form(settings: &PageSettings, document: &Document) -> FormState {
    let scheme = document.props.get("scheme").and_then(serde_json::Value::as_str).unwrap_or("auto");
    let flag = |on: bool| if on { "true" } else { "" };
    FormState::empty()
        .value("title", settings.title.as_str())
        .value("path", settings.path.as_str())
        .value("description", settings.description.as_str())
        .value("in_menu", flag(settings.in_menu))
        .value("noindex", flag(settings.noindex))
        .value("scheme", scheme)
}

fn panel(
    sites: &Sites,
    desk: &Desk,
    node: &Node,
    issues: &[engine_page::Issue],
    typed: Option<&Typed<'_>>,
) -> NodePanel {
    let component = sites.library().kit.get(&node.kind);
    let form = typed.filter(|typed| typed.form.get("action").is_some_and(|action| action == "save"));
    let (mut shown, mut data) = (Vec::new(), Vec::new());
    if let Some(component) = component {
        let current =
            form.map_or_else(|| node.props.clone(), |typed| props(component, &node.props, typed.form));
        let errors: HashMap<String, String> = match form {
            Some(_) => {
                component.check(&current).into_iter().map(|problem| (problem.path, problem.hint)).collect()
            }
            None => HashMap::new(),
        };
        let names = page_names(&desk.pages);
        let pictures = &sites.library().theme(&desk.site.theme).pictures;
        let choices = Choices { pages: &names, pictures, row: desk.row(node) };
        shown = fields(component, &current, &node.at, &choices, &errors);
        if component.repeating_slot().is_some() {
            let typed_or = |name: &str, stored: String| {
                form.and_then(|typed| typed.form.get(name)).cloned().unwrap_or(stored)
            };
            let view = node.each.as_ref().map(|each| each.view.clone()).unwrap_or_default();
            let limit = node.each.as_ref().map_or(12, |each| each.limit).to_string();
            data = each_fields(&typed_or("each.view", view), &typed_or("each.limit", limit), &desk.views);
        }
    }
    let hidden = |name: &str| node.hide.iter().any(|hidden| hidden == name);
    NodePanel {
        id: node.id.clone(),
        title: component.map_or_else(|| node.kind.clone(), |component| component.title.clone()),
        description: component.map(|component| component.description.clone()).unwrap_or_default(),
        icon: component.map_or("circle-help", |component| component.icon.as_str()).to_owned(),
        fields: shown,
        data,
        hide: vec![
            ("desktop", "computers", hidden("desktop")),
            ("tablet", "tablets", hidden("tablet")),
            ("phone", "phones", hidden("phone")),
        ],
        issues: issues
            .iter()
            .filter(|issue| issue.node == node.id)
            .map(|issue| match issue.path.rsplit('/').next() {
                Some(part) if !part.is_empty() => format!("{part} {}", issue.hint),
                _ => issue.hint.clone(),
            })
            .collect(),
        locked: node.lock.is_some(),
        known: component.is_some(),
    }
}

async fn save(
    State(sites): State<Sites>,
    page: Page,
    member: Member,
    Path(path): Path<PagePath>,
    CsrfForm(form): CsrfForm<Form>,
) -> Result<Response, WebError> {
    // Before the form is looked at: somebody who may not is told that, whatever was sent.
    member.caller.require(Capability::EditPages)?;
    let selected = form.get("node").map(String::as_str).filter(|node| !node.is_empty());
    let desk = Desk::read(&sites, &member, &path).await?;
    match write(&sites, &member, &path, &desk, selected, &form).await {
        Ok(select) => Ok(page.redirect(&path.url(select.as_deref()))),
        Err(error) if is_shown(&error) => {
            // Read again: after a conflict the page is another one, and what was typed is shown on top of it.
            let desk = Desk::read(&sites, &member, &path).await?;
            let status =
                StatusCode::from_u16(error.code().status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
            let other = match error.code() {
                Code::Conflict => Some(saver(&sites, &member, &desk.draft.summary).await?),
                _ => None,
            };
            let typed = Typed { form: &form, error: &error, other };
            Ok(page.render_with(status, &view(&sites, &member, &path, &desk, selected, Some(&typed))))
        }
        Err(error) => Err(error.into()),
    }
}

/// The name of who saved the draft.
async fn saver(sites: &Sites, member: &Member, draft: &PageSummary) -> Result<String> {
    if draft.saved_by == member.caller.actor.to_string() {
        return Ok("You, in another window,".to_owned());
    }
    let members = match sites.0.tenancy.members(&member.caller).await {
        Ok(members) => members,
        Err(error) if error.code() == Code::Forbidden => Vec::new(),
        Err(error) => return Err(error),
    };
    let found = members.into_iter().find(|one| one.user.to_string() == draft.saved_by);
    Ok(found.map_or_else(|| "Somebody".to_owned(), |one| one.name))
}

/// The texts of a form whose component is gone, so that nobody has to type them again.
fn orphaned(form: &Form) -> Vec<(String, String)> {
    let texts = form.iter().filter_map(|(name, text)| Some((name.strip_prefix("p.")?, text)));
    texts
        .filter(|(_, text)| !text.trim().is_empty())
        .map(|(name, text)| (name.to_owned(), text.clone()))
        .collect()
}

/// Faults that the editor explains in its own place.
fn is_shown(error: &Error) -> bool {
    matches!(error.code().status(), 409 | 422)
}

async fn write(
    sites: &Sites,
    member: &Member,
    path: &PagePath,
    desk: &Desk,
    selected: Option<&str>,
    form: &Form,
) -> Result<Option<String>> {
    let action = Action::of(form)?;
    let number = form
        .get("number")
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| Error::new(Code::BadRequest))?;
    let document = &desk.draft.document;
    let node = desk.node(selected);
    if selected.is_some() && node.is_none() {
        return Err(Error::new(Code::Conflict).detail("This component was removed in the meantime."));
    }
    if action == Action::Save
        && let Some(node) = node
        && let Some(component) = sites.library().kit.get(&node.kind)
    {
        let problems = component.check(&props(component, &node.props, form));
        if !problems.is_empty() {
            let errors = problems
                .into_iter()
                .map(|problem| kernel_core::FieldError::new(problem.path, Code::InvalidValue, problem.hint));
            return Err(Error::fields(errors.collect()));
        }
    }
    let fresh = || fresh_id(sites, document);
    let edit = edit(&action, document, &sites.library().kit, node, form, &desk.views, fresh)?;
    let settings = (action == Action::Settings).then(|| {
        let text = |name: &str| form.get(name).cloned().unwrap_or_default();
        PageSettings {
            path: text("path"),
            title: text("title"),
            description: text("description"),
            in_menu: form.contains_key("in_menu"),
            noindex: form.contains_key("noindex"),
        }
    });
    let nothing =
        edit.ops.is_empty() && settings.as_ref().is_none_or(|new| *new == desk.draft.summary.settings);
    if !nothing {
        sites.save(&member.caller, path.address()?, &Save { number, settings, ops: edit.ops }).await?;
    }
    Ok(edit.select)
}

/// Six characters that no node of the page has as its id.
fn fresh_id(sites: &Sites, document: &Document) -> String {
    const DIGITS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    loop {
        let bytes = sites.random().bytes::<6>();
        let id: String = bytes.iter().map(|byte| char::from(DIGITS[usize::from(*byte) % 32])).collect();
        if document::is_id(&id) && document.find(&id).is_none() {
            return id;
        }
    }
}

#[derive(Deserialize)]
struct NoFields {}

async fn unpublish(
    State(sites): State<Sites>,
    page: Page,
    (member, visit): (Member, Visit),
    Path(path): Path<PagePath>,
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    let (site, id) = path.address()?;
    sites.unpublish((&member.caller, &visit), site, id).await?;
    Ok(page.redirect(&path.site_url()))
}

async fn delete(
    State(sites): State<Sites>,
    page: Page,
    (member, visit): (Member, Visit),
    Path(path): Path<PagePath>,
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    sites.trash_page((&member.caller, &visit), path.address()?).await?;
    Ok(page.redirect(&format!("{}?deleted={}", path.site_url(), path.page)))
}

async fn restore(
    State(sites): State<Sites>,
    page: Page,
    (member, visit): (Member, Visit),
    Path(path): Path<PagePath>,
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    sites.restore_page((&member.caller, &visit), path.address()?).await?;
    Ok(page.redirect(&path.site_url()))
}
