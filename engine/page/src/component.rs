//! Components: schema, slots, template, style; compiled and kept in a [`Kit`].
//!
//! Built-in ones come from folders `components/<name>/{schema.json,template.html,style.css}`, a tenant's own from rows;
//! here both are texts. A template sees `props`, `slots`, `attrs`, `site`, `page` and nothing else: no loader, no
//! includes, no `safe`, a short list of filters, and fuel (see `render::template`).

use crate::render::template;
use crate::schema::{Kind, Problem, Schema};
use indexmap::IndexMap;
use minijinja::Environment;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Where a component stands on the page when it is an outermost node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Region {
    /// Before the main content.
    Header,
    /// The main content.
    #[default]
    Main,
    /// After it.
    Footer,
}

/// A place for children.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// The label in the editor.
    pub title: String,
    /// Names of the components that it takes; empty: any that is not of a header or footer.
    #[serde(default)]
    pub allow: Vec<String>,
    /// At least so many children.
    #[serde(default)]
    pub min: usize,
    /// At most so many.
    #[serde(default = "any_number")]
    pub max: usize,
    /// Rendered once for every row of the node's `each`.
    #[serde(default)]
    pub repeat: bool,
}

fn any_number() -> usize {
    100
}

/// One component.
#[derive(Debug)]
pub struct Component {
    /// `hero`; lower-case letters, digits and `-`.
    pub name: String,
    /// The label in the editor.
    pub title: String,
    /// One sentence.
    pub description: String,
    /// Lucide icon in the editor.
    pub icon: String,
    /// From 1; props of older versions are migrated on read.
    pub version: u32,
    /// Where it may stand outermost.
    pub region: Region,
    /// Whether it may stand outermost at all.
    pub outermost: bool,
    /// Its props; an object.
    pub props: IndexMap<String, Schema>,
    /// Names of props that must be there.
    pub required: Vec<String>,
    /// Its slots.
    pub slots: IndexMap<String, Slot>,
    /// Props of a new one.
    pub sample: Map<String, Value>,
    /// Its CSS.
    pub style: String,
    pub(crate) environment: Environment<'static>,
}

/// Why a component can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("component {name}: {problem}")]
pub struct BadComponent {
    /// Its name.
    pub name: String,
    /// What is wrong and where.
    pub problem: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    #[serde(rename = "$comment", default)]
    _comment: String,
    title: String,
    description: String,
    icon: String,
    version: u32,
    #[serde(default)]
    region: Region,
    #[serde(default = "yes")]
    outermost: bool,
    props: Value,
    #[serde(default)]
    slots: IndexMap<String, Slot>,
    #[serde(default)]
    sample: Map<String, Value>,
}

fn yes() -> bool {
    true
}

impl Component {
    /// Compiles a component from its three files.
    ///
    /// # Errors
    /// What is wrong with the manifest, the schema, the sample or the template.
    pub fn compile(name: &str, manifest: &str, template: &str, style: &str) -> Result<Self, BadComponent> {
        let bad = |problem: String| BadComponent { name: name.to_owned(), problem };
        let is_name = |name: &str| {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        if !is_name(name) {
            return Err(bad("the name must be of lower-case letters, digits and -".to_owned()));
        }
        let manifest: Manifest = serde_json::from_str(manifest).map_err(|error| bad(error.to_string()))?;
        let props = Schema::compile(&manifest.props).map_err(bad)?;
        let Kind::Object { fields, required } = props.kind else {
            return Err(bad("props must be an object".to_owned()));
        };
        if manifest.slots.values().filter(|slot| slot.repeat).count() > 1 {
            return Err(bad("only one slot can repeat".to_owned()));
        }
        let mut problems = Vec::new();
        crate::schema::check_fields(&fields, &required, &manifest.sample, "sample", &mut problems);
        if let Some(problem) = problems.first() {
            return Err(bad(format!("{} {}", problem.path, problem.hint)));
        }
        let environment = template::environment(name, template).map_err(|error| bad(format!("{error:#}")))?;
        Ok(Self {
            name: name.to_owned(),
            title: manifest.title,
            description: manifest.description,
            icon: manifest.icon,
            version: manifest.version,
            region: manifest.region,
            outermost: manifest.outermost,
            props: fields,
            required,
            slots: manifest.slots,
            sample: manifest.sample,
            style: style.to_owned(),
            environment,
        })
    }

    /// What is wrong with these props.
    #[must_use]
    pub fn check(&self, props: &Map<String, Value>) -> Vec<Problem> {
        let mut problems = Vec::new();
        crate::schema::check_fields(&self.props, &self.required, props, "", &mut problems);
        problems
    }

    /// The slot that `each` repeats.
    #[must_use]
    pub fn repeating_slot(&self) -> Option<&str> {
        self.slots.iter().find(|(_, slot)| slot.repeat).map(|(name, _)| name.as_str())
    }
}

/// The components that a site can use.
#[derive(Debug, Default)]
pub struct Kit {
    components: IndexMap<String, Component>,
}

impl Kit {
    /// A kit; a later component replaces an earlier one of the same name.
    #[must_use]
    pub fn new(components: impl IntoIterator<Item = Component>) -> Self {
        Self { components: components.into_iter().map(|one| (one.name.clone(), one)).collect() }
    }

    /// The component of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Component> {
        self.components.get(name)
    }

    /// All, in the order given.
    pub fn iter(&self) -> impl Iterator<Item = &Component> {
        self.components.values()
    }

    /// Whether `slot` of `parent` (or the page, for `None`) takes a component of this name. An unknown parent or slot takes nothing.
    #[must_use]
    pub fn admits(&self, parent: Option<&str>, slot: &str, name: &str) -> bool {
        let Some(component) = self.get(name) else { return false };
        let Some(parent) = parent else { return component.outermost };
        let Some(slot) = self.get(parent).and_then(|parent| parent.slots.get(slot)) else { return false };
        if slot.allow.is_empty() {
            component.region == Region::Main
        } else {
            slot.allow.iter().any(|allowed| allowed == name)
        }
    }

    /// The components' styles, one after another.
    #[must_use]
    pub fn css(&self) -> String {
        self.iter().map(|one| format!("/* {} */\n{}\n", one.name, one.style.trim())).collect()
    }
}
