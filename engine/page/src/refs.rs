//! What a page refers to, by id. Written to `page_refs` on save; tells beforehand what data a rendering needs.

use crate::document::Document;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Everything outside the page that it names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRefs {
    /// Pages that links lead to, `pag_…`.
    pub pages: BTreeSet<String>,
    /// Assets, `ast_…`.
    pub assets: BTreeSet<String>,
    /// Views with the largest number of rows wanted of each.
    pub views: BTreeMap<String, u32>,
}

/// Walks the page and collects.
#[must_use]
pub fn page_refs(document: &Document) -> PageRefs {
    let mut refs = PageRefs::default();
    document.walk(&mut |node, _| {
        node.props.values().for_each(|value| collect(value, &mut refs));
        if let Some(each) = &node.each {
            let limit = refs.views.entry(each.view.clone()).or_default();
            *limit = (*limit).max(each.limit.min(crate::limits::ROWS));
        }
    });
    refs
}

fn collect(value: &Value, refs: &mut PageRefs) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, refs)),
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    ("page", Value::String(id)) if id.starts_with("pag_") => {
                        refs.pages.insert(id.clone());
                    }
                    ("asset", Value::String(id)) if id.starts_with("ast_") => {
                        refs.assets.insert(id.clone());
                    }
                    _ => collect(value, refs),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_named_is_found() {
        let document = crate::read(
            r#"{"v":1,"nodes":[{"id":"a","type":"hero","props":{"image":{"asset":"ast_1"},"lead":{"rt":[{"t":"x","link":{"page":"pag_2"}}]}},
                "slots":{"actions":[{"id":"b","type":"button","props":{"link":{"page":"pag_1"},"label":"pag_9"}}]}},
                {"id":"c","type":"list","each":{"view":"viw1","limit":6}},{"id":"d","type":"list","each":{"view":"viw1","limit":9}}]}"#,
        )
        .unwrap();
        let refs = page_refs(&document);
        assert_eq!(refs.pages.into_iter().collect::<Vec<_>>(), ["pag_1", "pag_2"]);
        assert_eq!(refs.assets.into_iter().collect::<Vec<_>>(), ["ast_1"]);
        assert_eq!(refs.views.into_iter().collect::<Vec<_>>(), [("viw1".to_owned(), 9)]);
    }
}
