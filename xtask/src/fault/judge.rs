//! Compares what writers were told with what is there. Pure.
//!
//! Each key is created at most once, and each counter is set to 1, 2, 3 … by one writer, so every effect can be counted:
//! rows with a key; the value of a counter and the changes that its record has.

use std::collections::{BTreeMap, BTreeSet};

/// What the writers know.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Every key that was sent, with the record id of its acknowledgement; `None`: never acknowledged, so either is right.
    pub keys: BTreeMap<String, Option<String>>,
    /// By the key of the counter's record.
    pub counters: BTreeMap<String, Counter>,
}

/// A counter that one writer sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counter {
    /// The last number sent.
    pub sent: u64,
    /// The last number acknowledged.
    pub acknowledged: u64,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// The external key.
    pub key: String,
    /// The counter's value; 0 where it is empty.
    pub count: u64,
}

/// What is there.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Rows in PostgreSQL.
    pub stored: Vec<Row>,
    /// Rows that the API lists, with their ids.
    pub listed: Vec<(String, Row)>,
    /// How many changes updated the record with this key.
    pub updates: BTreeMap<String, u64>,
    /// The base's number, and its changes: how many, first, last.
    pub sequence: Sequence,
}

/// The base's sequence of changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sequence {
    /// `bases.seq`.
    pub base: u64,
    /// Rows of `changes`.
    pub count: u64,
    /// The lowest number.
    pub first: u64,
    /// The highest number.
    pub last: u64,
}

/// The outcome. Everything empty and zero: nothing was lost, doubled or mixed up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Acknowledged, and not there.
    pub lost: Vec<String>,
    /// There more than once.
    pub doubled: Vec<String>,
    /// There, and never sent.
    pub strangers: Vec<String>,
    /// Numbers missing in the sequence, or beyond the base's.
    pub gaps: u64,
    /// Rows that the API shows otherwise than PostgreSQL holds them.
    pub differing: Vec<String>,
}

/// Judges.
#[must_use]
pub fn judge(ledger: &Ledger, seen: &Seen) -> Verdict {
    let mut verdict = Verdict::default();
    let mut stored: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &seen.stored {
        stored.entry(&row.key).or_default().push(row);
    }
    for (key, acknowledged) in &ledger.keys {
        match (stored.get(key.as_str()).map_or(0, Vec::len), acknowledged) {
            (0, Some(_)) => verdict.lost.push(key.clone()),
            (0 | 1, _) => {}
            (_, _) => verdict.doubled.push(key.clone()),
        }
    }
    for (key, counter) in &ledger.counters {
        let value = stored.get(key.as_str()).and_then(|rows| rows.first()).map_or(0, |row| row.count);
        let updates = seen.updates.get(key).copied().unwrap_or_default();
        if value < counter.acknowledged {
            verdict.lost.push(format!("{key}: {} was acknowledged, {value} is there", counter.acknowledged));
        }
        if value > counter.sent {
            verdict.strangers.push(format!("{key}: {value} is there, only {} was sent", counter.sent));
        }
        // Set to 1, 2, 3 … in turn: as many changes as its value, or some of them happened twice or left no trace.
        if updates > value {
            verdict.doubled.push(format!("{key}: {updates} updates for the value {value}"));
        }
        if updates < value {
            verdict.lost.push(format!("{key}: {updates} updates in history for the value {value}"));
        }
    }
    let unknown = stored.keys().filter(|key| !ledger.keys.contains_key(**key));
    verdict.strangers.extend(unknown.map(|key| (*key).to_owned()));
    verdict.gaps = gaps(seen.sequence);
    verdict.differing = differing(ledger, seen);
    verdict
}

fn gaps(sequence: Sequence) -> u64 {
    if sequence.count == 0 {
        return sequence.base;
    }
    let within = (sequence.last + 1).saturating_sub(sequence.first).saturating_sub(sequence.count);
    let before = sequence.first.saturating_sub(1);
    within + before + sequence.base.abs_diff(sequence.last)
}

