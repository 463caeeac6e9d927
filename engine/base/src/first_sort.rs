//! The first sort of many rows. Each row becomes one 128-bit number: what the parts of the sort say, most significant first,
//! then the row's place among the rows, so that ties stand in order of row numbers. Numbers are sorted far faster than rows are
//! compared; a million of them on two threads in some 50 ms.
//!
//! Numbers, days, instants, choices and checkboxes are packed exactly, in as many bits as the values at hand need. Of texts the
//! first characters are packed ([`collate::digits`]). Where the bits end before the sort does, runs of equal numbers are
//! put in order afterwards. Invariant (property tests): the result is the order of [`Sorter::compare`].

use crate::base::Base;
use crate::collate::{self, Digits};
use crate::column::{Column, TextColumn};
use crate::ids::{FieldNo, Slot};
use crate::query::SortBy;
use crate::rows::Rows;
use crate::sort::{Part, Sorter, ordered_bits};

/// Rows from which several threads are used.
const PARALLEL: usize = if cfg!(test) { 8 } else { 50_000 };
/// Runs from which another round of packing costs less than comparing rows.
const RUN: usize = if cfg!(test) { 3 } else { 64 };
/// Bits of a text's character.
const DIGIT: u32 = 7;
/// Fewest characters of a text that are worth packing.
const MIN_DIGITS: u32 = if cfg!(test) { 1 } else { 3 };
/// Stands for "no value" while codes are made.
const EMPTY: u64 = u64::MAX;

/// Sorts rows of one table.
pub(crate) struct FirstSort<'a> {
    pub(crate) sorter: &'a Sorter,
    pub(crate) base: &'a Base,
    pub(crate) rows: &'a Rows,
}

/// What could not be packed.
#[derive(Clone, Copy)]
enum Rest {
    Nothing,
    /// This part and what follows.
    From(usize),
    /// This part is a text whose lowest bit says that its characters do not say all; and what follows.
    Text(usize),
}

