//! Between a component's schema and a form: fields from props, props from a form. Pure; each the inverse of the other.

use bases::{CollectionField, ViewChoice};
use engine_page::schema::bind_path;
use engine_page::{Component, Kind, Schema, rich_text};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// What was typed, by field name.
pub(crate) type Form = HashMap<String, String>;

/// Breakpoints that can differ from the widest.
pub(crate) const NARROWER: [(&str, &str); 2] = [("tablet", "On tablets"), ("phone", "On phones")];

/// One field of the form. `kind`: `text`, `textarea`, `number`, `select`, `checkbox`, `group` (with `parts`).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Field {
    pub kind: &'static str,
    pub name: String,
    pub label: String,
    pub help: String,
    pub value: String,
    pub options: Vec<(String, String)>,
    pub rows: u32,
    pub maxlength: Option<usize>,
    pub error: String,
    pub parts: Vec<Field>,
}

/// What fields offer to choose from.
#[derive(Debug, Default)]
pub(crate) struct Choices<'a> {
    /// Pages: id and title.
    pub pages: &'a [(String, String)],
    /// Names of the theme's pictures.
    pub pictures: &'a [String],
    /// Fields of the row, inside a list.
    pub row: Option<&'a [CollectionField]>,
}

/// The form of a component with these props. `errors`: path in the props → sentence without its subject.
pub(crate) fn fields(
    component: &Component,
    props: &Map<String, Value>,
    at: &Map<String, Value>,
    choices: &Choices<'_>,
    errors: &HashMap<String, String>,
) -> Vec<Field> {
    let mut out = Vec::new();
    for (name, schema) in &component.props {
        let value = props.get(name);
        let bound = value.and_then(bind_path);
        let mut field = field(&format!("p.{name}"), schema, value.filter(|_| bound.is_none()), choices);
        field.error = errors.get(name).cloned().unwrap_or_default();
        mark(&mut field.parts, &format!("p.{name}"), name, errors);
        out.push(field);
        if let Some(row) = choices.row.filter(|_| schema.is_bindable()) {
            let mut options = vec![(String::new(), "What is written above".to_owned())];
            options.extend(row.iter().map(|field| (field.id.to_string(), field.name.clone())));
            let value = bound.unwrap_or_default().to_owned();
            if !value.is_empty() && !options.iter().any(|option| option.0 == value) {
                options.push((value.clone(), "A field that is not there any more".to_owned()));
            }
            out.push(Field {
                kind: "select",
                name: format!("bind.{name}"),
                label: format!("{} from", schema.title),
                value,
                options,
                ..Field::default()
            });
        }
        if let (true, Kind::Choice(list)) = (schema.responsive, &schema.kind) {
            for (breakpoint, label) in NARROWER {
                let overridden =
                    at.get(breakpoint).and_then(|at| at.get("props")).and_then(|props| props.get(name));
                let mut options = vec![(String::new(), "Automatic".to_owned())];
                options.extend(list.iter().cloned());
                out.push(Field {
                    kind: "select",
                    name: format!("at.{breakpoint}.{name}"),
                    label: format!("{} {}", schema.title, label.to_lowercase()),
                    value: overridden.and_then(Value::as_str).unwrap_or_default().to_owned(),
                    options,
                    ..Field::default()
                });
            }
        }
    }
    out
}

/// The fields by which a list is bound to a view.
pub(crate) fn each_fields(view: &str, limit: &str, views: &[ViewChoice]) -> Vec<Field> {
    let mut options = vec![(String::new(), "None".to_owned())];
    options.extend(views.iter().map(|view| (view.id.to_string(), format!("{} · {}", view.table, view.name))));
    if !view.is_empty() && !options.iter().any(|option| option.0 == view) {
        options.push((view.to_owned(), "A view that is not there any more".to_owned()));
    }
    let help = if views.is_empty() { "Attach a base to the site first, on the site's page." } else { "" };
    vec![
        Field {
            kind: "select",
            name: "each.view".to_owned(),
            label: "View".to_owned(),
            help: help.to_owned(),
            value: view.to_owned(),
            options,
            ..Field::default()
        },
        Field {
            kind: "number",
            name: "each.limit".to_owned(),
            label: "At most".to_owned(),
            help: "Rows, 1 to 200.".to_owned(),
            value: limit.to_owned(),
            ..Field::default()
        },
    ]
}

