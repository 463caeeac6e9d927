//! What the pages of apps need and share.

use super::model::SCOPES;
use crate::tokens::BaseName;
use crate::tokens::views::{BaseItem, ScopeItem};
use crate::{BaseDirectory, Tenancy};
use axum::extract::FromRef;
use identity::Identity;
use kernel_core::{Scope, Scopes};
use kernel_web::Web;
use std::collections::HashMap;
use std::sync::Arc;

/// What a base's box is called in forms, before its id.
const BASE_BOX: &str = "base.";

#[derive(Clone)]
pub(super) struct Pages {
    pub tenancy: Tenancy,
    pub bases: Arc<dyn BaseDirectory>,
}

impl Pages {
    pub(super) fn new(tenancy: &Tenancy, bases: Arc<dyn BaseDirectory>) -> Self {
        Self { tenancy: tenancy.clone(), bases }
    }
}

impl FromRef<Pages> for Tenancy {
    fn from_ref(pages: &Pages) -> Self {
        pages.tenancy.clone()
    }
}
impl FromRef<Pages> for Identity {
    fn from_ref(pages: &Pages) -> Self {
        pages.tenancy.identity().clone()
    }
}
impl FromRef<Pages> for Web {
    fn from_ref(pages: &Pages) -> Self {
        Self::from_ref(&pages.tenancy)
    }
}

/// Boxes `base.app…` of a form.
pub(super) struct Boxes<'a>(pub &'a HashMap<String, String>);

impl Boxes<'_> {
    pub(super) fn has(&self, id: &str) -> bool {
        self.0.contains_key(&format!("{BASE_BOX}{id}"))
    }

    /// The numbers of the ticked bases; a base that went meanwhile is not among them.
    pub(super) fn numbers(&self, known: &[BaseName]) -> Vec<u64> {
        known.iter().filter(|base| self.has(&base.id)).map(|base| base.number).collect()
    }
}

/// The bases of a form, ticked where `on` says.
pub(super) fn items(known: Vec<BaseName>, on: impl Fn(&BaseName) -> bool) -> Vec<BaseItem> {
    known.into_iter().map(|base| BaseItem { on: on(&base), id: base.id, name: base.name }).collect()
}

/// The names of a connection's bases, and how many are gone; `None`: all bases.
pub(super) fn names(bases: Option<&[u64]>, known: &[BaseName]) -> (Option<Vec<String>>, usize) {
    let Some(numbers) = bases else { return (None, 0) };
    let name = |number: &u64| known.iter().find(|base| base.number == *number).map(|base| base.name.clone());
    let names: Vec<String> = numbers.iter().filter_map(name).collect();
    let gone = numbers.len().saturating_sub(names.len());
    (Some(names), gone)
}

/// What a scope lets an app do, in words for the person who is asked.
pub(super) fn scope_words(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => "See bases, tables, records and views",
        Scope::Write => "Create and change records, and comment",
        Scope::Delete => "Delete records",
        Scope::Schema => "Change tables, fields and views",
    }
}

/// The scopes that an app may have, for a form.
pub(super) fn scope_items() -> Vec<ScopeItem> {
    SCOPES.into_iter().map(|scope| ScopeItem { name: scope.name(), text: scope_words(scope) }).collect()
}

/// The sentences of these scopes.
pub(super) fn sentences(scopes: Scopes) -> Vec<&'static str> {
    SCOPES.into_iter().filter(|scope| scopes.has(*scope)).map(scope_words).collect()
}
