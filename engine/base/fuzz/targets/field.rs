//! Any JSON as the options of a field of any type: refused, or the field is made, and made another one of any type.
#![no_main]

use engine_base::schema::TYPE_NAMES;
use engine_base::{Command, FieldKind, FieldNo, FieldRules, NewField};
use engine_base_fuzz::{place, run, show};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, u8, u8, &str)| {
    let (of, which, to, text) = input;
    let Ok(options) = serde_json::from_str(text) else { return };
    let (mut base, table) = place();
    let name = TYPE_NAMES[which as usize % TYPE_NAMES.len()];
    let Ok((rules, own)) = FieldRules::split(&options) else { return };
    let Ok(kind) = FieldKind::from_parts(name, &own) else { return };
    let field = NewField { name: "New".into(), description: String::new(), kind: kind.clone(), rules };
    let _ = run(&mut base, &Command::CreateField { table, field }, false);
    show(&base, table);
    // One of those that are there gets the type.
    let fields = &base.schema().table(table).expect("the table").fields;
    let field = if of == 0 { FieldNo(1) } else { fields[(of as usize + to as usize) % fields.len()].no };
    let change = Command::UpdateField {
        table,
        field,
        name: None,
        description: None,
        kind: Some(kind),
        rules: None,
        position: None,
    };
    let _ = run(&mut base, &change, false);
    show(&base, table);
});
