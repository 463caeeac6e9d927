//! What a rendering needs from outside, fetched beforehand by whoever calls.

use minijinja::Value;
use std::collections::HashMap;

/// Everything that is not in the document.
#[derive(Clone, Debug, Default)]
pub struct Data {
    /// The site's name.
    pub site_name: String,
    /// The path of the page that is rendered, `/about`.
    pub path: String,
    /// The title of the page that is rendered.
    pub title: String,
    /// Pages by id, for links. A page that is not here can't be linked to.
    pub pages: HashMap<String, PageLink>,
    /// The site's menu, in order.
    pub menu: Vec<MenuItem>,
    /// Rows by view id.
    pub collections: HashMap<String, Collection>,
    /// Addresses of assets by id.
    pub assets: HashMap<String, String>,
    /// The address of the theme's pictures, with a slash at the end.
    pub pictures: String,
    /// Names of the theme's pictures; one that is not here is not shown.
    pub picture_names: Vec<String>,
}

/// A page as the target of links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageLink {
    /// `/about`.
    pub path: String,
    /// Its title.
    pub title: String,
}

/// An entry of the site's menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuItem {
    /// What it says.
    pub label: String,
    /// `/about`.
    pub href: String,
    /// Whether it is the page itself.
    pub current: bool,
}

/// Rows of a view, in its order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collection {
    /// The fields.
    pub fields: Vec<CollectionField>,
    /// The rows.
    pub rows: Vec<CollectionRow>,
}

/// A field of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectionField {
    /// `fld…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its type, as the API names it.
    pub kind: String,
}

/// One row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CollectionRow {
    /// `rec…`.
    pub id: String,
    /// Values by field id, as the API writes them; an empty cell is absent or null.
    pub values: serde_json::Map<String, serde_json::Value>,
}

impl Data {
    pub(super) fn site(&self) -> Value {
        let item = |item: &MenuItem| {
            minijinja::context! { label => item.label.as_str(), href => item.href.as_str(), current => item.current }
        };
        let menu: Value = self.menu.iter().map(item).collect();
        minijinja::context! { name => self.site_name.as_str(), menu }
    }

    pub(super) fn here(&self) -> Value {
        minijinja::context! { path => self.path.as_str(), title => self.title.as_str() }
    }
}
