//! Any value for a cell of any type, as JSON and as a text that somebody wrote: it is refused, or it can be shown, written and
//! taken back.
#![no_main]

use engine_base::Command;
use engine_base_fuzz::{place, run, show};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: (u8, bool, &str)| {
    let (which, typecast, text) = input;
    let (mut base, table) = place();
    let fields = &base.schema().table(table).expect("the table").fields;
    let field = fields[which as usize % fields.len()].no;
    let value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    let row = engine_base::RowNo(2);
    let before = base.cell(table, row, field);
    let command = Command::UpdateRecords { table, rows: vec![(row, vec![(field, value)])] };
    if let Ok(change) = run(&mut base, &command, typecast) {
        show(&base, table);
        if let Some(inverse) = change.inverse() {
            base.apply(base.seq() + 1, &inverse);
            assert_eq!(base.cell(table, row, field), before);
        }
    }
});
