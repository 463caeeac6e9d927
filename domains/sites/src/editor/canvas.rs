//! The preview: a draft through the one renderer, for a frame of the app.

use super::routes::PagePath;
use crate::pages::PageDraft;
use crate::service::Sites;
use crate::serving::FRAMED_POLICY;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use engine_page::{Data, Head, MenuItem, Mode, PageLink, page, render};
use http::{HeaderValue, header};
use kernel_core::Result;
use kernel_web::WebError;
use serde::Deserialize;
use std::collections::HashMap;
use tenancy::Member;

#[derive(Deserialize)]
pub(super) struct CanvasQuery {
    node: Option<String>,
}

pub(super) async fn show(
    State(sites): State<Sites>,
    member: Member,
    Path(path): Path<PagePath>,
    Query(query): Query<CanvasQuery>,
) -> Result<Response, WebError> {
    let address = path.address()?;
    let site = sites.site(&member.caller, address.0).await?;
    let draft = sites.page(&member.caller, address).await?;
    let pages = sites.pages(&member.caller, address.0).await?;
    let fetched = sites.fetch(member.caller.tenant, site.base, (&draft.document, &site.language)).await?;
    let here = draft.summary.settings.path.as_str();
    let theme = sites.library().theme(&site.theme);
    let data = Data {
        site_name: site.name.clone(),
        path: here.to_owned(),
        title: draft.summary.settings.title.clone(),
        pages: pages
            .iter()
            .map(|page| {
                let link = PageLink { path: page.settings.path.clone(), title: page.settings.title.clone() };
                (page.id.to_string(), link)
            })
            .collect(),
        menu: pages
            .iter()
            .filter(|page| page.settings.in_menu)
            .map(|page| MenuItem {
                label: page.settings.title.clone(),
                href: page.settings.path.clone(),
                current: page.settings.path == here,
            })
            .collect(),
        collections: fetched.collections,
        assets: HashMap::new(),
        pictures: theme.files.clone(),
        picture_names: theme.pictures.clone(),
    };
    Ok(framed(html(&sites, &draft, &data, &site.theme, query.node.as_deref())))
}

fn html(sites: &Sites, draft: &PageDraft, data: &Data, theme: &str, selected: Option<&str>) -> String {
    let theme = sites.library().theme(theme);
    let mode = Mode::Canvas { selected };
    let body = render(&draft.document, &sites.library().kit, data, mode);
    let head = Head {
        title: data.title.clone(),
        styles: vec![theme.sheet.href.clone(), sites.library().canvas_href().to_owned()],
        theme: theme.theme.name.clone(),
        ..Head::default()
    };
    page(&draft.document, &head, &body, mode)
}

fn framed(html: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_SECURITY_POLICY, FRAMED_POLICY),
    ];
    (headers, html).into_response()
}
