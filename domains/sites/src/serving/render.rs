//! From a published page to HTML: rows fetched by what the page names, then the one renderer.

use super::entry::{Depends, Entry, NOT_FOUND, Rendered, Served};
use super::kept::{Kept, Label};
use super::shown::shown;
use super::{POLICY, REVALIDATE, store};
use crate::catalog::store as catalog;
use crate::service::Sites;
use crate::starter;
use bases::FieldFormat;
use engine_base::{BaseId, ViewId};
use engine_page::{
    Collection, CollectionField, CollectionRow, Data, Document, Head, Mode, page, page_refs, read, render,
};
use http::{HeaderMap, StatusCode, header};
use jiff::SignedDuration;
use kernel_core::{Code, Error, PageId, PageVersionId, Result, SiteId, TenantId};
use kernel_web::{Portal, security_headers};
use std::collections::HashMap;
use std::sync::Arc;

/// A page with rows is made anew after this long even when nothing changed: a view's filter may speak of today.
const MAX_AGE: SignedDuration = SignedDuration::from_secs(60);

/// Rows of the views that a page names.
pub(crate) struct Fetched {
    pub collections: HashMap<String, Collection>,
    pub depends: Depends,
}

impl Sites {
    /// The site that answers to a host name, from memory or the database.
    ///
    /// # Errors
    /// `unknown_host`.
    pub(crate) async fn entry(&self, host: &str) -> Result<Arc<Entry>> {
        if let Some(entry) = self.0.cache.get(host) {
            return Ok(entry);
        }
        let epoch = self.0.cache.epoch();
        let unknown = || Error::new(Code::UnknownHost);
        let row = self.0.db.global_opt(&catalog::HOST, &[&host]).await?.ok_or_else(unknown)?;
        let (tenant, site) = (TenantId::from_uuid(row.get(0)), SiteId::from_uuid(row.get(1)));
        let params: kernel_db::Params<'_> = &[&tenant.uuid(), &site.uuid()];
        let row = self.0.db.read_opt(tenant, &store::SERVED_SITE, params).await?.ok_or_else(unknown)?;
        let pages = self.0.db.read(tenant, &store::SERVED_PAGES, params).await?;
        let served = |row: &kernel_db::Row| Served {
            id: PageId::from_uuid(row.get(0)),
            version: PageVersionId::from_uuid(row.get(1)),
            path: row.get(2),
            title: row.get(3),
            description: row.get(4),
            in_menu: row.get(5),
            noindex: row.get(6),
            published_at: row.get(7),
        };
        let entry = Arc::new(Entry::new(
            (tenant, site),
            host.to_owned(),
            (row.get(0), row.get(1), row.get(3)),
            row.get::<_, Option<i64>>(2).map(|base| BaseId(base.unsigned_abs())),
            pages.iter().map(served).collect(),
        ));
        self.0.cache.put(host, entry.clone(), epoch);
        Ok(entry)
    }

    /// The HTML of a path of a site; of the page for unknown addresses under [`NOT_FOUND`].
    pub(crate) async fn rendered(&self, entry: &Entry, path: &str) -> Result<Arc<Rendered>> {
        let now = || self.clock().now();
        if let Some(found) = entry.get(path, now) {
            return Ok(found);
        }
        if !self.0.cache.keeps_pages() {
            return Ok(Arc::new(self.render_page(entry, path).await?));
        }
        let _one = entry.rendering.lock().await;
        if let Some(found) = entry.get(path, now) {
            return Ok(found);
        }
        let epoch = entry.epoch();
        let rendered = Arc::new(self.render_page(entry, path).await?);
        self.0.cache.grew(entry.put(path, &rendered, epoch));
        Ok(rendered)
    }

