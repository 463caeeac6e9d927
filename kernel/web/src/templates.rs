//! MiniJinja with strict undefined. Read from `templates/` and reloaded in debug builds, embedded in release builds.
//!
//! Every template has a typed context ([`View`] or [`crate::MailView`]) with samples; [`crate::Web::check_templates`]
//! renders them all, so that a template that names something it is not given fails a test and not a customer.

use crate::static_files::Assets;
use crate::{format, icons};
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, context};
use rust_embed::RustEmbed;
use serde::Serialize;

pub use inventory;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../templates"]
struct Files;

/// The typed context of one HTML template. Its fields are the template's variables, beside `page`.
pub trait View: Serialize {
    /// The template's path below `templates/`, e.g. `app/login.html`.
    const TEMPLATE: &'static str;
    /// Values that cover every `Option` on and off, every list empty and full.
    fn samples() -> Vec<Self>
    where
        Self: Sized;
}

/// A registered template, for `templates check`.
pub struct Registered {
    /// The template's path.
    pub template: &'static str,
    /// The samples as contexts.
    pub samples: fn() -> Vec<Value>,
}
inventory::collect!(Registered);

/// Registers a [`View`] for `templates check`: `register_view!(LoginView);` beside its definition.
#[macro_export]
macro_rules! register_view {
    ($($view:ty),+ $(,)?) => {$(
        $crate::inventory::submit! {
            $crate::templates::Registered {
                template: <$view as $crate::View>::TEMPLATE,
                samples: $crate::templates::samples_of::<$view>,
            }
        }
    )+};
}

/// The samples of a view as template contexts.
#[must_use]
pub fn samples_of<V: View>() -> Vec<Value> {
    V::samples().into_iter().map(|view| Value::from(Serde(view))).collect()
}

/// All templates, compiled when first used.
pub struct Templates(Environment<'static>);

impl Templates {
    /// Reads (debug) or unpacks (release) the templates.
    #[must_use]
    pub(crate) fn new(assets: Assets) -> Self {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_debug(true);
        env.set_auto_escape_callback(|name| {
            if name.ends_with(".txt") { AutoEscape::None } else { AutoEscape::Html }
        });
        if cfg!(debug_assertions) {
            env.set_loader(minijinja::path_loader(concat!(env!("CARGO_MANIFEST_DIR"), "/../../templates")));
        } else {
            env.set_loader(|name| {
                Ok(Files::get(name).map(|file| String::from_utf8_lossy(&file.data).into_owned()))
            });
        }
        env.set_formatter(|out, state, value| match (state.auto_escape(), value.as_str()) {
            (AutoEscape::Html, Some(text)) if !value.is_safe() => {
                out.write_str(&escape(text)).map_err(Error::from)
            }
            _ => minijinja::escape_formatter(out, state, value),
        });
        format::register(&mut env);
        icons::register(&mut env);
        env.add_function("asset", move |name: String| {
            assets.url(&name).ok_or_else(|| {
                Error::new(ErrorKind::InvalidOperation, format!("the browser build has no file for {name}"))
            })
        });
        Self(env)
    }

    /// Renders `template` with `view` and `page`.
    ///
    /// # Errors
    /// A missing template or variable: a fault of ours.
    pub fn render<V: Serialize>(
        &self,
        template: &str,
        page: &impl Serialize,
        view: &V,
    ) -> kernel_core::Result<String> {
        self.render_values(template, Value::from(Serde(page)), Value::from(Serde(view)))
    }

    pub(crate) fn render_values(
        &self,
        template: &str,
        page: Value,
        view: Value,
    ) -> kernel_core::Result<String> {
        let context = context! { page => page, ..view };
        self.0
            .get_template(template)
            .and_then(|template| template.render(context))
            .map_err(|error| kernel_core::Error::internal(TemplateFailed(format!("{error:#}"))))
    }

    /// Renders a template given as text, in the same environment.
    #[cfg(test)]
    pub(crate) fn render_source(
        &self,
        source: &str,
        page: Value,
        view: Value,
    ) -> kernel_core::Result<String> {
        self.0
            .render_named_str("test.html", source, context! { page => page, ..view })
            .map_err(|error| kernel_core::Error::internal(TemplateFailed(format!("{error:#}"))))
    }

    /// Whether a template of this name exists.
    #[must_use]
    pub fn has(&self, template: &str) -> bool {
        self.0.get_template(template).is_ok()
    }
}

/// Escapes for element content and quoted attributes. MiniJinja's own also writes `/` as a reference, which makes every
/// address unreadable and needlessly long.
pub(crate) fn escape(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out.into()
}

/// The whole chain of a template's failure, with file and line, for the log.
#[derive(Debug)]
struct TemplateFailed(String);
impl std::fmt::Display for TemplateFailed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for TemplateFailed {}

impl crate::Web {
    /// Renders every registered view and mail with every sample in every theme, with and without somebody signed in.
    /// Returns `(template, problem)` of those that fail or whose HTML breaks the house's rules (see [`faults`]).
    #[must_use]
    pub fn check_templates(&self) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        for registered in inventory::iter::<Registered> {
            let samples = (registered.samples)();
            if samples.is_empty() {
                problems.push((registered.template.to_owned(), "has no samples".to_owned()));
            }
            for (number, sample) in samples.iter().enumerate() {
                for page in crate::page::sample_contexts(self, registered.template) {
                    match self.templates().render_values(registered.template, page, sample.clone()) {
                        Ok(html) => problems.extend(faults(&html).into_iter().map(|fault| {
                            (registered.template.to_owned(), format!("sample {number}: {fault}"))
                        })),
                        Err(error) => {
                            let cause = std::error::Error::source(&error).map(ToString::to_string);
                            problems.push((
                                registered.template.to_owned(),
                                format!("sample {number}: {}", cause.unwrap_or_default()),
                            ));
                        }
                    }
                }
            }
        }
        problems.extend(crate::mail::check(self));
        problems.sort();
        problems.dedup();
        problems
    }

    /// The paths of all registered templates.
    #[must_use]
    pub fn registered_templates() -> Vec<&'static str> {
        let mut all: Vec<_> = inventory::iter::<Registered>.into_iter().map(|found| found.template).collect();
        all.sort_unstable();
        all
    }
}

