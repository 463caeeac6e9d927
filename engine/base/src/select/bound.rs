//! Tests bound to the columns of a table, for one row or for 64 neighbours at once.
//!
//! Invariant: bit `i` of `mask(word, candidates)` = bit `i` of `candidates` and `holds(64 · word + i)`, for live rows.

use super::test::{Test, TextTest};
use crate::base::Base;
use crate::column::{Column, Interned, LinkColumn, ListColumn, TextColumn};
use crate::files::FileFacts;
use crate::ids::{RowNo, Slot, TableNo};
use crate::json::choice_name;
use crate::rows::Rows;
use crate::schema::{Field, Table};

/// A test with its columns at hand.
pub(super) enum Bound<'a> {
    Always,
    Never,
    All(Vec<Bound<'a>>),
    Any(Vec<Bound<'a>>),
    Not(Box<Bound<'a>>),
    Filled(&'a Column),
    Text(&'a TextColumn, &'a TextTest),
    /// Both bounds included.
    Number(&'a [f64], f64, f64),
    NumberIn(&'a [f64], &'a [f64]),
    /// First and last.
    Day(&'a [i32], i32, i32),
    Instant(&'a [i64], i64, i64),
    /// One choice, by its cell.
    Choice(&'a [u32], u32),
    /// Which cells are wanted.
    Choices(&'a [u32], Vec<bool>),
    ListHas(&'a ListColumn, &'a TextTest),
    LinkedTo(&'a LinkColumn, &'a [RowNo]),
    LinkedName(&'a Base, &'a LinkColumn, TableNo, &'a TextTest),
}

/// Rough cost of a row, to try the cheap tests first.
fn cost(bound: &Bound<'_>) -> u32 {
    match bound {
        Bound::Always | Bound::Never => 0,
        Bound::Choice(..) | Bound::Number(..) | Bound::Day(..) | Bound::Instant(..) => 1,
        Bound::Filled(_) | Bound::NumberIn(..) | Bound::Choices(..) => 2,
        Bound::LinkedTo(..) => 5,
        Bound::Text(_, TextTest::Same(_)) => 10,
        Bound::Text(..) => 30,
        Bound::LinkedName(..) | Bound::ListHas(..) => 200,
        Bound::Not(test) => cost(test),
        Bound::All(tests) | Bound::Any(tests) => tests.iter().map(cost).sum(),
    }
}

impl<'a> Bound<'a> {
    /// A test of a column that does not fit it holds for no row.
    pub(super) fn new(base: &'a Base, table: &'a Table, rows: &'a Rows, test: &'a Test) -> Self {
        let each = |tests: &'a [Test]| {
            let mut bound: Vec<_> = tests.iter().map(|test| Self::new(base, table, rows, test)).collect();
            bound.sort_by_key(cost);
            bound
        };
        match test {
            Test::All(tests) if tests.is_empty() => Self::Always,
            Test::Any(tests) if tests.is_empty() => Self::Always,
            Test::All(tests) => Self::All(each(tests)),
            Test::Any(tests) => Self::Any(each(tests)),
            Test::Not(test) => match Self::new(base, table, rows, test) {
                Self::Always => Self::Never,
                Self::Never => Self::Always,
                bound => Self::Not(Box::new(bound)),
            },
            Test::Filled(field) => rows.column(*field).map_or(Self::Never, Self::Filled),
            Test::Text { field, test } => match rows.column(*field) {
                Some(Column::Text(column)) => Self::Text(column, test),
                _ => Self::Never,
            },
            Test::Number { field, low, high } => match rows.column(*field) {
                // Values are finite, so a bound that is not included is the next number.
                Some(Column::Number(values)) => Self::Number(
                    values,
                    if low.1 { low.0 } else { low.0.next_up() },
                    if high.1 { high.0 } else { high.0.next_down() },
                ),
                _ => Self::Never,
            },
            Test::NumberIn { field, numbers } => match rows.column(*field) {
                Some(Column::Number(values)) => Self::NumberIn(values, numbers),
                _ => Self::Never,
            },
            Test::Between { low, high, .. } if low >= high => Self::Never,
            Test::Between { field, low, high } => match rows.column(*field) {
                Some(Column::Day(values)) => match (day_from(*low), day_to(*high)) {
                    (Some(low), Some(high)) => Self::Day(values, low, high),
                    _ => Self::Never,
                },
                // The least number stands for "no value".
                Some(Column::Instant(values)) => {
                    Self::Instant(values, (*low).max(i64::MIN + 1), high.saturating_sub(1))
                }
                _ => Self::Never,
            },
            Test::ChoiceIn { field, ids } => match rows.column(*field) {
                Some(Column::Choice(column)) => {
                    Self::choices(column, &|id| ids.iter().any(|one| **one == *id))
                }
                _ => Self::Never,
            },
            Test::ChoiceNamed { field, test } => match (rows.column(*field), table.field(*field)) {
                (Some(Column::Choice(column)), Some(field)) => Self::named(column, field, test),
                _ => Self::Never,
            },
            Test::Many { field, ids, how } => match rows.column(*field) {
                Some(Column::Choices(column)) => {
                    Self::cells(column.cells(), column.kinds().map(|list| how.holds(list, ids)))
                }
                _ => Self::Never,
            },
            Test::ManyNamed { field, test } => match (rows.column(*field), table.field(*field)) {
                (Some(Column::Choices(column)), Some(field)) => {
                    let fits = |id: &str| test.holds(choice_name(field.value_kind(), id).unwrap_or(id));
                    Self::cells(column.cells(), column.kinds().map(|list| list.iter().any(|id| fits(id))))
                }
                _ => Self::Never,
            },
            Test::FileOf { field, kinds } => match rows.column(*field) {
                Some(Column::Choices(column)) => {
                    let fits = |file: &str| {
                        FileFacts::parse(file).is_some_and(|file| kinds.iter().any(|kind| file.is_of(kind)))
                    };
                    Self::cells(column.cells(), column.kinds().map(|list| list.iter().any(|file| fits(file))))
                }
                _ => Self::Never,
            },
            Test::ListHas { field, test } => match rows.column(*field) {
                Some(Column::List(column)) => Self::ListHas(column, test),
                _ => Self::Never,
            },
            Test::LinkedTo { field, rows: wanted } => match rows.column(*field) {
                Some(Column::Links(column)) => Self::LinkedTo(column, wanted),
                _ => Self::Never,
            },
            Test::LinkedName { field, table, test } => match rows.column(*field) {
                Some(Column::Links(column)) => Self::LinkedName(base, column, *table, test),
                _ => Self::Never,
            },
        }
    }

    fn named(column: &'a Interned<str>, field: &Field, test: &TextTest) -> Self {
        Self::choices(column, &|id| test.holds(choice_name(field.value_kind(), id).unwrap_or(id)))
    }

    fn choices(column: &'a Interned<str>, wanted: &dyn Fn(&str) -> bool) -> Self {
        Self::cells(column.cells(), column.kinds().map(wanted))
    }

    /// A test of cells that are 0 for none and n for the n-th of `wanted`.
    fn cells(cells: &'a [u32], wanted: impl Iterator<Item = bool>) -> Self {
        let mut table = vec![false];
        table.extend(wanted);
        let mut hits = table.iter().enumerate().filter(|(_, hit)| **hit).map(|(cell, _)| cell as u32);
        match (hits.next(), hits.next()) {
            (None, _) => Self::Never,
            (Some(cell), None) => Self::Choice(cells, cell),
            _ => Self::Choices(cells, table),
        }
    }

    /// Whether the row in this slot passes.
    pub(super) fn holds(&self, slot: Slot) -> bool {
        let at = slot.0 as usize;
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::All(tests) => tests.iter().all(|test| test.holds(slot)),
            Self::Any(tests) => tests.iter().any(|test| test.holds(slot)),
            Self::Not(test) => !test.holds(slot),
            Self::Filled(column) => column.is_filled(slot),
            Self::Text(column, test) => match column.get(slot) {
                "" => false,
                text => test.holds(text),
            },
            Self::Number(values, low, high) => values.get(at).is_some_and(|n| n >= low && n <= high),
            Self::NumberIn(values, numbers) => values.get(at).is_some_and(|n| numbers.contains(n)),
            Self::Day(values, low, high) => values.get(at).is_some_and(|day| day >= low && day <= high),
            Self::Instant(values, low, high) => values.get(at).is_some_and(|at| at >= low && at <= high),
            Self::Choice(cells, wanted) => cells.get(at) == Some(wanted),
            Self::Choices(cells, wanted) => cells.get(at).is_some_and(|cell| wanted[*cell as usize]),
            Self::ListHas(column, test) => {
                column.get(slot).is_some_and(|list| list.iter().any(|value| test.holds(&value.to_string())))
            }
            Self::LinkedTo(column, wanted) => column.get(slot).iter().any(|row| wanted.contains(row)),
            Self::LinkedName(base, column, table, test) => {
                let mut name = String::new();
                column.get(slot).iter().any(|row| {
                    name.clear();
                    base.push_name(*table, *row, &mut name);
                    test.holds(&name)
                })
            }
        }
    }

    /// Those of 64 candidates, bit `i` for slot `64 · word + i`, that pass.
    pub(super) fn mask(&self, word: usize, candidates: u64) -> u64 {
        if candidates == 0 {
            return 0;
        }
        candidates
            & match self {
                Self::Always => u64::MAX,
                Self::Never => 0,
                Self::All(tests) => tests.iter().fold(candidates, |left, test| test.mask(word, left)),
                Self::Any(tests) => {
                    let open = |found: u64| candidates & !found;
                    tests.iter().fold(0, |found, test| found | test.mask(word, open(found)))
                }
                Self::Not(test) => !test.mask(word, candidates),
                Self::Filled(column) => match column {
                    Column::Number(values) => bits(values, word, |n| !n.is_nan()),
                    Column::Flag(flags) => flags.get(word).copied().unwrap_or(0),
                    _ => self.one_by_one(word, candidates),
                },
                Self::Number(values, low, high) => bits(values, word, |n| (n >= *low) & (n <= *high)),
                Self::NumberIn(values, numbers) => bits(values, word, |n| numbers.contains(&n)),
                Self::Day(values, low, high) => bits(values, word, |day| (day >= *low) & (day <= *high)),
                Self::Instant(values, low, high) => bits(values, word, |at| (at >= *low) & (at <= *high)),
                Self::Choice(cells, wanted) => bits(cells, word, |cell| cell == *wanted),
                Self::Choices(cells, wanted) => bits(cells, word, |cell| wanted[cell as usize]),
                Self::Text(..) | Self::ListHas(..) | Self::LinkedTo(..) | Self::LinkedName(..) => {
                    self.one_by_one(word, candidates)
                }
            }
    }

    fn one_by_one(&self, word: usize, candidates: u64) -> u64 {
        slots(word, candidates)
            .filter(|slot| self.holds(*slot))
            .fold(0, |mask, slot| mask | 1 << (slot.0 % 64))
    }
}

/// The slots of a mask's bits, ascending.
pub(crate) fn slots(word: usize, mut mask: u64) -> impl Iterator<Item = Slot> {
    std::iter::from_fn(move || {
        let bit = mask.trailing_zeros();
        mask &= mask.wrapping_sub(1);
        (bit < 64).then(|| Slot(word as u32 * 64 + bit))
    })
}

/// A bit for each of 64 neighbours; a loop without branches, which the compiler turns into vector instructions.
fn bits<T: Copy>(values: &[T], word: usize, holds: impl Fn(T) -> bool) -> u64 {
    let rest = values.get(word * 64..).unwrap_or_default();
    let mut mask = 0;
    if let Some(chunk) = rest.first_chunk::<64>() {
        let mut hits = [0u8; 64];
        for (hit, value) in hits.iter_mut().zip(chunk) {
            *hit = u8::from(holds(*value));
        }
        for (byte, eight) in hits.chunks_exact(8).enumerate() {
            // Eight bytes of 0 or 1 become eight bits: each lands in the top byte at its own place.
            let packed = eight.iter().rev().fold(0u64, |packed, hit| packed << 8 | u64::from(*hit));
            mask |= (packed.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (byte * 8);
        }
        return mask;
    }
    for (bit, value) in rest.iter().enumerate() {
        mask |= u64::from(holds(*value)) << bit;
    }
    mask
}

/// The first day at or after a bound; None if there is none. The least day stands for "no value".
fn day_from(low: i64) -> Option<i32> {
    i32::try_from(low.max(i64::from(i32::MIN) + 1)).ok()
}

/// The last day before a bound.
fn day_to(high: i64) -> Option<i32> {
    i32::try_from(high.saturating_sub(1).min(i64::from(i32::MAX))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_of_neighbours() {
        let values: Vec<u32> = (0..150).map(|n| n * 7 % 11).collect();
        for word in 0..4 {
            let mask = bits(&values, word, |n| n > 5);
            for bit in 0..64 {
                let expected = values.get(word * 64 + bit).is_some_and(|n| *n > 5);
                assert_eq!(mask >> bit & 1 == 1, expected, "{word} {bit}");
            }
            assert!(slots(word, mask).all(|slot| values[slot.0 as usize] > 5));
            assert_eq!(slots(word, mask).count(), mask.count_ones() as usize);
        }
    }
}
