//! Settings of views: what is let in, where mistakes are told, what is forgotten when fields go or change, who has a view.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use engine_base::*;
use serde_json::{Value, json};
use support::*;

struct Place {
    base: Base,
    rng: Rng,
    people: TableNo,
    teams: TableNo,
}

impl Place {
    fn new() -> Self {
        let mut rng = Rng(4);
        let (base, tables, _) = fixture(&mut rng);
        Self { base, rng, people: tables[PEOPLE], teams: tables[TEAMS] }
    }

    fn id(&self, field: FieldNo) -> String {
        self.people.field(field).to_string()
    }

    fn create(
        &mut self,
        name: &str,
        kind: &str,
        access: ViewAccess,
        config: &Value,
    ) -> Result<ViewNo, Vec<CellError>> {
        let config = ViewConfig::read(config)?;
        let command =
            Command::CreateView { table: self.people, name: name.into(), kind: kind.into(), access, config };
        let change = check(&self.base, &mut self.rng, &command)?;
        self.base.apply(self.base.seq() + 1, &change);
        let made = change.schema.iter().find_map(|edit| match edit {
            SchemaEdit::View { view, before: None, .. } => Some(*view),
            _ => None,
        });
        Ok(made.unwrap())
    }

    fn update(&mut self, view: ViewNo, change: impl FnOnce(&mut Update)) -> Result<(), Vec<CellError>> {
        let mut update = Update::default();
        change(&mut update);
        let command = Command::UpdateView {
            table: self.people,
            view,
            name: update.name,
            kind: update.kind,
            access: update.access,
            config: None,
            position: None,
        };
        let change = check(&self.base, &mut self.rng, &command)?;
        self.base.apply(self.base.seq() + 1, &change);
        Ok(())
    }

    fn view(&self, view: ViewNo) -> &View {
        self.base.schema().table(self.people).unwrap().view(view).unwrap()
    }

    fn convert(&mut self, field: FieldNo, kind: FieldKind) {
        let command = Command::UpdateField {
            table: self.people,
            field,
            name: None,
            description: None,
            kind: Some(kind),
            rules: None,
            position: None,
        };
        run(&mut self.base, &mut self.rng, &command);
    }
}

#[derive(Default)]
struct Update {
    name: Option<String>,
    kind: Option<String>,
    access: Option<ViewAccess>,
}

/// `field:code`, by place.
fn told(errors: &[CellError]) -> Vec<String> {
    errors.iter().map(|error| format!("{} {}", error.member, error.code.name())).collect()
}

