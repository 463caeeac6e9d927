//! `/o/{slug}/sites` and the pages about one site as a whole.

use super::views::{
    ChangeRow, NewSiteView, PageRow, PendingPage, PublishView, SiteCard, SiteView, SitesView, ThemeCard,
};
use super::{NewSite, SiteSettings, SiteSummary};
use crate::library::BuiltTheme;
use crate::model::slug_of;
use crate::service::Sites;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use engine_base::BaseId;
use http::StatusCode;
use identity::Visit;
use kernel_core::{Capability, Code, Error, Level, PageId, PageVersionId, Result, SiteId};
use kernel_web::{CsrfForm, FormState, Page, WebError};
use serde::{Deserialize, Serialize};
use tenancy::Member;

pub(crate) fn routes() -> Router<Sites> {
    Router::new()
        .route("/o/{slug}/sites", get(list).post(create))
        .route("/o/{slug}/sites/new", get(new))
        .route("/o/{slug}/sites/{site}", get(show).post(change))
        .route("/o/{slug}/sites/{site}/pages", post(create_page))
        .route("/o/{slug}/sites/{site}/publish", get(pending).post(publish))
        .route("/o/{slug}/sites/{site}/delete", post(delete))
        .route("/o/{slug}/sites/{site}/restore", post(restore))
}

#[derive(Deserialize)]
struct SitePath {
    slug: String,
    site: String,
}

impl SitePath {
    fn id(&self) -> Result<SiteId> {
        Ok(self.site.parse()?)
    }
    fn url(&self) -> String {
        format!("/o/{}/sites/{}", self.slug, self.site)
    }
}

#[derive(Deserialize)]
struct ListQuery {
    deleted: Option<String>,
}

async fn list(
    State(sites): State<Sites>,
    page: Page,
    member: Member,
    Query(query): Query<ListQuery>,
) -> Result<Response, WebError> {
    let (trash, kept): (Vec<_>, Vec<_>) =
        sites.list(&member.caller).await?.into_iter().partition(|site| site.deleted_at.is_some());
    let homes = sites.homes(&member.caller).await?;
    let deleted = query.deleted.filter(|id| trash.iter().any(|site| site.id.to_string() == *id));
    Ok(page.render(&SitesView {
        slug: member.tenant.slug.clone(),
        sites: kept.iter().map(|site| card(&sites, site, homes.get(&site.id).copied())).collect(),
        trash: trash.into_iter().map(|site| (site.id.to_string(), site.name)).collect(),
        may_manage: member.caller.may(Capability::CreateSites),
        deleted,
    }))
}

fn card(sites: &Sites, site: &SiteSummary, home: Option<PageId>) -> SiteCard {
    let url = sites.0.web.brand().site_origin(&site.slug);
    SiteCard {
        id: site.id.to_string(),
        name: site.name.clone(),
        host: host_of(&url),
        url,
        live: site.published > 0,
        pages: site.pages,
        changed: site.changed,
        published_at: site.published_at.map(|at| at.to_string()),
        home: home.map(|home| home.to_string()),
    }
}

fn host_of(url: &str) -> String {
    url.split_once("://").map_or(url, |(_, host)| host).to_owned()
}

#[derive(Default, Deserialize, Serialize)]
struct SiteForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    theme: String,
    #[serde(default)]
    base: String,
}

impl SiteForm {
    fn base(&self) -> Result<Option<BaseId>> {
        if self.base.is_empty() {
            return Ok(None);
        }
        let wrong = |_| Error::field("base", Code::InvalidValue, "is not one of the list");
        self.base.parse().map(Some).map_err(wrong)
    }
}

async fn new(State(sites): State<Sites>, page: Page, member: Member) -> Result<Response, WebError> {
    member.caller.require(Capability::CreateSites)?;
    let first = sites.library().themes().next().map(|built| built.theme.name.clone()).unwrap_or_default();
    Ok(page.render(&new_view(&sites, &member, FormState::empty().value("theme", first)).await?))
}

async fn new_view(sites: &Sites, member: &Member, form: FormState) -> Result<NewSiteView> {
    let sample = host_of(&sites.0.web.brand().site_origin("x"));
    Ok(NewSiteView {
        slug: member.tenant.slug.clone(),
        form,
        themes: sites.library().themes().map(theme_card).collect(),
        bases: base_names(sites, member).await?,
        domain: sample.trim_start_matches('x').to_owned(),
    })
}

