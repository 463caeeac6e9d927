//! The function reference: look-up by name, the list for docs and completion, and the page of the documentation, all
//! from the one table.

use crate::functions::{FAMILIES, Family, FnDef, unit};
use crate::types::{Default, Param, ParamType, Returns, Type};
use crate::{
    MAX_DEPTH, MAX_LIST_ITEMS, MAX_NODES, MAX_PATTERN_BYTES, MAX_SOURCE_BYTES, MAX_TEXT_BYTES, locale,
};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Every name and alias in capitals.
static BY_NAME: LazyLock<HashMap<&'static str, &'static FnDef>> = LazyLock::new(|| {
    functions()
        .flat_map(|def| std::iter::once(&def.name).chain(def.aliases).map(move |name| (*name, def)))
        .collect()
});

/// All functions, by family.
pub fn functions() -> impl Iterator<Item = &'static FnDef> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

/// A function by name or alias, capitals or not.
#[must_use]
pub fn function(name: &str) -> Option<&'static FnDef> {
    BY_NAME.get(name).or_else(|| BY_NAME.get(name.to_ascii_uppercase().as_str())).copied()
}

impl FnDef {
    /// `ROUND(number, digits = 0)`; repeated parameters with `…`.
    #[must_use]
    pub fn usage(&self) -> String {
        let mut parts: Vec<String> = self.signature.params.iter().map(usage_of).collect();
        if !self.signature.group.is_empty() {
            parts.extend(self.signature.group.iter().map(usage_of));
            parts.push("…".to_owned());
        }
        parts.extend(self.signature.tail.iter().map(|param| format!("[{}]", param.name)));
        format!("{}({})", self.name, parts.join(", "))
    }

    /// What it returns, for docs: `text`, `number`, …
    #[must_use]
    pub fn returns(&self) -> String {
        match self.signature.returns {
            Returns::Is(ty) => ty.to_string(),
            Returns::Out => Type::Any.to_string(),
            Returns::When => "date or date and time".to_owned(),
        }
    }
}

impl Param {
    /// What it accepts, for docs.
    #[must_use]
    pub fn accepts(&self) -> String {
        match self.ty {
            ParamType::Is(ty) => ty.to_string(),
            ParamType::Key | ParamType::Out => Type::Any.to_string(),
            ParamType::When => "date or date and time".to_owned(),
            ParamType::Word(words) => words.join(", "),
            ParamType::Unit => unit::names(),
            ParamType::Numbers => "number, or a list of them".to_owned(),
            ParamType::Dates => "date, or a list of them".to_owned(),
            ParamType::Pattern => "regular expression".to_owned(),
            ParamType::Zone => "time zone, as in Europe/Zurich".to_owned(),
            ParamType::Locale => format!("language: {}", locale::codes()),
            ParamType::Field => "field".to_owned(),
        }
    }
}

fn usage_of(param: &Param) -> String {
    match param.default {
        None => param.name.to_owned(),
        Some(Default::Blank) => format!("[{}]", param.name),
        Some(Default::Number(number)) => format!("{} = {number}", param.name),
        Some(Default::Text(text)) => format!("{} = {}", param.name, crate::ast::quote(text)),
    }
}

/// The page of the function reference, in Markdown, as it stands in `content/docs/formula-reference.md`.
#[must_use]
pub fn markdown() -> String {
    let count = functions().count();
    let mut out = format!(
        "---\ntitle: Formula reference\ndescription: All {count} functions of the expression language, with \
         examples.\nsection: Data\norder: 45\n---\n"
    );
    out += include_str!("reference.md");
    let limits = [
        ("MAX_SOURCE_BYTES", MAX_SOURCE_BYTES),
        ("MAX_DEPTH", MAX_DEPTH),
        ("MAX_NODES", MAX_NODES),
        ("MAX_PATTERN_BYTES", MAX_PATTERN_BYTES),
        ("MAX_TEXT_BYTES", MAX_TEXT_BYTES),
        ("MAX_LIST_ITEMS", MAX_LIST_ITEMS),
    ];
    for (name, limit) in limits {
        out = out.replace(&format!("[{name}]"), &thousands(limit));
    }
    for (family, title) in [
        (Family::Text, "Text"),
        (Family::Number, "Numbers"),
        (Family::Logic, "Conditions"),
        (Family::Date, "Dates and times"),
        (Family::List, "Lists"),
        (Family::Record, "The record"),
    ] {
        out += &format!("\n## {title}\n");
        let mut defs: Vec<&FnDef> = functions().filter(|def| def.family == family).collect();
        defs.sort_by_key(|def| def.name);
        defs.into_iter().for_each(|def| out += &entry(def));
    }
    out
}

fn entry(def: &FnDef) -> String {
    let mut out = format!("\n### {}\n\n`{}` → {}\n\n{}\n\n", def.name, def.usage(), def.returns(), def.doc);
    let signature = &def.signature;
    let params = signature.params.iter().chain(signature.group).chain(&signature.tail);
    for param in params.filter(|param| !matches!(param.ty, ParamType::Is(Type::Any) | ParamType::Out)) {
        out += &format!("- `{}`: {}\n", param.name, param.accepts());
    }
    if !def.aliases.is_empty() {
        let names: Vec<String> = def.aliases.iter().map(|name| format!("`{name}`")).collect();
        out += &format!("\nAlso {}.\n", names.join(", "));
    }
    out += "\n```\n";
    for (formula, value) in def.examples {
        out += &format!("{formula}  →  {value}\n");
    }
    out + "```\n"
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