#[test]
fn mistakes_are_told_at_their_place() {
    let mut place = Place::new();
    let [name, age, day, at, state, boss] = [NAME, AGE, DAY, AT, STATE, BOSS].map(|field| place.id(field));
    let other = place.teams.field(NAME).to_string();
    let mut number = 0;
    let mut check = |config: Value, expected: &[&str]| {
        number += 1;
        let made = place.create(&format!("View {number}"), "grid", ViewAccess::Shared, &config);
        let found = made.err().map(|errors| told(&errors)).unwrap_or_default();
        assert_eq!(found, expected, "{config}");
    };
    // The form of what is sent.
    check(json!([]), &["config wrong_type"]);
    check(json!({"sorts": []}), &["config/sorts unknown_field"]);
    check(json!({"kanban": {"field": null, "stack": 1}}), &["config/kanban/stack unknown_field"]);
    check(
        json!({"hidden": [name, 3, "fld"]}),
        &["config/hidden/1 wrong_type", "config/hidden/2 invalid_value"],
    );
    check(json!({"sort": [{"desc": true}]}), &["config/sort/0/field required"]);
    check(
        json!({"widths": {"x/y": 0}}),
        &["config/widths/x~1y invalid_value", "config/widths/x~1y invalid_value"],
    );
    check(json!({"row_height": "huge"}), &["config/row_height invalid_value"]);
    check(json!({"group": vec![json!({"field": name}); 5]}), &["config/group too_long"]);
    check(json!({"form": {"after_url": "javascript:alert(1)"}}), &["config/form/after_url invalid_value"]);
    check(json!({"form": {"submit": "x".repeat(101)}}), &["config/form/submit too_long"]);
    // What the table says to it.
    check(json!({"kanban": {"field": age}}), &["config/kanban/field invalid_value"]);
    check(json!({"kanban": {"field": boss}}), &["config/kanban/field invalid_value"]);
    check(json!({"kanban": {"cover": name}}), &["config/kanban/cover invalid_value"]);
    check(
        json!({"calendar": {"field": name, "end": other}}),
        &["config/calendar/field invalid_value", "config/calendar/end unknown_field"],
    );
    check(
        json!({"gantt": {"start": day, "end": at, "progress": state, "dependencies": place_link()}}),
        &["config/gantt/progress invalid_value", "config/gantt/dependencies unknown_field"],
    );
    check(json!({"list": {"levels": [boss, name]}}), &["config/list/levels/1 invalid_value"]);
    check(json!({"colour": {"field": name}}), &["config/colour/field invalid_value"]);
    check(json!({"group": [{"field": name}, {"field": name}]}), &["config/group/1 not_unique"]);
    check(
        json!({"form": {"fields": [
            {"field": name}, {"field": name},
            {"field": age, "condition": {"field": "Nowhere", "op": "is", "value": 1}}
        ]}}),
        &["config/form/fields/1 not_unique", "config/form/fields/2/condition/field invalid_value"],
    );
    // And what is right.
    check(
        json!({
            "filter": "{Age} > 3", "where": null, "sort": [{"field": age, "desc": true}], "hidden": [state],
            "widths": {(name.clone()): 240}, "order": [age, name], "row_height": null, "totals": {(age.clone()): "sum"},
            "group": [{"field": state, "hide_empty": true}, {"field": day, "desc": true}], "colour": {"field": state},
            "kanban": {"field": state, "hide_empty": true}, "calendar": {"field": day, "end": at},
            "gantt": {"start": day, "end": at, "progress": age, "dependencies": boss},
            "gallery": {"cover": null, "fields": [name, age]}, "list": {"levels": [boss]},
            "form": {"title": "Join", "description": "", "fields": [
                {"field": name, "required": true, "help": "As on the badge"},
                {"field": age, "condition": {"field": name, "op": "is_not_empty"}}
            ], "submit": "Send", "after_text": "Thank you", "after_url": "https://example.com/done"}
        }),
        &[],
    );
    assert_eq!(
        told(&place.create("Odd", "map", ViewAccess::Shared, &json!({})).unwrap_err()),
        ["type invalid_value"]
    );
}

/// A field that no table has.
fn place_link() -> String {
    TableNo(99).field(FieldNo(1)).to_string()
}

#[test]
fn what_goes_or_changes_is_forgotten_and_the_view_stays() {
    let mut place = Place::new();
    let [name, age, day, at, state, boss] = [NAME, AGE, DAY, AT, STATE, BOSS].map(|field| place.id(field));
    let config = json!({
        "sort": [{"field": age}], "hidden": [age], "widths": {(age.clone()): 90}, "order": [age, name], "totals": {(age.clone()): "sum"},
        "group": [{"field": state}, {"field": age}], "colour": {"field": state}, "kanban": {"field": state},
        "calendar": {"field": day, "end": at}, "gantt": {"start": day, "progress": age, "dependencies": boss},
        "gallery": {"fields": [name, age]}, "list": {"levels": [boss]},
        "form": {"title": "Join", "fields": [
            {"field": age}, {"field": name, "condition": {"field": age, "op": "gt", "value": 3}}
        ]},
    });
    let view = place.create("All of it", "kanban", ViewAccess::Shared, &config).unwrap();
    let before = place.view(view).config.clone();
    // As stored and read again.
    let stored = serde_json::to_value(&before).unwrap();
    assert_eq!(serde_json::from_value::<ViewConfig>(stored).unwrap(), before);

    let (people, mut rng) = (place.people, Rng(9));
    run(&mut place.base, &mut rng, &Command::DeleteField { table: people, field: AGE });
    let config = &place.view(view).config;
    assert!(!serde_json::to_string(config).unwrap().contains(&age), "{config:?}");
    assert_eq!(config.form.as_ref().unwrap().fields.len(), 1);
    assert_eq!(config.kanban, before.kanban);

    // Converted: places that it fits no more forget it, others keep it.
    place.convert(STATE, FieldKind::Text);
    place.convert(DAY, FieldKind::Text);
    let config = &place.view(view).config;
    assert_eq!(config.kanban.as_ref().unwrap().field, None);
    assert_eq!(config.colour, None);
    assert_eq!(config.group.len(), 1, "a text is grouped as well");
    let calendar = config.calendar.as_ref().unwrap();
    assert_eq!((calendar.field, calendar.end), (None, Some(people.field(AT))));
    assert_eq!(config.gantt.as_ref().unwrap().dependencies, Some(people.field(BOSS)));
    assert_eq!(place.view(view).kind, "kanban");

    // The other side of a link goes with its table's field.
    run(&mut place.base, &mut rng, &Command::DeleteField { table: people, field: BOSS });
    assert!(place.view(view).config.list.as_ref().unwrap().levels.is_empty());
}

