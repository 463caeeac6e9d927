//! Lists: which page, which attributes (RFC 7644 sections 3.4.2.4, 3.9). Pure.

use super::Doc;

use super::schemas::without_urn;
use serde::Deserialize;
use serde_json::{Value, json};
use std::ops::Range;

/// Resources of a page, if nobody says; and at most.
const USUAL: i64 = 100;
/// The most that one page has.
pub(super) const MOST: i64 = 200;

/// The parameters of a list, from a query or from the body of a search. What is not supported (sorting) is ignored, as
/// `/ServiceProviderConfig` says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked {
    pub filter: Option<String>,
    start_index: Option<i64>,
    count: Option<i64>,
    #[serde(default)]
    attributes: Names,
    #[serde(default)]
    excluded_attributes: Names,
}

/// Names: separated by commas in a query, a list in a body.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "OneOrMany")]
struct Names(Vec<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for Names {
    fn from(names: OneOrMany) -> Self {
        let names = match names {
            OneOrMany::One(text) => text.split(',').map(str::to_owned).collect(),
            OneOrMany::Many(names) => names,
        };
        let clean = |name: String| without_urn(name.trim()).to_lowercase();
        Self(names.into_iter().map(clean).filter(|name| !name.is_empty()).collect())
    }
}

impl Names {
    /// The names of parts of `name` that are meant; `Some` of nothing: all of it.
    fn of(&self, name: &str) -> Option<Vec<&str>> {
        let name = name.to_lowercase();
        if self.0.contains(&name) {
            return Some(Vec::new());
        }
        let parts: Vec<&str> =
            self.0.iter().filter_map(|asked| asked.strip_prefix(&name)?.strip_prefix('.')).collect();
        (!parts.is_empty()).then_some(parts)
    }
}

fn keep_parts(value: &mut Value, keep: &dyn Fn(&str) -> bool) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| keep_parts(item, keep)),
        Value::Object(parts) => parts.retain(|name, _| keep(&name.to_lowercase())),
        _ => {}
    }
}

impl Asked {
    /// The resource with the attributes that are asked for; what is always there stays (`id`, `schemas`).
    pub(super) fn shown(&self, mut resource: Doc) -> Doc {
        let always = |name: &str| name == "id" || name == "schemas";
        if !self.attributes.0.is_empty() {
            resource.retain(|name, value| {
                if always(name) {
                    return true;
                }
                let Some(parts) = self.attributes.of(name) else { return false };
                if !parts.is_empty() {
                    keep_parts(value, &|part| parts.contains(&part));
                }
                true
            });
        } else if !self.excluded_attributes.0.is_empty() {
            resource.retain(|name, value| {
                if always(name) {
                    return true;
                }
                match self.excluded_attributes.of(name) {
                    Some(parts) if parts.is_empty() => return false,
                    Some(parts) => keep_parts(value, &|part| !parts.contains(&part)),
                    None => {}
                }
                true
            });
        }
        resource
    }

    fn start(&self) -> i64 {
        self.start_index.unwrap_or(1).max(1)
    }

    /// The page that is asked for, with nothing on it yet.
    pub(super) fn window(&self) -> Window {
        let count = self.count.unwrap_or(USUAL).clamp(0, MOST);
        let skip = usize::try_from(self.start() - 1).unwrap_or(usize::MAX);
        Window { skip, take: usize::try_from(count).unwrap_or_default(), total: 0, page: Vec::new() }
    }

    /// What is answered with a page.
    pub(super) fn page(&self, window: Window) -> Value {
        let page: Vec<Doc> = window.page.into_iter().map(|one| self.shown(one)).collect();
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": window.total,
            "startIndex": self.start(),
            "itemsPerPage": page.len(),
            "Resources": page,
        })
    }
}

/// A page in the making: all that is found is counted, what is on the page is kept.
pub(super) struct Window {
    skip: usize,
    take: usize,
    total: usize,
    page: Vec<Doc>,
}

impl Window {
    /// Counts one, and keeps it if it is on the page.
    pub(super) fn see(&mut self, found: Doc) {
        if (self.skip..self.skip.saturating_add(self.take)).contains(&self.total) {
            self.page.push(found);
        }
        self.total += 1;
    }

    /// Counts some that nobody has to look at.
    pub(super) fn pass(&mut self, count: usize) {
        self.total += count;
    }

    /// Which of the next `count` are on the page.
    pub(super) fn of_next(&self, count: usize) -> Range<usize> {
        let start = self.skip.saturating_sub(self.total).min(count);
        let end = self.skip.saturating_add(self.take).saturating_sub(self.total).min(count);
        start..end.max(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(value: Value) -> Asked {
        serde_json::from_value(value).unwrap()
    }

    fn doc(value: Value) -> Doc {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn pages() {
        let found = || (0..250).map(|at| doc(json!({ "id": at }))).collect::<Vec<_>>();
        for (query, start, ids) in [
            (json!({}), 1, 0..100),
            (json!({"startIndex": 0, "count": 3}), 1, 0..3),
            (json!({"startIndex": 249, "count": 5}), 249, 248..250),
            (json!({"count": 0}), 1, 0..0),
            (json!({"count": -4}), 1, 0..0),
            (json!({"count": 1000}), 1, 0..200),
            (json!({"startIndex": 9_000_000_000_000_i64}), 9_000_000_000_000, 0..0),
        ] {
            let asked = asked(query.clone());
            let mut window = asked.window();
            found().into_iter().for_each(|one| window.see(one));
            let page = asked.page(window);
            // The same without looking at what is not on the page, after some that came before.
            let (mut window, found) = (asked.window(), found());
            found[..30].iter().cloned().for_each(|one| window.see(one));
            let range = window.of_next(220);
            window.pass(range.start);
            found[30..][range.clone()].iter().cloned().for_each(|one| window.see(one));
            window.pass(220 - range.end);
            assert_eq!(asked.page(window), page, "{query}");
            let shown: Vec<i64> =
                page["Resources"].as_array().unwrap().iter().map(|one| one["id"].as_i64().unwrap()).collect();
            assert_eq!(shown, ids.collect::<Vec<i64>>(), "{query}");
            assert_eq!(
                (page["totalResults"].as_i64(), page["startIndex"].as_i64()),
                (Some(250), Some(start))
            );
        }
    }

    #[test]
    fn attributes() {
        let resource = doc(json!({
            "id": 1, "schemas": [], "userName": "a", "name": {"givenName": "A", "familyName": "B"},
            "emails": [{"value": "x", "type": "work"}],
        }));
        for (query, expected) in [
            (json!({"attributes": "USERNAME"}), json!({"id": 1, "schemas": [], "userName": "a"})),
            (
                json!({"attributes": ["name.givenName", "urn:ietf:params:scim:schemas:core:2.0:User:emails.value"]}),
                json!({"id": 1, "schemas": [], "name": {"givenName": "A"}, "emails": [{"value": "x"}]}),
            ),
            (
                json!({"excludedAttributes": "id, userName,emails,name.familyName"}),
                json!({"id": 1, "schemas": [], "name": {"givenName": "A"}}),
            ),
        ] {
            assert_eq!(Value::Object(asked(query.clone()).shown(resource.clone())), expected, "{query}");
        }
    }
}
