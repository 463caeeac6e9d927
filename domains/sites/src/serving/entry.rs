//! What is known of one site in memory: its public pages and the HTML made of them.

use super::kept::Kept;
use engine_base::BaseId;
use engine_page::{Document, MenuItem, PageLink};
use jiff::Timestamp;
use kernel_core::{PageId, PageVersionId, SiteId, TenantId};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A site as it is published. Made anew when anything about it changes; what its pages show of bases may change within.
#[derive(Debug)]
pub(crate) struct Entry {
    pub tenant: TenantId,
    pub site: SiteId,
    pub slug: String,
    pub name: String,
    pub theme: String,
    pub language: String,
    pub base: Option<BaseId>,
    pub pages: Vec<Served>,
    pub by_path: HashMap<String, usize>,
    /// Contents, read when first needed.
    pub documents: Mutex<HashMap<PageVersionId, Arc<Document>>>,
    /// HTML by path; the page for unknown addresses under [`NOT_FOUND`].
    rendered: Mutex<HashMap<String, Arc<Rendered>>>,
    /// Grows with every change of the base, so that HTML made of older rows is not kept.
    epoch: AtomicU64,
    /// One rendering of a site at a time: many visitors of a page that was dropped cause one rendering.
    pub rendering: tokio::sync::Mutex<()>,
}

/// How keeping one page changed what is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grown {
    pub more: usize,
    pub less: usize,
}

/// The key of the page for addresses where there is none. No path is empty.
pub(crate) const NOT_FOUND: &str = "";

/// A public page.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    pub id: PageId,
    pub version: PageVersionId,
    pub path: String,
    pub title: String,
    pub description: String,
    pub in_menu: bool,
    pub noindex: bool,
    pub published_at: Option<Timestamp>,
}

/// HTML and what it was made of.
#[derive(Debug)]
pub(crate) struct Rendered {
    pub kept: Kept,
    pub depends: Depends,
    /// From then on it is made anew: a view's filter may speak of today.
    pub stale_at: Option<Timestamp>,
}

/// Which changes of the site's base make a page stale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Depends {
    /// None.
    Nothing,
    /// Of these tables, by number.
    Tables(Vec<u64>),
    /// Any, as the view can't be shown and may come back.
    Base,
}

impl Depends {
    /// `changed`: tables by number; `None`: all.
    pub(crate) fn is_hit(&self, changed: Option<&[u64]>) -> bool {
        match (self, changed) {
            (Self::Nothing, _) => false,
            (Self::Base, _) | (_, None) => true,
            (Self::Tables(tables), Some(changed)) => tables.iter().any(|table| changed.contains(table)),
        }
    }
}

impl Entry {
    pub(crate) fn new(
        (tenant, site): (TenantId, SiteId),
        slug: String,
        (name, theme, language): (String, String, String),
        base: Option<BaseId>,
        pages: Vec<Served>,
    ) -> Self {
        let by_path = pages.iter().enumerate().map(|(index, page)| (page.path.clone(), index)).collect();
        Self {
            tenant,
            site,
            slug,
            name,
            theme,
            language,
            base,
            pages,
            by_path,
            documents: Mutex::default(),
            rendered: Mutex::default(),
            epoch: AtomicU64::new(0),
            rendering: tokio::sync::Mutex::new(()),
        }
    }

    /// The HTML of a path, unless it is too old.
    pub(crate) fn get(&self, path: &str, now: impl FnOnce() -> Timestamp) -> Option<Arc<Rendered>> {
        let found = self.rendered.lock().get(path).cloned()?;
        match found.stale_at {
            Some(at) if now() >= at => None,
            _ => Some(found),
        }
    }

    /// To be read before the rows that a rendering shows.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Keeps HTML that was made of rows read at `epoch`, unless the base changed since.
    pub(crate) fn put(&self, path: &str, rendered: &Arc<Rendered>, epoch: u64) -> Grown {
        let mut kept = self.rendered.lock();
        // Compared under the lock that `base_changed` takes after it has counted up.
        if rendered.depends != Depends::Nothing && self.epoch() != epoch {
            return Grown { more: 0, less: 0 };
        }
        let before = kept.insert(path.to_owned(), rendered.clone());
        Grown { more: rendered.kept.size(), less: before.map_or(0, |before| before.kept.size()) }
    }

    /// Drops what the change makes stale; gives the bytes that it took.
    pub(crate) fn base_changed(&self, tables: Option<&[u64]>) -> usize {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        let mut freed = 0;
        self.rendered.lock().retain(|_, rendered| {
            let hit = rendered.depends.is_hit(tables);
            freed += if hit { rendered.kept.size() } else { 0 };
            !hit
        });
        freed
    }

    /// Drops all HTML; gives the bytes that it took.
    pub(crate) fn forget(&self) -> usize {
        self.rendered.lock().drain().map(|(_, rendered)| rendered.kept.size()).sum()
    }

    /// Pages as targets of links.
    pub(crate) fn links(&self) -> HashMap<String, PageLink> {
        let link = |page: &Served| {
            (page.id.to_string(), PageLink { path: page.path.clone(), title: page.title.clone() })
        };
        self.pages.iter().map(link).collect()
    }

    /// The menu as seen from a path.
    pub(crate) fn menu(&self, path: &str) -> Vec<MenuItem> {
        let item = |page: &Served| MenuItem {
            label: page.title.clone(),
            href: page.path.clone(),
            current: page.path == path,
        };
        self.pages.iter().filter(|page| page.in_menu).map(item).collect()
    }
}
