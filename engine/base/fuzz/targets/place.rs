//! A base with a field of every type that needs no other table, and two records, for the targets.

use engine_base::{
    Base, BaseId, Change, CheckContext, Command, FieldKind, FieldNo, FieldRules, NewField, Schema, TableNo,
};
use serde_json::{Value, json};

/// The time of all changes, in microseconds.
pub const NOW: i64 = 1_790_000_000_000_000;

/// Options by type; the others need none.
fn options(name: &str) -> Value {
    match name {
        "select" | "multi_select" => json!({ "choices": [{ "id": "selA", "name": "todo" }, { "id": "selB", "name": "Done" }] }),
        "formula" => json!({ "formula": "LEN({Name})" }),
        "button" => json!({ "label": "Go", "formula": "\"https://example.com/\" & {Name}" }),
        _ => json!({}),
    }
}

/// The base and its table. Types that need other tables are left out.
pub fn place() -> (Base, TableNo) {
    let mut base = Base::new(BaseId(7), 0, Schema::default());
    let name = NewField {
        name: "Name".into(),
        description: String::new(),
        kind: FieldKind::Text,
        rules: FieldRules::default(),
    };
    let table = Command::CreateTable {
        name: "Things".into(),
        description: String::new(),
        icon: None,
        fields: vec![name],
    };
    run(&mut base, &table, false).expect("a table");
    let table = base.schema().tables[0].number();
    for kind in engine_base::schema::TYPE_NAMES {
        let Ok(made) = FieldKind::from_parts(kind, &options(kind)) else { continue };
        let field =
            NewField { name: kind.to_string(), description: String::new(), kind: made, rules: FieldRules::default() };
        // A type that needs more is not here.
        let _ = run(&mut base, &Command::CreateField { table, field }, false);
    }
    let rows = vec![vec![(FieldNo(1), json!("Zürich"))], vec![]];
    run(&mut base, &Command::CreateRecords { table, rows, ids: None }, false).expect("records");
    (base, table)
}

/// Checks and applies; what was wrong, if something was. What is applied can be written, read again and taken back.
pub fn run(base: &mut Base, command: &Command, typecast: bool) -> Result<Change, usize> {
    let mut number = 0_u64;
    let mut random = || {
        number += 1;
        number
    };
    let mut context = CheckContext::new("usr_fuzz", NOW, &mut random);
    context.typecast = typecast;
    let change = base.check(command, &mut context).map_err(|errors| errors.len())?;
    let read = Change::from_json(change.to_json().as_bytes()).expect("a change that can be read");
    assert_eq!(read, change);
    base.apply(base.seq() + 1, &change);
    Ok(change)
}

/// Every cell of every record, as windows show them.
pub fn show(base: &Base, table: TableNo) {
    let fields: Vec<FieldNo> =
        base.schema().table(table).expect("the table").fields.iter().map(|field| field.no).collect();
    let context = engine_base::QueryContext { now_us: NOW, zone: "UTC" };
    let all = base.window(&engine_base::QuerySpec::all(table), &context, 0, 100).expect("a window");
    for row in all.rows {
        let mut json = Vec::new();
        assert!(base.write_window_row(table, row, &fields, &mut json));
        serde_json::from_slice::<Value>(&json).expect("JSON");
    }
}
