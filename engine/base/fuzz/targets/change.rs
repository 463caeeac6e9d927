//! Any bytes as a stored change: refused, or it reads as what it was written from.
#![no_main]

use engine_base::Change;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(change) = Change::from_json(bytes) else { return };
    let again = Change::from_json(change.to_json().as_bytes()).expect("a change that was written");
    assert_eq!(again, change);
});