/// What no page of ours may contain: inline styles and handlers (the CSP refuses them), ids used twice, labels that
/// point nowhere, POST forms without a CSRF field, inputs without a name for assistive technology.
#[must_use]
pub fn faults(html: &str) -> Vec<String> {
    let mut out = Vec::new();
    let (mut ids, mut labels) = (std::collections::HashSet::new(), Vec::new());
    for tag in tags(html) {
        for (name, value) in attributes(tag) {
            match name.as_str() {
                "style" => out.push(format!("style attribute in <{tag}>")),
                "id" if !ids.insert(value.clone()) => out.push(format!("id {value} is used twice")),
                "for" | "aria-describedby" | "aria-labelledby" | "aria-controls" => {
                    labels.extend(value.split_whitespace().map(str::to_owned));
                }
                name if name.len() > 2 && name.starts_with("on") => {
                    out.push(format!("{name} handler in <{tag}>"))
                }
                "href" | "src" if value.trim_start().starts_with("javascript:") => {
                    out.push("javascript: address".to_owned());
                }
                "href" if value == "#" => out.push("a link that goes nowhere".to_owned()),
                _ => {}
            }
        }
        if tag.starts_with("script") && !tag.contains("src=") && !tag.contains("application/") {
            out.push("inline script".to_owned());
        }
        if tag == "style" || tag.starts_with("style ") {
            out.push("inline style sheet".to_owned());
        }
    }
    out.extend(
        labels.into_iter().filter(|id| !ids.contains(id)).map(|id| format!("no element has the id {id}")),
    );
    for form in html.split("<form").skip(1) {
        let form = form.split("</form>").next().unwrap_or_default();
        let head = form.split('>').next().unwrap_or_default().to_ascii_lowercase();
        if head.contains("method=\"post\"") && !form.contains("name=\"_csrf\"") {
            out.push("a POST form without a CSRF field".to_owned());
        }
    }
    out
}

fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').skip(1).filter_map(|rest| {
        let tag = rest.split_once('>').map_or(rest, |(tag, _)| tag);
        tag.starts_with(|first: char| first.is_ascii_alphabetic()).then_some(tag)
    })
}

fn attributes(tag: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut rest = tag.split_once(char::is_whitespace).map_or("", |(_, rest)| rest);
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.rsplit(char::is_whitespace).next().unwrap_or_default().to_ascii_lowercase();
        let Some(value) = after.strip_prefix('"').and_then(|after| after.split_once('"')) else { break };
        out.push((name, value.0.to_owned()));
        rest = value.1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::faults;

    #[test]
    fn house_rules_are_found() {
        for (html, fault) in [
            ("<p style=\"color:red\">", "style attribute"),
            ("<p id=\"a\"></p><p id=\"a\">", "used twice"),
            ("<label for=\"x\">", "no element has the id x"),
            ("<button onclick=\"go()\">", "onclick"),
            ("<script>1</script>", "inline script"),
            ("<style>p{}</style>", "inline style sheet"),
            ("<a href=\"javascript:1\">", "javascript:"),
            ("<a href=\"#\">", "goes nowhere"),
            ("<form method=\"post\" action=\"/x\"></form>", "CSRF"),
        ] {
            assert!(faults(html).iter().any(|found| found.contains(fault)), "{html}: {:?}", faults(html));
        }
        let fine = "<label for=\"x\">X</label><input id=\"x\"><script src=\"/a.js\"></script>\
            <form method=\"post\"><input name=\"_csrf\"></form><a href=\"#main\">";
        assert_eq!(faults(fine), Vec::<String>::new());
    }
}
