//! From the permissions form to exceptions. Only what the form shows is changed: an exception for something that whoever
//! saves does not see stays as it is. Pure.

use crate::tokens::{BaseName, SiteName, TableName};
use kernel_core::access::TableGrant;
use kernel_core::{Ability, Code, FieldError, FieldKey, FieldLevel, Grants, Level};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// What the form names: everything that whoever looks may see; the tables of one base, if it is open.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    pub(super) bases: Vec<BaseName>,
    pub(super) sites: Vec<SiteName>,
    pub(super) tables: Vec<TableName>,
}

/// As it was posted: `base.7` → `read`; an empty value is "as the role says".
pub(super) type Posted = BTreeMap<String, String>;

struct Reader<'a> {
    posted: &'a Posted,
    errors: Vec<FieldError>,
}

impl Reader<'_> {
    /// What a control says; `None`: the form lacks it.
    fn read<T>(&mut self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
        let text = self.posted.get(name)?.trim();
        if text.is_empty() {
            return Some(None);
        }
        let value = parse(text);
        if value.is_none() {
            self.errors.push(FieldError::new(name.to_owned(), Code::InvalidValue, "is not one of the list"));
            return None;
        }
        Some(value)
    }
}

fn of_base(name: &str) -> Option<Level> {
    Level::named(name).filter(|level| Level::OF_BASES.contains(level))
}

fn of_site(name: &str) -> Option<Level> {
    Level::named(name).filter(|level| Level::OF_SITES.contains(level))
}

fn allowed(text: &str) -> Option<bool> {
    match text {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

fn set<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, said: Option<Option<V>>) {
    match said {
        Some(Some(value)) => drop(map.insert(key, value)),
        Some(None) => drop(map.remove(&key)),
        None => {}
    }
}

/// The exceptions after the form. Conditions on rows are taken as they were typed; whoever knows the table reads them.
///
/// # Errors
/// One error at each control that has a mistake.
pub(super) fn apply(posted: &Posted, places: &Places, before: &Grants) -> Result<Grants, Vec<FieldError>> {
    let mut grants = before.clone();
    let mut form = Reader { posted, errors: Vec::new() };
    if let Some(level) = form.read("bases", of_base) {
        grants.bases = level;
    }
    if let Some(level) = form.read("sites", of_site) {
        grants.sites = level;
    }
    for base in &places.bases {
        set(&mut grants.base, base.number, form.read(&format!("base.{}", base.number), of_base));
    }
    for site in &places.sites {
        set(&mut grants.site, site.id, form.read(&format!("site.{}", site.id), of_site));
    }
    for ability in Ability::ALL {
        set(&mut grants.may, ability, form.read(&format!("may.{}", ability.name()), allowed));
    }
    for table in &places.tables {
        let number = table.number;
        let mut grant = match grants.table.entry(number) {
            Entry::Occupied(known) => known.remove(),
            Entry::Vacant(_) => TableGrant::default(),
        };
        if let Some(level) = form.read(&format!("table.{number}"), of_base) {
            grant.level = level;
        }
        if let Some(delete) = form.read(&format!("delete.{number}"), allowed) {
            grant.delete = delete;
        }
        if let Some(rows) = form.read(&format!("rows.{number}"), |text| Some(text.to_owned())) {
            grant.rows = rows;
        }
        if grant != TableGrant::default() {
            grants.table.insert(number, grant);
        }
        for field in &table.fields {
            let name = format!("field.{number}.{}", field.number);
            let said = form.read(&name, FieldLevel::named);
            if field.primary && said == Some(Some(FieldLevel::Hidden)) {
                let detail = "names the records and can’t be hidden; the whole table can";
                form.errors.push(FieldError::new(name, Code::InvalidValue, detail));
                continue;
            }
            set(&mut grants.field, FieldKey { table: number, field: field.number }, said);
        }
    }
    if form.errors.is_empty() { Ok(grants) } else { Err(form.errors) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::FieldName;
    use kernel_core::SiteId;

    fn places() -> Places {
        let field = |number, primary| FieldName { number, name: "F".into(), primary };
        Places {
            bases: vec![BaseName { number: 7, id: "app7".into(), name: "Orders".into() }],
            sites: vec![SiteName { id: SiteId::from_uuid(uuid::Uuid::nil()), name: "Shop".into() }],
            tables: vec![TableName {
                number: 3,
                name: "Lines".into(),
                fields: vec![field(1, true), field(2, false)],
            }],
        }
    }

    fn posted(values: &[(&str, &str)]) -> Posted {
        values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_the_form_does_not_show_stays() {
        let mut before = Grants { bases: Some(Level::None), ..Grants::default() };
        before.base.insert(8, Level::Read);
        let form = posted(&[
            ("base.7", "edit"),
            ("base.9", "manage"),
            ("table.3", ""),
            ("rows.3", " {Owner} = \"x\" "),
            ("field.3.2", "hidden"),
            ("may.export_data", "no"),
        ]);
        let after = apply(&form, &places(), &before).unwrap();
        assert_eq!(after.bases, Some(Level::None));
        assert_eq!(after.base, [(7, Level::Edit), (8, Level::Read)].into());
        assert_eq!(after.table[&3].rows.as_deref(), Some("{Owner} = \"x\""));
        assert_eq!(after.field[&FieldKey { table: 3, field: 2 }], FieldLevel::Hidden);
        assert_eq!(after.may, [(Ability::ExportData, false)].into());
        let cleared = posted(&[
            ("bases", ""),
            ("base.7", ""),
            ("rows.3", ""),
            ("field.3.2", ""),
            ("may.export_data", ""),
        ]);
        assert_eq!(apply(&cleared, &places(), &after).unwrap().len(), 1, "the base that is not shown");
    }

    #[test]
    fn every_mistake_stands_at_its_control() {
        let form = posted(&[
            ("base.7", "publish"),
            ("sites", "comment"),
            ("field.3.1", "hidden"),
            ("may.make_tokens", "perhaps"),
        ]);
        let errors = apply(&form, &places(), &Grants::default()).unwrap_err();
        let names: Vec<_> = errors.iter().map(|error| error.field.as_ref()).collect();
        assert_eq!(names, ["sites", "base.7", "may.make_tokens", "field.3.1"]);
    }
}
