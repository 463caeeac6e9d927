//! Use cases of sites as a whole.

use super::{NewSite, SiteSettings, SiteSummary, store, summary};
use crate::model::{MAX_SITES, check_name, check_slug};
use crate::pages::NewPage;
use crate::service::{By, Sites};
use crate::starter;
use bases::ViewChoice;
use engine_base::BaseId;
use identity::audit::{Act, emit};
use kernel_core::{Caller, Capability, Code, Error, FieldError, Level, PageId, Result, SiteId};
use kernel_db::{Database, DbError};
use serde_json::json;
use std::collections::HashMap;

impl Sites {
    /// The tenant's sites, newest first; those in the trash last.
    ///
    /// # Errors
    /// `forbidden`, `missing_scope`.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<SiteSummary>> {
        caller.require(Capability::ReadSites)?;
        let rows = self.0.db.read(caller.tenant, &store::SITES, &[&caller.tenant.uuid()]).await?;
        let mut sites: Vec<SiteSummary> = rows.iter().map(summary).collect();
        sites.retain(|site| caller.access.site(site.id) > Level::None);
        sites.sort_by_key(|site| site.deleted_at.is_some());
        Ok(sites)
    }

    /// The home page of each site that has one.
    ///
    /// # Errors
    /// `forbidden`, `missing_scope`.
    pub async fn homes(&self, caller: &Caller) -> Result<HashMap<SiteId, PageId>> {
        caller.require(Capability::ReadSites)?;
        let rows = self.0.db.read(caller.tenant, &store::HOMES, &[&caller.tenant.uuid()]).await?;
        let homes = rows.iter().map(|row| (SiteId::from_uuid(row.get(0)), PageId::from_uuid(row.get(1))));
        Ok(homes.filter(|(site, _)| caller.access.site(*site) > Level::None).collect())
    }

    /// One site that is not in the trash.
    ///
    /// # Errors
    /// `not_found`; `forbidden`.
    pub async fn site(&self, caller: &Caller, site: SiteId) -> Result<SiteSummary> {
        caller.require(Capability::ReadSites)?;
        caller.site(site, Level::Read)?;
        let row =
            self.0.db.read_opt(caller.tenant, &store::SITE, &[&caller.tenant.uuid(), &site.uuid()]).await?;
        let site = row.as_ref().map(summary).filter(|site| site.deleted_at.is_none());
        site.ok_or_else(Error::not_found)
    }

    /// A new site with a home and an about page, as drafts.
    ///
    /// # Errors
    /// Errors at `name`, `address`, `theme`, `base`; `limit_reached`.
    pub async fn create(&self, act: By<'_>, new: &NewSite) -> Result<SiteId> {
        let caller = act.0;
        caller.require(Capability::CreateSites)?;
        let (name, slug) = check_both(check_name("name", &new.name), check_slug(&new.slug))?;
        self.check_theme(&new.theme)?;
        let list = self.first_view(caller, new.base).await?;
        let all = self.list(&Caller::system(caller.tenant)).await?;
        if all.iter().filter(|site| site.deleted_at.is_none()).count() >= MAX_SITES {
            let detail = format!("An organisation has at most {MAX_SITES} sites.");
            return Err(Error::new(Code::LimitReached).detail(detail));
        }
        let site = SiteId::new();
        let now = self.clock().now();
        let pages = starter::pages(&name, &self.library().theme(&new.theme).theme.opening, list.as_ref());
        let base = new.base.map(|base| base.0.cast_signed());
        let by = caller.actor.to_string();
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        let taken = tx.execute(&store::INSERT_HOST, &[&slug, &caller.tenant.uuid(), &site.uuid()]).await;
        taken.map_err(address_taken)?;
        let tenant = caller.tenant.uuid();
        tx.execute(&store::INSERT_SITE, &[&tenant, &site.uuid(), &name, &slug, &new.theme, &base, &now, &by])
            .await?;
        for (position, page) in pages.into_iter().enumerate() {
            let new = NewPage { position: i32::try_from(position).unwrap_or(i32::MAX), ..page };
            self.insert_page(&mut tx, caller, site, &new).await?;
        }
        let event = self.event(act, Act::SiteCreated, site).data(json!({ "name": name, "address": slug }));
        emit(&mut tx, &event).await?;
        self.commit_visible(tx, caller.tenant, site).await?;
        Ok(site)
    }

    /// Changes name, theme and base; visitors see it at once.
    ///
    /// # Errors
    /// Errors at `name`, `theme`, `base`; `not_found`.
    pub async fn change(&self, act: By<'_>, site: SiteId, settings: &SiteSettings) -> Result<()> {
        let caller = act.0;
        caller.require(Capability::ManageSites)?;
        caller.site(site, Level::Manage)?;
        let name = check_name("name", &settings.name).map_err(|error| Error::fields(vec![error]))?;
        self.check_theme(&settings.theme)?;
        let before = self.site(caller, site).await?;
        if settings.base != before.base {
            self.first_view(caller, settings.base).await?;
        }
        let base = settings.base.map(|base| base.0.cast_signed());
        let tenant = caller.tenant.uuid();
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        let changed =
            tx.execute(&store::UPDATE_SITE, &[&tenant, &site.uuid(), &name, &settings.theme, &base]).await?;
        if changed == 0 {
            return Err(Error::not_found());
        }
        let shown = |base: Option<BaseId>| json!(base.map(|base| base.to_string()));
        for (action, old, new) in [
            (Act::SiteRenamed, json!(before.name), json!(name)),
            (Act::SiteThemeChanged, json!(before.theme), json!(settings.theme)),
            (Act::SiteBaseChanged, shown(before.base), shown(settings.base)),
        ] {
            if old != new {
                let event = self
                    .event(act, action, site)
                    .data(json!({ "name": before.name, "from": old, "to": new }));
                emit(&mut tx, &event).await?;
            }
        }
        self.commit_visible(tx, caller.tenant, site).await
    }

    /// Into the trash: visitors find nothing there; the address stays taken.
    ///
    /// # Errors
    /// `not_found`; `forbidden`.
    pub async fn trash(&self, act: By<'_>, site: SiteId) -> Result<()> {
        let now = self.clock().now();
        self.set_deleted(act, site, Some(now)).await
    }

    /// Out of the trash, as it was.
    ///
    /// # Errors
    /// `not_found`; `forbidden`.
    pub async fn restore(&self, act: By<'_>, site: SiteId) -> Result<()> {
        self.set_deleted(act, site, None).await
    }

    async fn set_deleted(&self, act: By<'_>, site: SiteId, at: Option<jiff::Timestamp>) -> Result<()> {
        let caller = act.0;
        caller.require(Capability::ManageSites)?;
        caller.site(site, Level::Manage)?;
        let mut tx = self.0.db.begin(Database::Data, caller.tenant).await?;
        let row = tx.query_opt(&store::TRASH_SITE, &[&caller.tenant.uuid(), &site.uuid(), &at]).await?;
        let name: String = row.ok_or_else(Error::not_found)?.get(0);
        let action = if at.is_some() { Act::SiteDeleted } else { Act::SiteRestored };
        emit(&mut tx, &self.event(act, action, site).data(json!({ "name": name }))).await?;
        self.commit_visible(tx, caller.tenant, site).await
    }

    fn check_theme(&self, theme: &str) -> Result<()> {
        if self.library().has_theme(theme) {
            return Ok(());
        }
        Err(Error::field("theme", Code::InvalidValue, "is not one of the list"))
    }

    /// The view that a new site's list shows; checks on the way that the caller may see the base.
    async fn first_view(&self, caller: &Caller, base: Option<BaseId>) -> Result<Option<ViewChoice>> {
        let Some(base) = base else { return Ok(None) };
        match self.0.bases.view_choices(caller, base).await {
            Ok(views) => Ok(views.into_iter().next()),
            Err(error) if error.code() == Code::NotFound => {
                Err(Error::field("base", Code::InvalidValue, "is not there any more"))
            }
            Err(error) => Err(error),
        }
    }
}

/// What the permissions page asks.
impl tenancy::SiteDirectory for Sites {
    fn sites<'a>(&'a self, caller: &'a Caller) -> tenancy::Later<'a, Vec<tenancy::SiteName>> {
        Box::pin(async move {
            let mut sites = self.list(caller).await?;
            sites.retain(|site| site.deleted_at.is_none());
            sites.sort_by_cached_key(|site| site.name.to_lowercase());
            Ok(sites.into_iter().map(|site| tenancy::SiteName { id: site.id, name: site.name }).collect())
        })
    }
}

/// Both values, or the errors of both.
fn check_both<A, B>(a: Result<A, FieldError>, b: Result<B, FieldError>) -> Result<(A, B)> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (a, b) => Err(Error::fields([a.err(), b.err()].into_iter().flatten().collect())),
    }
}

fn address_taken(error: DbError) -> Error {
    if error.constraint() == Some("site_hosts_pkey") {
        return Error::field("address", Code::AlreadyExists, "is taken");
    }
    error.into()
}