/// The fold of the changes (memory, as the API shows it) against the rows.
fn differing(ledger: &Ledger, seen: &Seen) -> Vec<String> {
    let stored: BTreeSet<&Row> = seen.stored.iter().collect();
    let listed: BTreeSet<&Row> = seen.listed.iter().map(|(_, row)| row).collect();
    let mut out: Vec<String> =
        stored.symmetric_difference(&listed).map(|row| format!("{} = {}", row.key, row.count)).collect();
    if seen.stored.len() != seen.listed.len() {
        out.push(format!("{} rows stored, {} listed", seen.stored.len(), seen.listed.len()));
    }
    for (id, row) in &seen.listed {
        if let Some(Some(told)) = ledger.keys.get(&row.key)
            && told != id
        {
            out.push(format!("{} was acknowledged as {told} and is {id}", row.key));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: &str, count: u64) -> Row {
        Row { key: key.to_owned(), count }
    }

    /// Two keys acknowledged, one unknown, one counter at 2; all well.
    fn world() -> (Ledger, Seen) {
        let mut ledger = Ledger::default();
        ledger.keys.insert("a".into(), Some("rec1".into()));
        ledger.keys.insert("b".into(), Some("rec2".into()));
        ledger.keys.insert("unknown".into(), None);
        ledger.counters.insert("a".into(), Counter { sent: 3, acknowledged: 2 });
        let rows = vec![row("a", 2), row("b", 0)];
        let listed =
            rows.iter().cloned().enumerate().map(|(i, row)| (format!("rec{}", i + 1), row)).collect();
        let seen = Seen {
            stored: rows,
            listed,
            updates: BTreeMap::from([("a".into(), 2)]),
            sequence: Sequence { base: 4, count: 4, first: 1, last: 4 },
        };
        (ledger, seen)
    }

    fn check(change: impl FnOnce(&mut Ledger, &mut Seen), expected: Verdict) {
        let (mut ledger, mut seen) = world();
        change(&mut ledger, &mut seen);
        assert_eq!(judge(&ledger, &seen), expected);
    }

    #[test]
    fn nothing_wrong_is_nothing_found() {
        check(|_, _| {}, Verdict::default());
        // The unacknowledged write may have happened.
        check(
            |_, seen| {
                seen.stored.push(row("unknown", 0));
                seen.listed.push(("rec3".into(), row("unknown", 0)));
            },
            Verdict::default(),
        );
        // So may the last number of the counter.
        check(
            |_, seen| {
                seen.stored[0].count = 3;
                seen.listed[0].1.count = 3;
                seen.updates.insert("a".into(), 3);
            },
            Verdict::default(),
        );
    }

    #[test]
    fn a_lost_row_is_found() {
        check(
            |_, seen| {
                seen.stored.remove(1);
                seen.listed.remove(1);
            },
            Verdict { lost: vec!["b".into()], ..Verdict::default() },
        );
    }

    #[test]
    fn a_doubled_row_is_found() {
        check(
            |_, seen| {
                seen.stored.push(row("b", 0));
                seen.listed.push(("rec2".into(), row("b", 0)));
            },
            Verdict { doubled: vec!["b".into()], ..Verdict::default() },
        );
    }

    #[test]
    fn lost_and_doubled_updates_are_found() {
        let set = |value: u64, updates: u64| {
            move |_: &mut Ledger, seen: &mut Seen| {
                seen.stored[0].count = value;
                seen.listed[0].1.count = value;
                seen.updates.insert("a".into(), updates);
            }
        };
        let lost = |text: &str| Verdict { lost: vec![text.into()], ..Verdict::default() };
        check(set(1, 1), lost("a: 2 was acknowledged, 1 is there"));
        check(set(2, 1), lost("a: 1 updates in history for the value 2"));
        let doubled = Verdict { doubled: vec!["a: 3 updates for the value 2".into()], ..Verdict::default() };
        check(set(2, 3), doubled);
        let strangers = vec!["a: 4 is there, only 3 was sent".into()];
        check(set(4, 4), Verdict { strangers, ..Verdict::default() });
    }

    #[test]
    fn memory_that_differs_from_rows_is_found() {
        check(
            |_, seen| seen.listed[0].1.count = 1,
            Verdict { differing: vec!["a = 1".into(), "a = 2".into()], ..Verdict::default() },
        );
        check(
            |_, seen| seen.listed[1].0 = "rec9".into(),
            Verdict {
                differing: vec!["b was acknowledged as rec2 and is rec9".into()],
                ..Verdict::default()
            },
        );
        check(
            |_, seen| drop(seen.listed.pop()),
            Verdict {
                differing: vec!["b = 0".into(), "2 rows stored, 1 listed".into()],
                ..Verdict::default()
            },
        );
    }

    #[test]
    fn a_row_that_nobody_sent_is_found() {
        check(
            |_, seen| {
                seen.stored.push(row("z", 0));
                seen.listed.push(("rec3".into(), row("z", 0)));
            },
            Verdict { strangers: vec!["z".into()], ..Verdict::default() },
        );
    }

    #[test]
    fn gaps_are_counted() {
        let check = |base, count, first, last, expected| {
            assert_eq!(gaps(Sequence { base, count, first, last }), expected);
        };
        check(4, 4, 1, 4, 0);
        check(0, 0, 0, 0, 0);
        check(4, 3, 1, 4, 1);
        check(4, 3, 2, 4, 1);
        // Changes beyond the base's number, and a base beyond its changes.
        check(3, 4, 1, 4, 1);
        check(6, 4, 1, 4, 2);
    }
}