#[test]
fn what_a_newer_version_keeps_is_not_lost() {
    let stored = json!({
        "filter": null, "where": null, "sort": [], "hidden": [], "widths": {}, "order": [], "row_height": null,
        "kanban": {"field": null, "cover": null, "hide_empty": false, "limit": 3}, "density": 2
    });
    let config: ViewConfig = serde_json::from_value(stored.clone()).unwrap();
    assert_eq!(serde_json::to_value(&config).unwrap(), stored);
    let errors = ViewConfig::read(&stored).unwrap_err();
    assert_eq!(told(&errors), ["config/kanban/limit unknown_field", "config/density unknown_field"]);
}

#[test]
fn groups_stand_before_the_sort() {
    let mut place = Place::new();
    let config = json!({
        "group": [{"field": place.id(STATE), "desc": true}, {"field": place.id(AGE)}],
        "sort": [{"field": place.id(NAME)}, {"field": place.id(AGE), "desc": true}],
    });
    let view = place.create("Grouped", "grid", ViewAccess::Shared, &config).unwrap();
    let spec = place.base.view_query(place.people.view(view)).unwrap();
    let by: Vec<(SortBy, bool)> = spec.sort.iter().map(|sort| (sort.by, sort.desc)).collect();
    assert_eq!(by, [(SortBy::Field(STATE), true), (SortBy::Field(AGE), false), (SortBy::Field(NAME), false)]);
}

#[test]
fn a_table_keeps_a_view_that_everybody_sees() {
    let mut place = Place::new();
    let (people, all) = (place.people, ViewNo(1));
    let mine = place.create("Mine", "grid", ViewAccess::Personal, &json!({})).unwrap();
    assert_eq!(
        told(&place.update(all, |edit| edit.access = Some(ViewAccess::Personal)).unwrap_err()),
        ["access invalid_value"]
    );
    let gone = Command::DeleteView { table: people, view: all };
    assert_eq!(told(&check(&place.base, &mut Rng(1), &gone).unwrap_err()), ["view read_only"]);
    // A locked view is one that everybody sees.
    place.update(mine, |edit| edit.access = Some(ViewAccess::Locked)).unwrap();
    place.update(all, |edit| edit.access = Some(ViewAccess::Personal)).unwrap();
    assert_eq!(
        told(&place.update(mine, |edit| edit.access = Some(ViewAccess::Personal)).unwrap_err()),
        ["access invalid_value"]
    );
    // A personal view may always go.
    run(&mut place.base, &mut Rng(1), &Command::DeleteView { table: people, view: all });
}

#[test]
fn names_are_taken_by_what_one_sees() {
    let mut place = Place::new();
    place.create("Plan", "grid", ViewAccess::Personal, &json!({})).unwrap();
    let taken = place.create("plan", "grid", ViewAccess::Shared, &json!({})).unwrap_err();
    assert_eq!(told(&taken), ["name not_unique"], "one's own personal view counts");
    // Somebody else does not learn of it, and has the name.
    let command = Command::CreateView {
        table: place.people,
        name: "Plan".into(),
        kind: "form".into(),
        access: ViewAccess::Shared,
        config: ViewConfig::default(),
    };
    let mut random = || 5;
    let change = place.base.check(&command, &mut CheckContext::new("usr_other", NOW, &mut random)).unwrap();
    place.base.apply(place.base.seq() + 1, &change);
    let mine = ViewNo(2);
    assert_eq!(
        told(&place.update(mine, |edit| edit.access = Some(ViewAccess::Shared)).unwrap_err()),
        ["name not_unique"],
        "two shared ones of a name can't be"
    );
    place
        .update(mine, |edit| {
            edit.access = Some(ViewAccess::Shared);
            edit.name = Some("Plan B".into());
            edit.kind = Some("calendar".into());
        })
        .unwrap();
    assert_eq!((place.view(mine).name.as_str(), place.view(mine).kind.as_str()), ("Plan B", "calendar"));
}
