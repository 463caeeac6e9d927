//! Sites as things of a tenant: list, create, change, trash, restore (spec C1).

pub(crate) mod routes;
mod service;
pub(crate) mod store;
mod views;

use engine_base::BaseId;
use jiff::Timestamp;
use kernel_core::SiteId;
use kernel_db::Row;

/// A site, as lists show it.
#[derive(Clone, Debug)]
pub struct SiteSummary {
    /// The site.
    pub id: SiteId,
    /// Its name.
    pub name: String,
    /// First label of its address.
    pub slug: String,
    /// The theme's name.
    pub theme: String,
    /// BCP 47, e.g. `en`.
    pub language: String,
    /// The base that its lists show.
    pub base: Option<BaseId>,
    /// Pages, trash not counted.
    pub pages: u64,
    /// Pages that visitors can see.
    pub published: u64,
    /// Pages whose draft is not what visitors see.
    pub changed: u64,
    /// When a page was last published.
    pub published_at: Option<Timestamp>,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// Since when it is in the trash.
    pub deleted_at: Option<Timestamp>,
}

/// What a new site starts with.
#[derive(Clone, Debug)]
pub struct NewSite {
    /// Its name.
    pub name: String,
    /// First label of its address.
    pub slug: String,
    /// The theme's name.
    pub theme: String,
    /// The base that its list shows.
    pub base: Option<BaseId>,
}

/// What can be changed about a site as a whole.
#[derive(Clone, Debug)]
pub struct SiteSettings {
    /// Its name.
    pub name: String,
    /// The theme's name.
    pub theme: String,
    /// The base that its lists show.
    pub base: Option<BaseId>,
}

fn summary(row: &Row) -> SiteSummary {
    SiteSummary {
        id: SiteId::from_uuid(row.get(0)),
        name: row.get(1),
        slug: row.get(2),
        theme: row.get(3),
        base: row.get::<_, Option<i64>>(4).map(|base| BaseId(base.unsigned_abs())),
        created_at: row.get(5),
        deleted_at: row.get(6),
        pages: row.get::<_, i64>(7).unsigned_abs(),
        published: row.get::<_, i64>(8).unsigned_abs(),
        changed: row.get::<_, i64>(9).unsigned_abs(),
        published_at: row.get(10),
        language: row.get(11),
    }
}
