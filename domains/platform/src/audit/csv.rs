//! The audit log as CSV (RFC 4180), safe to open in a spreadsheet (ASVS 1.2.10).

use super::model::{Entry, Outcome};
use std::fmt::Write as _;

/// The first line.
pub(super) const HEADER: &str = "number,time,actor,actor_name,action,outcome,tenant,target,detail,cause,reason,address,request_id,hash\r\n";

/// One line.
pub(super) fn line(out: &mut String, entry: &Entry) {
    let event = &entry.event;
    let outcome = match event.outcome {
        Outcome::Done => "done",
        Outcome::Failed => "failed",
    };
    let tenant = event.tenant.map(|tenant| tenant.to_string()).unwrap_or_default();
    // Writing into a String does not fail.
    let _ = write!(out, "{},{}", entry.seq, event.time());
    let cells = [
        &event.actor,
        &event.actor_name,
        event.action.name(),
        outcome,
        &tenant,
        &event.target,
        &event.detail,
        &event.cause,
        &event.reason,
        &event.address,
        &event.request_id,
    ];
    for value in cells {
        out.push(',');
        cell(out, value);
    }
    out.push(',');
    for byte in entry.hash {
        let _ = write!(out, "{byte:02x}");
    }
    out.push_str("\r\n");
}

/// Quotes what needs it; a value that a spreadsheet would take for a formula gets an apostrophe in front.
fn cell(out: &mut String, value: &str) {
    let formula = value.starts_with(['=', '+', '-', '@', '\t', '\r', '\0']);
    let quoted = formula || value.contains([',', '"', '\n', '\r']);
    if !quoted {
        out.push_str(value);
        return;
    }
    out.push('"');
    if formula {
        out.push('\'');
    }
    for character in value.chars() {
        if character == '"' {
            out.push('"');
        }
        out.push(character);
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::super::model::{Action, Entry, tests::event};
    use super::*;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        for (value, expected) in [
            ("plain", "plain"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "\"'=1+1\""),
            ("@cmd", "\"'@cmd\""),
            ("-5", "\"'-5\""),
        ] {
            let mut out = String::new();
            cell(&mut out, value);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn a_line_has_as_many_cells_as_the_header() {
        let mut out = String::new();
        line(&mut out, &Entry { seq: 3, hash: [0xab; 32], event: event(Action::SignedIn) });
        assert_eq!(out.matches(',').count(), HEADER.matches(',').count());
        assert!(out.starts_with("3,2026-"), "{out}");
        assert!(out.ends_with(&format!(",{}\r\n", "ab".repeat(32))), "{out}");
    }
}
