//! Any JSON as a tree of conditions: it is refused, or rows are found, the same ones twice.
#![no_main]

use engine_base::{Condition, QueryContext, QuerySpec};
use engine_base_fuzz::{NOW, place};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(json) = serde_json::from_slice(bytes) else { return };
    let (base, table) = place();
    let shape = base.schema().table(table).expect("the table");
    let Ok(condition) = Condition::parse(&json, shape) else { return };
    let spec = QuerySpec { condition: Some(condition), ..QuerySpec::all(table) };
    let context = QueryContext { now_us: NOW, zone: "Europe/Zurich" };
    let (first, second) = (base.window(&spec, &context, 0, 10), base.window(&spec, &context, 0, 10));
    assert_eq!(first.map(|window| window.rows).ok(), second.map(|window| window.rows).ok());
});