impl FirstSort<'_> {
    /// Sorts slots that stand in order of row numbers, by the parts from `first` on.
    pub(crate) fn sort(&self, first: usize, slots: Vec<Slot>) -> Vec<Slot> {
        let Some(part) = self.sorter.parts.get(first) else { return slots };
        if slots.len() < RUN || part.shown.is_some() {
            return self.by_comparison(first, slots);
        }
        let mut texts = None;
        if let Some(column) = self.text(part) {
            let made = Texts::new(column, part.sort.desc, &slots, 128 - index_bits(slots.len()));
            let cut = made.codes.iter().filter(|code| **code == Texts::CUT).count();
            if cut * 8 > slots.len() {
                return self.by_sort_keys(column, first, &slots);
            }
            if cut > 0 {
                return self.around_cut(first, &slots, &made.codes);
            }
            texts = Some(made);
        }
        self.by_numbers(first, &slots, texts)
    }

    fn by_comparison(&self, first: usize, mut slots: Vec<Slot>) -> Vec<Slot> {
        slots.sort_unstable_by(|a, b| self.sorter.compare_from(first, self.base, self.rows, *a, *b));
        slots
    }

    fn text(&self, part: &Part) -> Option<&TextColumn> {
        let SortBy::Field(field) = part.sort.by else { return None };
        match self.rows.column(field) {
            Some(Column::Text(column)) => Some(column),
            _ => None,
        }
    }

    /// Some texts can't be packed: they are sorted by themselves and put between the others.
    fn around_cut(&self, first: usize, slots: &[Slot], codes: &[u128]) -> Vec<Slot> {
        let split = |wanted: bool| -> Vec<Slot> {
            let each = slots.iter().zip(codes).filter(|(_, code)| (**code == Texts::CUT) == wanted);
            each.map(|(slot, _)| *slot).collect()
        };
        let others = self.sort(first, split(false));
        let mut out = Vec::with_capacity(slots.len());
        let mut done = 0;
        for slot in self.by_comparison(first, split(true)) {
            let before =
                |other: &Slot| self.sorter.compare_from(first, self.base, self.rows, *other, slot).is_lt();
            let end = done + others[done..].partition_point(before);
            out.extend_from_slice(&others[done..end]);
            out.push(slot);
            done = end;
        }
        out.extend_from_slice(&others[done..]);
        out
    }

    fn by_numbers(&self, first: usize, slots: &[Slot], texts: Option<Texts>) -> Vec<Slot> {
        let index_bits = index_bits(slots.len());
        let mut room = 128 - index_bits;
        let mut keys = vec![0u128; slots.len()];
        let mut rest = Rest::Nothing;
        let mut texts = texts;
        for (place, part) in self.sorter.parts.iter().enumerate().skip(first) {
            if room == 0 || part.shown.is_some() {
                rest = Rest::From(place);
                break;
            }
            if let Some(column) = self.text(part) {
                let made = texts.take().or_else(|| {
                    (room > MIN_DIGITS * DIGIT).then(|| Texts::new(column, part.sort.desc, slots, room))
                });
                let Some(made) = made.filter(|made| place == first || !made.codes.contains(&Texts::CUT))
                else {
                    rest = Rest::From(place);
                    break;
                };
                keys.iter_mut().zip(&made.codes).for_each(|(key, code)| *key = *key << made.width | code);
                room -= made.width;
                if !made.is_exact {
                    rest = Rest::Text(place);
                    break;
                }
                continue;
            }
            let (codes, width) = self.codes(part, slots);
            let lost = width.saturating_sub(room);
            keys.iter_mut()
                .zip(&codes)
                .for_each(|(key, code)| *key = *key << (width - lost) | u128::from(code >> lost));
            room -= width - lost;
            if lost > 0 {
                rest = Rest::From(place);
                break;
            }
        }
        keys.iter_mut().zip(0u128..).for_each(|(key, index)| *key = *key << index_bits | index);
        let keys = sorted(keys);
        let slot = |key: u128| slots[(key & ((1 << index_bits) - 1)) as usize];
        match rest {
            Rest::Nothing => keys.into_iter().map(slot).collect(),
            rest => self.finish(first, &keys, index_bits, rest, &slot),
        }
    }

    /// Puts runs of equal numbers in order.
    fn finish(
        &self,
        first: usize,
        keys: &[u128],
        index_bits: u32,
        rest: Rest,
        slot: &dyn Fn(u128) -> Slot,
    ) -> Vec<Slot> {
        let (part, is_text) = match rest {
            Rest::Text(part) => (part, true),
            Rest::From(part) => (part, false),
            Rest::Nothing => (self.sorter.parts.len(), false),
        };
        let shift = index_bits + u32::from(is_text);
        let mut out = Vec::with_capacity(keys.len());
        for run in keys.chunk_by(|a, b| a >> shift == b >> shift) {
            if let [key] = run {
                out.push(slot(*key));
                continue;
            }
            let is_open = !is_text || run.iter().any(|key| key >> index_bits & 1 == 1);
            let mut run: Vec<Slot> = run.iter().map(|key| slot(*key)).collect();
            let next = if is_open { part } else { part + 1 };
            // Another round only where it is of another part: else the same numbers would come out.
            if next > first && run.len() >= RUN {
                run.sort_unstable_by_key(|slot| self.rows.row(*slot));
                out.extend(self.sort(next, run));
            } else {
                out.extend(self.by_comparison(next, run));
            }
        }
        out
    }

    /// Numbers of a part that compare as the values do, in the direction of the sort, empty ones last; and their bits.
    fn codes(&self, part: &Part, slots: &[Slot]) -> (Vec<u64>, u32) {
        let mut codes = self.raw(part, slots);
        let filled = || codes.iter().copied().filter(|code| *code != EMPTY);
        let (low, high) = filled().fold((EMPTY, 0), |(low, high), code| (low.min(code), high.max(code)));
        if low > high {
            return (vec![0; slots.len()], 0);
        }
        // What all values share says nothing about their order: leading bits, and trailing zeros.
        let zeros = filled().fold(0, |bits, code| bits | (code - low)).trailing_zeros().min(63);
        let span = (high - low) >> zeros;
        let has_empty = codes.contains(&EMPTY);
        for code in &mut codes {
            *code = match *code {
                EMPTY => span + 1,
                filled if part.sort.desc => span - ((filled - low) >> zeros),
                filled => (filled - low) >> zeros,
            };
        }
        (codes, u64::BITS - (span + u64::from(has_empty)).leading_zeros())
    }

    fn raw(&self, part: &Part, slots: &[Slot]) -> Vec<u64> {
        fn each(slots: &[Slot], code: impl Fn(usize) -> u64) -> Vec<u64> {
            slots.iter().map(|slot| code(slot.0 as usize)).collect()
        }
        let moment = |micros: i64| (micros.cast_unsigned() ^ (1 << 63)).min(EMPTY - 1);
        let stamp = |slot: usize| self.rows.stamp(Slot(slot as u32));
        let field: FieldNo = match part.sort.by {
            SortBy::Field(field) => field,
            SortBy::CreatedTime => return each(slots, |slot| moment(stamp(slot).created_us)),
            SortBy::UpdatedTime => return each(slots, |slot| moment(stamp(slot).updated_us)),
        };
        let Some(column) = self.rows.column(field) else { return vec![EMPTY; slots.len()] };
        match column {
            Column::Number(values) => each(slots, |slot| match values.get(slot) {
                Some(number) if !number.is_nan() => ordered_bits(*number),
                _ => EMPTY,
            }),
            Column::Day(values) => each(slots, |slot| match values.get(slot) {
                Some(day) if *day != i32::MIN => moment(i64::from(*day)),
                _ => EMPTY,
            }),
            Column::Instant(values) => each(slots, |slot| match values.get(slot) {
                Some(micros) if *micros != i64::MIN => moment(*micros),
                _ => EMPTY,
            }),
            Column::Choice(choices) => {
                let place = |id: &str| part.places.get(id).map_or(EMPTY, |place| place.cast_unsigned());
                let mut places = vec![EMPTY];
                places.extend(choices.kinds().map(place));
                let cells = choices.cells();
                each(slots, |slot| cells.get(slot).map_or(EMPTY, |cell| places[*cell as usize]))
            }
            Column::Flag(_) => each(slots, |slot| u64::from(column.is_filled(Slot(slot as u32)))),
            // Not reached: texts and what is compared as shown are handled before.
            Column::Text(_) | Column::Choices(_) | Column::Links(_) | Column::List(_) => {
                vec![EMPTY; slots.len()]
            }
        }
    }

    /// For texts of scripts that are not packed: the collator's sort keys, made once for each row.
    fn by_sort_keys(&self, column: &TextColumn, first: usize, slots: &[Slot]) -> Vec<Slot> {
        let make = |slots: &[Slot]| {
            let mut bytes = Vec::with_capacity(slots.len() * 16);
            let ends: Vec<usize> = slots
                .iter()
                .map(|slot| {
                    let text = column.get(*slot);
                    if !text.is_empty() && !collate::sort_key(text, &mut bytes) {
                        bytes.extend_from_slice(text.as_bytes());
                    }
                    bytes.len()
                })
                .collect();
            (bytes, ends)
        };
        let half = slots.len() / 2;
        let (a, b) = both(slots.len(), || make(&slots[..half]), || make(&slots[half..]));
        let key = |place: usize| {
            let ((bytes, ends), place) = if place < half { (&a, place) } else { (&b, place - half) };
            &bytes[place.checked_sub(1).map_or(0, |before| ends[before])..ends[place]]
        };
        let part = &self.sorter.parts[first];
        let head = |place: usize| {
            let (key, mut head) = (key(place), [0u8; 12]);
            let length = key.len().min(head.len());
            head[..length].copy_from_slice(&key[..length]);
            let code = head.iter().fold(0u128, |code, byte| code << 8 | u128::from(*byte));
            match (key.is_empty(), part.sort.desc) {
                (true, _) => u128::MAX >> 32,
                (false, false) => code,
                (false, true) => !code & (u128::MAX >> 32),
            }
        };
        let keys = sorted((0..slots.len()).map(|place| head(place) << 32 | place as u128).collect());
        let place = |number: &u128| (*number & u128::from(u32::MAX)) as usize;
        let mut out = Vec::with_capacity(slots.len());
        for run in keys.chunk_by(|a, b| a >> 32 == b >> 32) {
            let mut run: Vec<usize> = run.iter().map(place).collect();
            run.sort_by(|a, b| {
                let order = match (key(*a).is_empty(), key(*b).is_empty()) {
                    (false, false) => part.turn(key(*a).cmp(key(*b))),
                    (a, b) => a.cmp(&b),
                };
                order.then_with(|| {
                    self.sorter.compare_from(first + 1, self.base, self.rows, slots[*a], slots[*b])
                })
            });
            out.extend(run.into_iter().map(|place| slots[place]));
        }
        out
    }
}

