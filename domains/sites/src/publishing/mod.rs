//! From draft to public: what would change, publishing, taking back (spec C6).

mod changes;
mod service;
pub(crate) mod store;

pub use changes::{Change, changes, summary as changes_summary};

use crate::pages::PageSummary;

/// What publishing a page would change.
#[derive(Clone, Debug)]
pub struct PageChange {
    /// The page.
    pub page: PageSummary,
    /// Whether visitors have never seen it.
    pub new: bool,
    /// What is different, for people.
    pub changes: Vec<Change>,
    /// What is wrong with it: nodes that visitors will not see, links that lead nowhere.
    pub issues: Vec<String>,
}