    async fn render_page(&self, entry: &Entry, path: &str) -> Result<Rendered> {
        let served = entry.by_path.get(path).map(|index| &entry.pages[*index]);
        let document = match served {
            Some(served) => self.document(entry, served.version).await?,
            None => {
                let home = match entry.by_path.get("/") {
                    Some(index) => Some(self.document(entry, entry.pages[*index].version).await?),
                    None => None,
                };
                Arc::new(starter::not_found_page(home.as_deref(), &self.library().kit))
            }
        };
        let fetched = self.fetch(entry.tenant, entry.base, (&document, &entry.language)).await?;
        let theme = self.library().theme(&entry.theme);
        let title = served.map_or("Page not found", |served| served.title.as_str());
        let data = Data {
            site_name: entry.name.clone(),
            path: path.to_owned(),
            title: title.to_owned(),
            pages: entry.links(),
            menu: entry.menu(path),
            collections: fetched.collections,
            assets: HashMap::new(),
            pictures: theme.files.clone(),
            picture_names: theme.pictures.clone(),
        };
        let body = render(&document, &self.library().kit, &data, Mode::Public);
        let origin = self.0.web.brand().site_origin(&entry.slug);
        // The home page is the site: "Home" before the name tells nobody anything in a search result.
        let is_site = title == entry.name || (path == "/" && title == "Home");
        let full_title = if is_site { entry.name.clone() } else { format!("{title} · {}", entry.name) };
        let head = Head {
            language: entry.language.clone(),
            title: full_title,
            description: served.map(|served| served.description.clone()).unwrap_or_default(),
            canonical: if path == NOT_FOUND { String::new() } else { format!("{origin}{path}") },
            site_name: entry.name.clone(),
            index: served.is_some_and(|served| !served.noindex),
            styles: vec![theme.sheet.href.clone()],
            theme: theme.theme.name.clone(),
        };
        let html = page(&document, &head, &body, Mode::Public);
        let stale_at = (fetched.depends != Depends::Nothing).then(|| self.clock().now() + MAX_AGE);
        Ok(Rendered { kept: self.kept_page(html, path), depends: fetched.depends, stale_at })
    }

    /// The page with all of its headers, so that sending it is copying.
    fn kept_page(&self, html: String, path: &str) -> Kept {
        let label = Label {
            status: if path == NOT_FOUND { StatusCode::NOT_FOUND } else { StatusCode::OK },
            content_type: "text/html; charset=utf-8",
            cache_control: REVALIDATE,
        };
        let mut headers = HeaderMap::from_iter([(header::CONTENT_SECURITY_POLICY, POLICY)]);
        security_headers::write(&self.0.web, Portal::Sites, &mut headers);
        Kept::with_headers(html, &label, headers)
    }

    async fn document(&self, entry: &Entry, version: PageVersionId) -> Result<Arc<Document>> {
        if let Some(found) = entry.documents.lock().get(&version).cloned() {
            return Ok(found);
        }
        let params: kernel_db::Params<'_> = &[&entry.tenant.uuid(), &version.uuid()];
        let row = self.0.db.read_opt(entry.tenant, &store::SERVED_DOCUMENT, params).await?;
        let row = row.ok_or_else(Error::not_found)?;
        let document = Arc::new(read(row.get(0)).map_err(Error::internal)?);
        entry.documents.lock().insert(version, document.clone());
        Ok(document)
    }

    /// Rows of every view that the page names, written in the site's language. A view that is gone is left out: its list
    /// shows nothing.
    ///
    /// # Errors
    /// When a base can't be read for a reason of ours.
    pub(crate) async fn fetch(
        &self,
        tenant: TenantId,
        base: Option<BaseId>,
        (document, language): (&Document, &str),
    ) -> Result<Fetched> {
        let views = page_refs(document).views;
        let mut out = Fetched { collections: HashMap::new(), depends: Depends::Nothing };
        let Some(base) = base.filter(|_| !views.is_empty()) else { return Ok(out) };
        let mut tables = Vec::new();
        let mut missing = false;
        for (id, limit) in views {
            let Ok(view) = id.parse::<ViewId>() else {
                missing = true;
                continue;
            };
            match self.0.bases.collection(tenant, base, view, limit as usize).await {
                Ok(found) => {
                    tables.extend(found.depends_on.iter().map(|table| table.0.0));
                    out.collections.insert(id, convert(found, language));
                }
                Err(error) if matches!(error.code(), Code::NotFound | Code::BadFilter | Code::BadSort) => {
                    missing = true
                }
                Err(error) => return Err(error),
            }
        }
        tables.sort_unstable();
        tables.dedup();
        out.depends = if missing { Depends::Base } else { Depends::Tables(tables) };
        Ok(out)
    }
}

fn convert(found: bases::Collection, language: &str) -> Collection {
    let formats: HashMap<String, FieldFormat> =
        found.fields.iter().map(|field| (field.id.to_string(), field.format.clone())).collect();
    let fields = found.fields.into_iter().map(|field| CollectionField {
        id: field.id.to_string(),
        name: field.name,
        kind: field.kind.to_owned(),
    });
    let value = |(id, value): (String, serde_json::Value)| {
        let value = match formats.get(&id) {
            Some(format) => shown(format, language, value),
            None => value,
        };
        (id, value)
    };
    let rows = found.rows.into_iter().map(|row| CollectionRow {
        id: row.id.to_string(),
        values: row.values.into_iter().map(value).collect(),
    });
    Collection { fields: fields.collect(), rows: rows.collect() }
}
