//! Props as templates see them: defaults filled in, bindings replaced by the row's values, links and pictures turned
//! into addresses that passed the scheme filter, rich text into HTML.

use super::{CollectionRow, Data};
use crate::component::Component;
use crate::document::Node;
use crate::schema::{Kind, Schema, bind_path};
use crate::validate::{Issue, IssueCode};
use crate::{link, rich_text};
use indexmap::IndexMap;
use minijinja::Value as Shown;
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) struct Resolver<'r, 'a> {
    pub data: &'a Data,
    pub item: Option<&'a CollectionRow>,
    pub node: &'a Node,
    pub issues: &'r mut Vec<Issue>,
}

impl Resolver<'_, '_> {
    /// Every prop of the schema; one without value and default is none.
    pub(super) fn props(&mut self, component: &Component) -> Shown {
        self.object(&component.props, &self.node.props)
    }

    fn object(&mut self, fields: &IndexMap<String, Schema>, given: &serde_json::Map<String, Value>) -> Shown {
        let mut out = BTreeMap::new();
        for (name, schema) in fields {
            let value = given.get(name).or(schema.default.as_ref());
            out.insert(name.clone(), value.map_or(Shown::from(()), |value| self.value(schema, value)));
        }
        Shown::from(out)
    }

    fn value(&mut self, schema: &Schema, value: &Value) -> Shown {
        let bound;
        let value = match bind_path(value).filter(|_| schema.is_bindable()) {
            None => value,
            Some(field) => match self.bound(field, &schema.kind) {
                None => return Shown::from(()),
                Some(found) => {
                    bound = found;
                    &bound
                }
            },
        };
        match &schema.kind {
            Kind::Text { .. } | Kind::Choice(_) => {
                value.as_str().filter(|text| !text.is_empty()).map_or(Shown::from(()), Shown::from)
            }
            Kind::RichText { blocks, .. } => {
                let runs = rich_text::runs(value).unwrap_or_default();
                if runs.is_empty() {
                    return Shown::from(());
                }
                let html = rich_text::html(&runs, *blocks, |link| self.href(link).map(|(href, _)| href));
                Shown::from_safe_string(html)
            }
            Kind::Number { .. } => value.as_f64().map_or(Shown::from(()), Shown::from),
            Kind::Bool => Shown::from(value == &Value::Bool(true)),
            Kind::Link => self.href(value).map_or(Shown::from(()), |(href, current)| {
                minijinja::context! { external => link::is_external(&href), href, current }
            }),
            Kind::Image => self.image(value),
            Kind::List { items, .. } => {
                let list = value.as_array().map_or(&[][..], Vec::as_slice);
                list.iter().map(|item| self.value(items, item)).collect()
            }
            Kind::Object { fields, .. } => {
                value.as_object().map_or(Shown::from(()), |map| self.object(fields, map))
            }
        }
    }

    /// The row's value in the form that the kind of prop takes. Outside a list there is no row: nothing to show.
    fn bound(&self, field: &str, kind: &Kind) -> Option<Value> {
        let row = self.item?;
        if field == "id" {
            return Some(row.id.clone().into());
        }
        let text = display(row.values.get(field)?)?;
        match kind {
            Kind::Link => {
                // An e-mail field gives an address without a scheme.
                let url =
                    if text.contains('@') && !text.contains(':') { format!("mailto:{text}") } else { text };
                link::is_safe_href(&url).then(|| serde_json::json!({"url": url}))
            }
            Kind::Image => link::is_safe_src(&text).then(|| serde_json::json!({"url": text, "alt": ""})),
            _ => Some(text.into()),
        }
    }

    /// The address of a link, and whether it is this page.
    fn href(&mut self, value: &Value) -> Option<(String, bool)> {
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        if let Some(id) = text("page") {
            let Some(page) = self.data.pages.get(id) else {
                self.issue(IssueCode::DeadLink, "a link leads to a page that is not published");
                return None;
            };
            let current = page.path == self.data.path;
            let href = match text("anchor").filter(|anchor| super::is_anchor(anchor)) {
                Some(anchor) => format!("{}#{anchor}", page.path),
                None => page.path.clone(),
            };
            return Some((href, current));
        }
        let url = text("url").filter(|url| link::is_safe_href(url))?;
        Some((url.to_owned(), url == self.data.path))
    }

    fn image(&mut self, value: &Value) -> Shown {
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let src = if let Some(name) = text("theme") {
            let known = self.data.picture_names.iter().any(|known| known == name);
            known.then(|| format!("{}{name}", self.data.pictures))
        } else if let Some(id) = text("asset") {
            self.data.assets.get(id).cloned()
        } else {
            text("url").map(str::to_owned)
        };
        let Some(src) = src.filter(|src| link::is_safe_src(src)) else {
            self.issue(IssueCode::MissingData, "the picture is not there any more");
            return Shown::from(());
        };
        minijinja::context! { src, alt => text("alt").unwrap_or_default(), focal => focal(value) }
    }

    fn issue(&mut self, code: IssueCode, hint: &str) {
        self.issues.push(Issue::new(&self.node.id, "props", code, hint));
    }
}

/// The focal point as one of nine classes, since the pages' CSP takes no style attributes.
fn focal(value: &Value) -> &'static str {
    let part = |index: usize| {
        let number =
            value.get("focal").and_then(|focal| focal.get(index)).and_then(Value::as_f64).unwrap_or(0.5);
        if number < 0.34 {
            0
        } else if number > 0.66 {
            2
        } else {
            1
        }
    };
    const CLASSES: [[&str; 3]; 3] =
        [["f-lt", "f-ct", "f-rt"], ["f-lc", "f-cc", "f-rc"], ["f-lb", "f-cb", "f-rb"]];
    CLASSES[part(1)][part(0)]
}

/// A cell's value as a person reads it; `None` for an empty one.
pub(super) fn display(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::Bool(yes) => if *yes { "Yes" } else { "No" }.to_owned(),
        Value::Number(number) => number.to_string().trim_end_matches(".0").to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(display).collect::<Vec<_>>().join(", "),
        Value::Object(map) => map.get("name").and_then(Value::as_str)?.to_owned(),
    };
    (!text.is_empty()).then_some(text)
}