/// The first characters of texts as numbers that compare as the texts do, in the direction of the sort, empty texts last. The
/// lowest bit is set where the characters do not say all.
struct Texts {
    codes: Vec<u128>,
    width: u32,
    /// No lowest bit is set.
    is_exact: bool,
}

impl Texts {
    /// Only the collator can judge this text.
    const CUT: u128 = u128::MAX;

    fn new(column: &TextColumn, desc: bool, slots: &[Slot], room: u32) -> Self {
        let half = slots.len() / 2;
        // What all texts begin with ("Order 00…") says nothing about their order.
        let start = slots.iter().map(|slot| column.get(*slot)).find(|text| !text.is_empty()).unwrap_or("");
        let shared = |slots: &[Slot]| {
            let texts = slots.iter().map(|slot| column.get(*slot)).filter(|text| !text.is_empty());
            texts.fold((start.len(), 0), |(shared, longest), text| {
                let shared = if shared == 0 { 0 } else { collate::shared(&start[..shared], text) };
                (shared, longest.max(text.len()))
            })
        };
        let (a, b) = both(slots.len(), || shared(&slots[..half]), || shared(&slots[half..]));
        let skip = a.0.min(b.0);
        let longest = (a.1.max(b.1) - skip.min(a.1.max(b.1))) as u32;
        // One more for the end of the text.
        let count = ((room - 1) / DIGIT).min(longest + 1);
        let width = count * DIGIT + 1;
        let all = (1u128 << (width - 1)) - 1;
        let make = |slots: &[Slot]| -> Vec<u128> {
            let code = |slot: &Slot| {
                let text = column.get(*slot);
                if text.is_empty() {
                    return all << 1;
                }
                let turned = |code: u128| if desc { !code & all } else { code };
                match collate::digits(text, skip, count) {
                    Digits::Cut => Self::CUT,
                    Digits::Whole(code) => turned(code) << 1,
                    Digits::Open(code) => turned(code) << 1 | 1,
                }
            };
            slots.iter().map(code).collect()
        };
        let (mut codes, more) = both(slots.len(), || make(&slots[..half]), || make(&slots[half..]));
        codes.extend(more);
        let is_exact = codes.iter().all(|code| code & 1 == 0);
        Self { codes, width, is_exact }
    }
}