fn field(name: &str, schema: &Schema, value: Option<&Value>, choices: &Choices<'_>) -> Field {
    let text = value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut out = Field {
        kind: "text",
        name: name.to_owned(),
        label: schema.title.clone(),
        help: schema.description.clone(),
        value: text,
        ..Field::default()
    };
    let part = |value: Option<&Value>, key: &str| {
        value.and_then(|value| value.get(key)).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    match &schema.kind {
        Kind::Text { max, multiline, .. } => {
            out.maxlength = Some(*max);
            if *multiline {
                (out.kind, out.rows) = ("textarea", 4);
            }
            if value.is_none() {
                out.value = schema.default.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
            }
        }
        Kind::RichText { blocks, .. } => {
            (out.kind, out.rows) = ("textarea", if *blocks { 10 } else { 2 });
            out.value =
                value.and_then(rich_text::runs).map(|runs| rich_text::to_source(&runs)).unwrap_or_default();
        }
        Kind::Choice(list) => {
            out.kind = "select";
            out.options = list.clone();
            if out.value.is_empty() {
                let default = schema.default.as_ref().and_then(Value::as_str);
                out.value =
                    default.or(list.first().map(|choice| choice.0.as_str())).unwrap_or_default().to_owned();
            }
        }
        Kind::Number { .. } => {
            out.kind = "number";
            out.value = match value.or(schema.default.as_ref()) {
                Some(Value::String(text)) => text.clone(),
                Some(number) => number.to_string(),
                None => String::new(),
            };
        }
        Kind::Bool => {
            out.kind = "checkbox";
            let on = value.or(schema.default.as_ref()) == Some(&Value::Bool(true));
            out.value = if on { "true" } else { "" }.to_owned();
        }
        Kind::Link => {
            out.kind = "group";
            let page = part(value, "page");
            let mut options = vec![(String::new(), "Another address".to_owned())];
            options.extend(choices.pages.iter().cloned());
            if !page.is_empty() && !options.iter().any(|option| option.0 == page) {
                options.push((page.clone(), "A page that is not there any more".to_owned()));
            }
            out.parts = vec![
                Field {
                    kind: "select",
                    name: format!("{name}.page"),
                    label: "Page".into(),
                    value: page,
                    options,
                    ..Field::default()
                },
                Field {
                    kind: "text",
                    name: format!("{name}.url"),
                    label: "Or address".into(),
                    value: part(value, "url"),
                    maxlength: Some(2048),
                    ..Field::default()
                },
            ];
        }
        Kind::Image => {
            out.kind = "group";
            let theme = part(value, "theme");
            let mut options = vec![(String::new(), "None".to_owned())];
            options.extend(choices.pictures.iter().map(|name| (name.clone(), picture_title(name))));
            if !theme.is_empty() && !options.iter().any(|option| option.0 == theme) {
                options.push((theme.clone(), "A picture of another theme".to_owned()));
            }
            out.parts = vec![
                Field {
                    kind: "select",
                    name: format!("{name}.theme"),
                    label: "Picture of the theme".into(),
                    value: theme,
                    options,
                    ..Field::default()
                },
                Field {
                    kind: "text",
                    name: format!("{name}.url"),
                    label: "Or address".into(),
                    help: "Starts with https://".into(),
                    value: part(value, "url"),
                    maxlength: Some(2048),
                    ..Field::default()
                },
                Field {
                    kind: "text",
                    name: format!("{name}.alt"),
                    label: "Alternative text".into(),
                    help: "What the picture shows; empty if it only decorates.".into(),
                    value: part(value, "alt"),
                    maxlength: Some(300),
                    ..Field::default()
                },
            ];
        }
        Kind::List { items, max } => {
            out.kind = "group";
            let list = value.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let shown = (list.len() + 1).min(*max);
            out.parts = (0..shown)
                .map(|index| {
                    let mut part = field(&format!("{name}.{index}"), items, list.get(index), choices);
                    part.label =
                        if index < list.len() { format!("{}", index + 1) } else { "One more".to_owned() };
                    part
                })
                .collect();
        }
        Kind::Object { fields, .. } => {
            out.kind = "group";
            out.parts = fields
                .iter()
                .map(|(key, schema)| {
                    field(&format!("{name}.{key}"), schema, value.and_then(|value| value.get(key)), choices)
                })
                .collect();
        }
    }
    out
}

/// `rye-loaf.svg` → `Rye loaf`.
fn picture_title(file: &str) -> String {
    let words = file.rsplit_once('.').map_or(file, |(stem, _)| stem).replace('-', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Puts errors below the top level at their fields.
fn mark(parts: &mut [Field], prefix: &str, path: &str, errors: &HashMap<String, String>) {
    for part in parts {
        let own = part.name.strip_prefix(prefix).unwrap_or_default().replace('.', "/");
        if let Some(error) = errors.get(&format!("{path}{own}")) {
            part.error.clone_from(error);
        }
        mark(&mut part.parts, prefix, path, errors);
    }
}

/// The props that the form says. What the form does not have stays as it was.
pub(crate) fn props(component: &Component, old: &Map<String, Value>, form: &Form) -> Map<String, Value> {
    let mut out = old.clone();
    for (name, schema) in &component.props {
        let bound = form.get(&format!("bind.{name}")).filter(|field| !field.is_empty());
        let value = match bound {
            Some(field) => Some(json!({"bind": format!("item.{field}")})),
            None => {
                let key = format!("p.{name}");
                let is_in_form =
                    form.keys().any(|given| given == &key || given.starts_with(&format!("{key}.")));
                if !is_in_form && !matches!(schema.kind, Kind::Bool) {
                    continue;
                }
                value(schema, &key, form, old.get(name))
            }
        };
        let is_default = value.is_some() && value == schema.default;
        match value {
            Some(value) if !is_default || old.contains_key(name) => drop(out.insert(name.clone(), value)),
            Some(_) => {}
            None => drop(out.shift_remove(name)),
        }
    }
    out
}

fn value(schema: &Schema, name: &str, form: &Form, old: Option<&Value>) -> Option<Value> {
    let given = |name: &str| {
        form.get(name).map(|text| text.replace("\r\n", "\n")).filter(|text| !text.trim().is_empty())
    };
    let own = given(name);
    match &schema.kind {
        Kind::Text { .. } => own.map(|text| text.trim().into()),
        Kind::Choice(_) => own.map(Value::from),
        Kind::RichText { .. } => own.map(|text| rich_text::value(&rich_text::from_source(text.trim()))),
        Kind::Number { .. } => {
            own.map(|text| text.trim().parse::<serde_json::Number>().map_or(Value::from(text), Value::Number))
        }
        Kind::Bool => Some(own.is_some().into()),
        Kind::Link => {
            let kept = |key: &str, target: &str| {
                old.filter(|old| old.get(key).and_then(Value::as_str) == Some(target)).cloned()
            };
            if let Some(page) = given(&format!("{name}.page")) {
                return Some(kept("page", &page).unwrap_or_else(|| json!({"page": page})));
            }
            given(&format!("{name}.url")).map(|url| json!({"url": url.trim()}))
        }
        Kind::Image => {
            let source = |key: &'static str| {
                given(&format!("{name}.{key}")).map(|value| (key, value.trim().to_owned()))
            };
            let asset = || {
                old.and_then(|old| old.get("asset"))
                    .and_then(Value::as_str)
                    .map(|id| ("asset", id.to_owned()))
            };
            let (key, target) = source("theme").or_else(|| source("url")).or_else(asset)?;
            let mut out = Map::new();
            out.insert(key.to_owned(), target.clone().into());
            out.insert("alt".to_owned(), given(&format!("{name}.alt")).unwrap_or_default().trim().into());
            // The point of the same picture that stays visible is kept.
            let same = old.filter(|old| old.get(key).and_then(Value::as_str) == Some(target.as_str()));
            if let Some(focal) = same.and_then(|old| old.get("focal")) {
                out.insert("focal".to_owned(), focal.clone());
            }
            Some(Value::Object(out))
        }
        Kind::List { items, max } => {
            let list = (0..*max).filter_map(|index| {
                let old = old.and_then(|old| old.get(index));
                value(items, &format!("{name}.{index}"), form, old)
            });
            let list: Vec<Value> = list.collect();
            (!list.is_empty()).then_some(Value::Array(list))
        }
        Kind::Object { fields, .. } => {
            let mut out = Map::new();
            for (key, schema) in fields {
                if let Some(value) =
                    value(schema, &format!("{name}.{key}"), form, old.and_then(|old| old.get(key)))
                {
                    out.insert(key.clone(), value);
                }
            }
            (!out.is_empty()).then_some(Value::Object(out))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Library;

    fn typed(fields: &[Field], out: &mut Form) {
        for field in fields {
            if field.parts.is_empty() && !(field.kind == "checkbox" && field.value.is_empty()) {
                out.insert(field.name.clone(), field.value.clone());
            }
            typed(&field.parts, out);
        }
    }

    /// Sending the form as it was shown changes nothing.
    #[test]
    fn a_form_sent_untouched_says_the_same() {
        let library = Library::load().unwrap();
        let row = [CollectionField {
            id: engine_base::ids::TableNo(7).field(engine_base::ids::FieldNo(1)),
            name: "Name".into(),
            kind: "text",
            format: bases::FieldFormat::Text,
        }];
        let bind = json!({"bind": format!("item.{}", row[0].id)});
        for (kind, props) in [
            (
                "hero",
                json!({"heading": {"rt": [{"t": "Bread, "}, {"t": "daily", "m": ["em"]}]}, "kicker": "A*b", "image": {"theme": "shelf.svg", "alt": "x", "focal": [0.1, 0.2]}, "layout": "statement"}),
            ),
            (
                "hero",
                json!({"heading": {"rt": [{"t": "x", "link": {"page": "pag_1"}}]}, "image": {"asset": "ast_1", "alt": ""}}),
            ),
            ("text", json!({"body": {"rt": [{"t": "One\n\nTwo\nthree"}]}, "size": "normal"})),
            ("button", json!({"label": "Go", "link": {"page": "pag_1", "anchor": "top"}})),
            ("button", json!({"label": "Go", "link": {"page": "pag_gone"}})),
            ("button", json!({"label": "Go", "link": {"url": "https://a.example/?a=1"}})),
            (
                "nav",
                json!({"items": [{"label": "A", "link": {"url": "/a"}}, {"label": "B", "link": {"page": "pag_1"}}]}),
            ),
            ("card", json!({"title": bind, "text": "as written", "link": bind})),
            ("list", json!({"empty": "Nothing"})),
            ("section", json!({})),
        ] {
            let component = library.kit.get(kind).unwrap();
            let props = props.as_object().unwrap();
            let choices = Choices {
                pages: &[("pag_1".into(), "One".into())],
                pictures: &["shelf.svg".into()],
                row: Some(&row),
            };
            let mut form = Form::new();
            typed(&fields(component, props, &Map::new(), &choices, &HashMap::new()), &mut form);
            assert_eq!(&super::props(component, props, &form), props, "{kind}: {form:?}");
        }
    }

    #[test]
    fn what_is_typed_is_taken_and_errors_find_their_field() {
        let library = Library::load().unwrap();
        let component = library.kit.get("nav").unwrap();
        let form: Form = [
            ("p.brand", " Tarwe "),
            ("p.items.0.label", "Shop"),
            ("p.items.0.link.page", ""),
            ("p.items.0.link.url", "javascript:x"),
            ("p.items.1.label", ""),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let props = props(component, &Map::new(), &form);
        assert_eq!(
            Value::Object(props.clone()),
            json!({"brand": "Tarwe", "items": [{"label": "Shop", "link": {"url": "javascript:x"}}]})
        );
        let errors: HashMap<String, String> =
            component.check(&props).into_iter().map(|problem| (problem.path, problem.hint)).collect();
        let fields = fields(component, &props, &Map::new(), &Choices::default(), &errors);
        let link = &fields[1].parts[0].parts[1];
        assert_eq!((link.name.as_str(), link.error.is_empty()), ("p.items.0.link", false), "{errors:?}");
        let cleared = super::props(component, &props, &[("p.brand".to_owned(), String::new())].into());
        assert!(!cleared.contains_key("brand") && cleared.contains_key("items"));
    }
}
