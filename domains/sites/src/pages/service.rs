//! Use cases of pages and drafts.

use super::{Address, NewPage, PageDraft, PageSettings, PageSummary, SUMMARY_COLUMNS, Save, store, summary};
use crate::model::{MAX_PAGES, check_name, check_path};
use crate::service::{By, Sites};
use crate::starter;
use engine_page::{Document, apply, page_refs, read, write};
use identity::audit::{Act, emit};
use kernel_core::{
    Caller, Capability, Code, Error, FieldError, Level, PageId, PageVersionId, Result, SiteId,
};
use kernel_db::{Database, DbError, Tx};
use serde_json::json;

impl Sites {
    /// The site's pages in menu order.
    ///
    /// # Errors
    /// `not_found`; `forbidden`.
    pub async fn pages(&self, caller: &Caller, site: SiteId) -> Result<Vec<PageSummary>> {
        self.site(caller, site).await?;
        let rows =
            self.0.db.read(caller.tenant, &store::PAGES, &[&caller.tenant.uuid(), &site.uuid()]).await?;
        Ok(rows.iter().map(summary).collect())
    }

    /// A page with its draft.
    ///
    /// # Errors
    /// `not_found`; `forbidden`.
    pub async fn page(&self, caller: &Caller, (site, page): Address) -> Result<PageDraft> {
        caller.require(Capability::ReadSites)?;
        caller.site(site, Level::Read)?;
        let params: kernel_db::Params<'_> = &[&caller.tenant.uuid(), &site.uuid(), &page.uuid()];
        let row =
            self.0.db.read_opt(caller.tenant, &store::PAGE, params).await?.ok_or_else(Error::not_found)?;
        let document = read(row.get(SUMMARY_COLUMNS)).map_err(Error::internal)?;
        Ok(PageDraft { summary: summary(&row), document })
    }

    /// A new page with the head and foot of the home page, at the end of the menu.
    ///
    /// # Errors
    /// Errors at `title`, `path`; `limit_reached`; `not_found`.
    pub async fn create_page(&self, act: By<'_>, site: SiteId, title: &str, path: &str) -> Result<PageId> {
        let caller = act.0;
        caller.require(Capability::EditPages)?;
        caller.site(site, Level::Edit)?;
        let settings = PageSettings {
            path: path.to_owned(),
            title: title.to_owned(),
            description: String::new(),
            in_menu: true,
            noindex: false,
        };
        let settings = check_settings(&settings)?;
        let home = self.pages(caller, site).await?.into_iter().find(|page| page.settings.path == "/");
        let home = match home {
            Some(home) => Some(self.page(caller, (site, home.id)).await?.document),
            None => None,
        };
        let document = starter::empty_page(&settings.title, home.as_ref(), &self.library().kit);
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        let last = tx.query_one(&store::LAST_POSITION, &[&caller.tenant.uuid(), &site.uuid()]).await?;
        if last.get::<_, i64>(1).unsigned_abs() >= MAX_PAGES as u64 {
            return Err(
                Error::new(Code::LimitReached).detail(format!("A site has at most {MAX_PAGES} pages."))
            );
        }
        let new = NewPage {
            id: PageId::new(),
            position: last.get::<_, i32>(0).saturating_add(1),
            settings,
            document,
        };
        self.insert_page(&mut tx, caller, site, &new).await?;
        let event = self.event(act, Act::PageCreated, new.id);
        emit(&mut tx, &event.data(json!({ "site": site, "path": new.settings.path }))).await?;
        tx.commit().await?;
        Ok(new.id)
    }