/// Bits that number `count` rows.
fn index_bits(count: usize) -> u32 {
    (usize::BITS - count.leading_zeros()).max(1)
}

/// Both results, the first from a thread of its own where `rows` are many.
fn both<T: Send>(rows: usize, first: impl FnOnce() -> T + Send, second: impl FnOnce() -> T) -> (T, T) {
    if rows < PARALLEL {
        return (first(), second());
    }
    std::thread::scope(|scope| {
        let first = scope.spawn(first);
        let second = second();
        match first.join() {
            Ok(first) => (first, second),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Sorts numbers, on two threads where that pays.
fn sorted(mut keys: Vec<u128>) -> Vec<u128> {
    if keys.len() < PARALLEL {
        keys.sort_unstable();
        return keys;
    }
    let half = keys.len() / 2;
    let (left, right) = keys.split_at_mut(half);
    both(usize::MAX, || left.sort_unstable(), || right.sort_unstable());
    let (mut left, mut right) = (&*left, &*right);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    while let (Some(a), Some(b)) = (left.first(), right.first()) {
        if a <= b {
            merged.push(*a);
            left = &left[1..];
        } else {
            merged.push(*b);
            right = &right[1..];
        }
    }
    merged.extend_from_slice(left);
    merged.extend_from_slice(right);
    merged
}
