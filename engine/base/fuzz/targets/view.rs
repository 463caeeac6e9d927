//! Any JSON as the settings of a view of any type: mistakes are told, or the view is made.
#![no_main]

use engine_base::{Command, VIEW_TYPES, ViewAccess, ViewConfig};
use engine_base_fuzz::{place, run};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &str)| {
    let (which, text) = input;
    let Ok(value) = serde_json::from_str(text) else { return };
    let Ok(config) = ViewConfig::read(&value) else { return };
    let (mut base, table) = place();
    let kind = VIEW_TYPES[which as usize % VIEW_TYPES.len()].to_string();
    let command = Command::CreateView { table, name: "V".into(), kind, access: ViewAccess::Shared, config };
    let _ = run(&mut base, &command, false);
});