    pub(crate) async fn insert_page(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        site: SiteId,
        new: &NewPage,
    ) -> Result<()> {
        let (version, now, by) = (PageVersionId::new(), self.clock().now(), caller.actor.to_string());
        let params: kernel_db::Params<'_> = &[
            &caller.tenant.uuid(),
            &new.id.uuid(),
            &site.uuid(),
            &new.position,
            &new.settings.path,
            &version.uuid(),
            &now,
            &by,
        ];
        tx.execute(&store::INSERT_PAGE, params).await.map_err(path_taken)?;
        self.insert_version(tx, caller, new.id, (version, 1), &new.settings, &new.document).await
    }

    async fn insert_version(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        page: PageId,
        (version, number): (PageVersionId, u64),
        settings: &PageSettings,
        document: &Document,
    ) -> Result<()> {
        let params: kernel_db::Params<'_> = &[
            &caller.tenant.uuid(),
            &version.uuid(),
            &page.uuid(),
            &number.cast_signed(),
            &settings.path,
            &settings.title,
            &settings.description,
            &settings.in_menu,
            &settings.noindex,
            &write(document),
            &self.clock().now(),
            &caller.actor.to_string(),
        ];
        tx.execute(&store::INSERT_VERSION, params).await?;
        let refs = page_refs(document);
        let named = (refs.pages.into_iter().map(|id| ("page", id)))
            .chain(refs.views.into_keys().map(|id| ("view", id)))
            .chain(refs.assets.into_iter().map(|id| ("asset", id)));
        let (kinds, ids): (Vec<&str>, Vec<String>) = named.unzip();
        if !ids.is_empty() {
            tx.execute(&store::INSERT_REFS, &[&caller.tenant.uuid(), &version.uuid(), &kinds, &ids]).await?;
        }
        Ok(())
    }

    /// Saves a draft. Gives the new number.
    ///
    /// # Errors
    /// `conflict` when somebody saved since `save.number`: nothing was written, nothing of theirs is lost;
    /// `bad_document` when an edit can't be applied; errors at `path`, `title`, `description`; `not_found`.
    pub async fn save(&self, caller: &Caller, address: Address, save: &Save) -> Result<u64> {
        caller.require(Capability::EditPages)?;
        let (site, page) = address;
        caller.site(site, Level::Edit)?;
        let draft = self.page(caller, address).await?;
        let settings = match &save.settings {
            Some(settings) => check_settings(settings)?,
            None => draft.summary.settings.clone(),
        };
        let stale = || {
            let detail =
                "Somebody saved this page in the meantime. Look at what is there now and save again.";
            Error::new(Code::Conflict).detail(detail)
        };
        if draft.summary.number != save.number {
            return Err(stale());
        }
        let (document, _) = apply(&draft.document, &self.library().kit, &save.ops).map_err(|refused| {
            Error::new(Code::BadDocument).detail(format!("Not saved: {}.", refused.hint))
        })?;
        let (version, number) = (PageVersionId::new(), save.number + 1);
        let tenant = caller.tenant.uuid();
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        let row = tx.query_opt(&store::LOCK_PAGE, &[&tenant, &site.uuid(), &page.uuid()]).await?;
        // The row's lock decides: whoever comes second sees the other's number.
        match row.map(|row| row.get::<_, i64>(0).unsigned_abs()) {
            None => return Err(Error::not_found()),
            Some(now) if now != save.number => return Err(stale()),
            Some(_) => {}
        }
        self.insert_version(&mut tx, caller, page, (version, number), &settings, &document).await?;
        let params: kernel_db::Params<'_> =
            &[&tenant, &page.uuid(), &version.uuid(), &number.cast_signed(), &settings.path];
        tx.execute(&store::SET_DRAFT, params).await.map_err(path_taken)?;
        tx.commit().await?;
        Ok(number)
    }

    /// Into the trash; what was published is gone for visitors at once.
    ///
    /// # Errors
    /// `forbidden` without the right to publish, when it is public; `not_found`.
    pub async fn trash_page(&self, act: By<'_>, (site, page): Address) -> Result<()> {
        let caller = act.0;
        caller.require(Capability::EditPages)?;
        caller.site(site, Level::Edit)?;
        if self.page(caller, (site, page)).await?.summary.published.is_some() {
            caller.require(Capability::Publish)?;
            caller.site(site, Level::Publish)?;
        }
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        let params: kernel_db::Params<'_> =
            &[&caller.tenant.uuid(), &site.uuid(), &page.uuid(), &self.clock().now()];
        let row = tx.query_opt(&store::TRASH_PAGE, params).await?;
        let path: String = row.ok_or_else(Error::not_found)?.get(0);
        let event = self.event(act, Act::PageDeleted, page);
        emit(&mut tx, &event.data(json!({ "site": site, "path": path }))).await?;
        self.commit_visible(tx, caller.tenant, site).await
    }

    /// Out of the trash, as a draft.
    ///
    /// # Errors
    /// An error at `path` when another page has taken it; `not_found`.
    pub async fn restore_page(&self, act: By<'_>, (site, page): Address) -> Result<()> {
        let caller = act.0;
        caller.require(Capability::EditPages)?;
        caller.site(site, Level::Edit)?;
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        let params: kernel_db::Params<'_> = &[&caller.tenant.uuid(), &site.uuid(), &page.uuid()];
        let row = tx.query_opt(&store::RESTORE_PAGE, params).await.map_err(path_taken)?;
        let path: String = row.ok_or_else(Error::not_found)?.get(0);
        let event = self.event(act, Act::PageRestored, page);
        emit(&mut tx, &event.data(json!({ "site": site, "path": path }))).await?;
        Ok(tx.commit().await?)
    }
}

fn check_settings(settings: &PageSettings) -> Result<PageSettings> {
    let mut errors: Vec<FieldError> = Vec::new();
    let title = check_name("title", &settings.title).map_err(|error| errors.push(error)).unwrap_or_default();
    let path = check_path(&settings.path).map_err(|error| errors.push(error)).unwrap_or_default();
    let description = settings.description.split_whitespace().collect::<Vec<_>>().join(" ");
    if description.chars().count() > 300 {
        errors.push(FieldError::new("description", Code::TooLong, "is longer than 300 characters"));
    }
    if !errors.is_empty() {
        return Err(Error::fields(errors));
    }
    Ok(PageSettings { path, title, description, ..settings.clone() })
}

fn path_taken(error: DbError) -> Error {
    match error.constraint() {
        Some("pages_path" | "pages_published_path") => {
            Error::field("path", Code::AlreadyExists, "is taken by another page")
        }
        _ => error.into(),
    }
}
