//! The function reference: look-up by name, and the list for docs and completion, both from the one table.

use crate::functions::{FAMILIES, FnDef};
use crate::types::{Default, Param, ParamType, Returns, Type};

/// All functions, by family.
pub fn functions() -> impl Iterator<Item = &'static FnDef> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

/// A function by name or alias, capitals or not.
#[must_use]
pub fn function(name: &str) -> Option<&'static FnDef> {
    functions().find(|def| {
        def.name.eq_ignore_ascii_case(name)
            || def.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    })
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
