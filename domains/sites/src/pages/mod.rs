//! Pages of a site and their drafts. Every save is a version that never changes; a save names the version it started
//! from, so that nobody's work is lost (spec C6).

mod service;
pub(crate) mod store;

use engine_page::{Document, Op};
use jiff::Timestamp;
use kernel_core::{PageId, PageVersionId, SiteId};
use kernel_db::Row;

/// What a page is besides its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageSettings {
    /// `/about`.
    pub path: String,
    /// The title: tab, search results, menu.
    pub title: String,
    /// For search results.
    pub description: String,
    /// Whether the menu shows it.
    pub in_menu: bool,
    /// Whether search engines are asked to leave it out.
    pub noindex: bool,
}

/// A page, as lists show it.
#[derive(Clone, Debug)]
pub struct PageSummary {
    /// The page.
    pub id: PageId,
    /// Its draft's settings.
    pub settings: PageSettings,
    /// Counts saves.
    pub number: u64,
    /// When it was last saved.
    pub saved_at: Timestamp,
    /// Who saved it: the actor's id.
    pub saved_by: String,
    /// The draft's version.
    pub draft: PageVersionId,
    /// What visitors see.
    pub published: Option<PageVersionId>,
    /// When that was published.
    pub published_at: Option<Timestamp>,
}

impl PageSummary {
    /// Whether the draft is not what visitors see.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.published != Some(self.draft)
    }
}

/// A page with its draft's content.
#[derive(Clone, Debug)]
pub struct PageDraft {
    /// The page.
    pub summary: PageSummary,
    /// The content.
    pub document: Document,
}

/// A page to be made.
#[derive(Clone, Debug)]
pub struct NewPage {
    /// Made beforehand, so that pages can link to one another.
    pub id: PageId,
    /// Order in the menu.
    pub position: i32,
    /// Path, title and so on.
    pub settings: PageSettings,
    /// The content.
    pub document: Document,
}

/// A save: what to change of the draft with this number.
#[derive(Clone, Debug, Default)]
pub struct Save {
    /// The number of the draft that the person saw.
    pub number: u64,
    /// New settings, if they change.
    pub settings: Option<PageSettings>,
    /// Edits of the content.
    pub ops: Vec<Op>,
}

pub(crate) const SUMMARY_COLUMNS: usize = 12;

pub(crate) fn summary(row: &Row) -> PageSummary {
    PageSummary {
        id: PageId::from_uuid(row.get(0)),
        settings: PageSettings {
            path: row.get(1),
            title: row.get(2),
            description: row.get(3),
            in_menu: row.get(4),
            noindex: row.get(5),
        },
        number: row.get::<_, i64>(6).unsigned_abs(),
        saved_at: row.get(7),
        draft: PageVersionId::from_uuid(row.get(8)),
        published: row.get::<_, Option<uuid::Uuid>>(9).map(PageVersionId::from_uuid),
        published_at: row.get(10),
        saved_by: row.get(11),
    }
}

/// The site and page of a path, for messages.
pub(crate) type Address = (SiteId, PageId);
