//! Use cases of publishing.

use super::{Change, PageChange, changes, store};
use crate::pages::{PageSettings, PageSummary};
use crate::service::{By, Sites};
use engine_page::{Document, page_refs, read, validate};
use identity::audit::{Act, emit};
use kernel_core::{Caller, Capability, Code, Error, Level, PageId, PageVersionId, Result, SiteId};
use kernel_db::{Database, DbError};
use serde_json::json;
use std::collections::HashSet;

impl Sites {
    /// What publishing the site would change, page by page; pages without changes are left out.
    ///
    /// # Errors
    /// `not_found`; `forbidden`.
    pub async fn pending(&self, caller: &Caller, site: SiteId) -> Result<Vec<PageChange>> {
        let pages = self.pages(caller, site).await?;
        let known: HashSet<String> = pages.iter().map(|page| page.id.to_string()).collect();
        let mut out = Vec::new();
        for page in pages.into_iter().filter(PageSummary::changed) {
            let draft = self.page(caller, (site, page.id)).await?;
            let kit = &self.library().kit;
            let now = (&draft.summary.settings, &draft.document);
            let changes = match page.published {
                None => Vec::new(),
                Some(version) => match self.version(caller, version).await? {
                    Some((settings, document)) => changes((&settings, &document), now, kit),
                    None => Vec::new(),
                },
            };
            let mut issues: Vec<String> = validate(&draft.document, kit)
                .into_iter()
                .map(|issue| format!("{}: {}", name_of(&draft.document, &issue.node, self), issue.hint))
                .collect();
            let dead =
                page_refs(&draft.document).pages.into_iter().filter(|page| !known.contains(page)).count();
            if dead > 0 {
                issues.push(format!("Links that lead to a deleted page: {dead}"));
            }
            if draft.summary.settings.description.is_empty() && !draft.summary.settings.noindex {
                issues.push("There is no description for search results".to_owned());
            }
            out.push(PageChange { new: page.published.is_none(), page, changes, issues });
        }
        Ok(out)
    }

    async fn version(
        &self,
        caller: &Caller,
        version: PageVersionId,
    ) -> Result<Option<(PageSettings, Document)>> {
        let params: kernel_db::Params<'_> = &[&caller.tenant.uuid(), &version.uuid()];
        let row = self.0.db.read_opt(caller.tenant, &store::PUBLISHED_VERSION, params).await?;
        row.map(|row| {
            let settings = PageSettings {
                path: row.get(0),
                title: row.get(1),
                description: row.get(2),
                in_menu: row.get(3),
                noindex: row.get(4),
            };
            Ok((settings, read(row.get(5)).map_err(Error::internal)?))
        })
        .transpose()
    }

    /// Makes these drafts public, all of them or none. Each page is named with the draft that was looked at.
    ///
    /// # Errors
    /// `conflict` when a draft was saved since; an error at `path` when a page that stays public has the address;
    /// `not_found`; `forbidden`.
    pub async fn publish(&self, act: By<'_>, site: SiteId, pages: &[(PageId, PageVersionId)]) -> Result<()> {
        let caller = act.0;
        caller.require(Capability::Publish)?;
        caller.site(site, Level::Publish)?;
        let name = self.site(caller, site).await?.name;
        let (tenant, by, now) = (caller.tenant.uuid(), caller.actor.to_string(), self.clock().now());
        let ids: Vec<uuid::Uuid> = pages.iter().map(|(page, _)| page.uuid()).collect();
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        tx.execute(&store::FREE_PATHS, &[&tenant, &site.uuid(), &ids]).await?;
        for (page, draft) in pages {
            let params: kernel_db::Params<'_> =
                &[&tenant, &site.uuid(), &page.uuid(), &draft.uuid(), &now, &by];
            if tx.execute(&store::PUBLISH, params).await.map_err(path_taken)? == 0 {
                let detail = "A page was saved in the meantime. Look at the changes again and publish.";
                return Err(Error::new(Code::Conflict).detail(detail));
            }
        }
        let named: Vec<_> =
            pages.iter().map(|(page, version)| json!({ "page": page, "version": version })).collect();
        emit(
            &mut tx,
            &self.event(act, Act::SitePublished, site).data(json!({ "name": name, "pages": named })),
        )
        .await?;
        self.commit_visible(tx, caller.tenant, site).await
    }

    /// Publishes every draft that is not public, as it is now.
    ///
    /// # Errors
    /// As [`Sites::publish`].
    pub async fn publish_all(&self, act: By<'_>, site: SiteId) -> Result<usize> {
        let pages = self.pages(act.0, site).await?;
        let changed: Vec<_> =
            pages.iter().filter(|page| page.changed()).map(|page| (page.id, page.draft)).collect();
        self.publish(act, site, &changed).await?;
        Ok(changed.len())
    }

    /// Takes a page back: visitors see it no more, its draft stays.
    ///
    /// # Errors
    /// `not_found` when it is not public; `forbidden`.
    pub async fn unpublish(&self, act: By<'_>, site: SiteId, page: PageId) -> Result<()> {
        let caller = act.0;
        caller.require(Capability::Publish)?;
        caller.site(site, Level::Publish)?;
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        let params: kernel_db::Params<'_> = &[&caller.tenant.uuid(), &site.uuid(), &page.uuid()];
        let row = tx.query_opt(&store::UNPUBLISH, params).await?;
        let path: String = row.ok_or_else(Error::not_found)?.get(0);
        let event = self.event(act, Act::PageUnpublished, page);
        emit(&mut tx, &event.data(json!({ "site": site, "path": path }))).await?;
        self.commit_visible(tx, caller.tenant, site).await
    }
}

fn name_of(document: &Document, node: &str, sites: &Sites) -> String {
    let kind = document.find(node).map_or("Page", |node| node.kind.as_str());
    sites.library().kit.get(kind).map_or_else(|| kind.to_owned(), |component| component.title.clone())
}

fn path_taken(error: DbError) -> Error {
    if error.constraint() == Some("pages_published_path") {
        return Error::field(
            "path",
            Code::AlreadyExists,
            "is still used by another public page; publish that one too",
        );
    }
    error.into()
}

impl Change {
    /// One line: "Heading changed".
    #[must_use]
    pub fn line(&self) -> String {
        format!("{} {}", self.what, self.how)
    }
}