fn theme_card(built: &BuiltTheme) -> ThemeCard {
    let colours = |dark: bool| {
        ["paper", "ink", "accent", "band"]
            .map(|token| built.theme.colour(token, dark).unwrap_or_default().to_owned())
    };
    ThemeCard {
        name: built.theme.name.clone(),
        title: built.theme.title.clone(),
        description: built.theme.description.clone(),
        colours: [colours(false), colours(true)],
        picture: built
            .pictures
            .iter()
            .find(|name| *name == "lead.svg")
            .map(|name| format!("{}{name}", built.files)),
    }
}

async fn base_names(sites: &Sites, member: &Member) -> Result<Vec<(String, String)>> {
    // Somebody may work on a site and see no base at all.
    let bases = match sites.0.bases.list(&member.caller).await {
        Err(error) if error.code() == Code::Forbidden => Vec::new(),
        bases => bases?,
    };
    Ok(bases.into_iter().map(|base| (base.id.to_string(), base.name)).collect())
}

async fn create(
    State(sites): State<Sites>,
    page: Page,
    (member, visit): (Member, Visit),
    CsrfForm(mut form): CsrfForm<SiteForm>,
) -> Result<Response, WebError> {
    if form.address.trim().is_empty() {
        form.address = slug_of(&form.name);
    }
    let made = async {
        let new = NewSite {
            name: form.name.clone(),
            slug: form.address.clone(),
            theme: form.theme.clone(),
            base: form.base()?,
        };
        sites.create((&member.caller, &visit), &new).await
    };
    match made.await {
        Ok(site) => Ok(page.redirect(&format!("/o/{}/sites/{site}", member.tenant.slug))),
        Err(error) if error.code().status() == 422 || error.code() == Code::AlreadyExists => {
            let view = new_view(&sites, &member, FormState::of(&form).with(&error)).await?;
            Ok(page.render_with(StatusCode::UNPROCESSABLE_ENTITY, &view))
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Default, Deserialize)]
struct SiteQuery {
    deleted: Option<String>,
    published: Option<usize>,
    new: Option<String>,
}

async fn show(
    State(sites): State<Sites>,
    page: Page,
    member: Member,
    Path(path): Path<SitePath>,
    Query(query): Query<SiteQuery>,
) -> Result<Response, WebError> {
    let mut view = site_view(&sites, &member, path.id()?).await?;
    view.deleted = query.deleted.filter(|id| id.parse::<PageId>().is_ok());
    view.published = query.published;
    view.open_new = query.new.is_some();
    Ok(page.render(&view))
}

async fn site_view(sites: &Sites, member: &Member, id: SiteId) -> Result<SiteView> {
    let site = sites.site(&member.caller, id).await?;
    let url = sites.0.web.brand().site_origin(&site.slug);
    let row = |page: crate::pages::PageSummary| PageRow {
        id: page.id.to_string(),
        live: page.published.is_some(),
        changed: page.changed(),
        saved_at: page.saved_at.to_string(),
        url: format!("{url}{}", page.settings.path),
        title: page.settings.title,
        path: page.settings.path,
        in_menu: page.settings.in_menu,
    };
    let pages = sites.pages(&member.caller, id).await?.into_iter().map(row).collect();
    let level = member.caller.access.site(id);
    let base = site.base.map(|base| base.to_string()).unwrap_or_default();
    let settings = FormState::empty()
        .value("name", site.name.as_str())
        .value("theme", sites.library().theme(&site.theme).theme.name.as_str())
        .value("base", base);
    Ok(SiteView {
        slug: member.tenant.slug.clone(),
        id: id.to_string(),
        name: site.name,
        host: host_of(&url),
        url: url.clone(),
        live: site.published > 0,
        changed: site.changed,
        pages,
        settings,
        new_page: FormState::empty(),
        open_new: false,
        themes: sites
            .library()
            .themes()
            .map(|built| (built.theme.name.clone(), built.theme.title.clone()))
            .collect(),
        bases: base_names(sites, member).await?,
        may_edit: level >= Level::Edit,
        may_publish: level >= Level::Publish,
        may_manage: level >= Level::Manage,
        deleted: None,
        published: None,
    })
}

async fn change(
    State(sites): State<Sites>,
    page: Page,
    (member, visit): (Member, Visit),
    Path(path): Path<SitePath>,
    CsrfForm(form): CsrfForm<SiteForm>,
) -> Result<Response, WebError> {
    let id = path.id()?;
    let done = async {
        let settings =
            SiteSettings { name: form.name.clone(), theme: form.theme.clone(), base: form.base()? };
        sites.change((&member.caller, &visit), id, &settings).await
    };
    match done.await {
        Ok(()) => Ok(page.redirect(&path.url())),
        Err(error) if error.code().status() == 422 => {
            let mut view = site_view(&sites, &member, id).await?;
            view.settings = FormState::of(&form).with(&error);
            Ok(page.render_with(StatusCode::UNPROCESSABLE_ENTITY, &view))
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize, Serialize)]
struct PageForm {
    #[serde(default)]
    title: String,
    #[serde(default)]
    path: String,
}

async fn create_page(
    State(sites): State<Sites>,
    page: Page,
    (member, visit): (Member, Visit),
    Path(path): Path<SitePath>,
    CsrfForm(form): CsrfForm<PageForm>,
) -> Result<Response, WebError> {
    let id = path.id()?;
    let address = if form.path.trim().is_empty() { slug_of(&form.title) } else { form.path.clone() };
    match sites.create_page((&member.caller, &visit), id, &form.title, &address).await {
        Ok(made) => Ok(page.redirect(&format!("{}/pages/{made}", path.url()))),
        Err(error) if error.code().status() == 422 || error.code() == Code::AlreadyExists => {
            let mut view = site_view(&sites, &member, id).await?;
            view.new_page = FormState::of(&form).with(&error);
            view.open_new = true;
            Ok(page.render_with(StatusCode::UNPROCESSABLE_ENTITY, &view))
        }
        Err(error) => Err(error.into()),
    }
}

async fn pending(
    State(sites): State<Sites>,
    page: Page,
    member: Member,
    Path(path): Path<SitePath>,
) -> Result<Response, WebError> {
    Ok(page.render(&publish_view(&sites, &member, path.id()?, None).await?))
}

async fn publish_view(
    sites: &Sites,
    member: &Member,
    id: SiteId,
    message: Option<String>,
) -> Result<PublishView> {
    let site = sites.site(&member.caller, id).await?;
    let pending = sites.pending(&member.caller, id).await?;
    let drafts: Vec<String> =
        pending.iter().map(|change| format!("{}:{}", change.page.id, change.page.draft)).collect();
    let pages = pending.into_iter().map(|change| PendingPage {
        id: change.page.id.to_string(),
        title: change.page.settings.title,
        path: change.page.settings.path,
        new: change.new,
        changes: change
            .changes
            .into_iter()
            .map(|change| ChangeRow {
                what: change.what,
                how: change.how,
                before: change.before,
                after: change.after,
            })
            .collect(),
        issues: change.issues,
    });
    Ok(PublishView {
        slug: member.tenant.slug.clone(),
        id: id.to_string(),
        name: site.name,
        host: host_of(&sites.0.web.brand().site_origin(&site.slug)),
        pages: pages.collect(),
        drafts: drafts.join(","),
        may_publish: member.caller.access.site(id) >= Level::Publish,
        message,
    })
}

#[derive(Deserialize)]
struct PublishForm {
    /// What the person looked at.
    #[serde(default)]
    drafts: String,
}

impl PublishForm {
    fn drafts(&self) -> Result<Vec<(PageId, PageVersionId)>> {
        let parts = self.drafts.split(',').filter(|part| !part.is_empty());
        let read = |part: &str| {
            let (page, draft) = part.split_once(':')?;
            Some((page.parse().ok()?, draft.parse().ok()?))
        };
        parts.map(|part| read(part).ok_or_else(|| Error::new(Code::BadRequest))).collect()
    }
}

async fn publish(
    State(sites): State<Sites>,
    page: Page,
    (member, visit): (Member, Visit),
    Path(path): Path<SitePath>,
    CsrfForm(form): CsrfForm<PublishForm>,
) -> Result<Response, WebError> {
    let id = path.id()?;
    let drafts = form.drafts()?;
    match sites.publish((&member.caller, &visit), id, &drafts).await {
        Ok(()) => Ok(page.redirect(&format!("{}?published={}", path.url(), drafts.len()))),
        Err(error) if matches!(error.code(), Code::Conflict | Code::AlreadyExists) => {
            let message = error.field_errors().first().map_or_else(
                || error.message().to_owned(),
                |field| format!("Nothing was published: the {} {}.", field.field, field.detail),
            );
            let view = publish_view(&sites, &member, id, Some(message)).await?;
            Ok(page.render_with(StatusCode::CONFLICT, &view))
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
struct NoFields {}

async fn delete(
    State(sites): State<Sites>,
    page: Page,
    (member, visit): (Member, Visit),
    Path(path): Path<SitePath>,
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    sites.trash((&member.caller, &visit), path.id()?).await?;
    Ok(page.redirect(&format!("/o/{}/sites?deleted={}", path.slug, path.site)))
}

async fn restore(
    State(sites): State<Sites>,
    page: Page,
    (member, visit): (Member, Visit),
    Path(path): Path<SitePath>,
    CsrfForm(NoFields {}): CsrfForm<NoFields>,
) -> Result<Response, WebError> {
    sites.restore((&member.caller, &visit), path.id()?).await?;
    Ok(page.redirect(&path.url()))
}
