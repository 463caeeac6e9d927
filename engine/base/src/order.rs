//! Slots in a query's order, in chunks, so that one change moves at most a chunk and a window is found by counts.
//!
//! Invariants: no chunk is empty or longer than [`CHUNK`]; `len` is the sum of the chunks; the slots are strictly ascending
//! in the order that every call names.

use crate::ids::Slot;
use std::cmp::Ordering;

/// Slots of a chunk.
const CHUNK: usize = if cfg!(test) { 4 } else { 1024 };

/// Slots in order.
#[derive(Debug, Default)]
pub(crate) struct OrderVec {
    chunks: Vec<Vec<Slot>>,
    len: usize,
}

impl OrderVec {
    /// From slots that are in order.
    pub(crate) fn from_sorted(slots: &[Slot]) -> Self {
        // Not filled to the brim: the first rows that come in between need no split.
        let fill = (CHUNK * 3 / 4).max(1);
        Self { chunks: slots.chunks(fill).map(<[Slot]>::to_vec).collect(), len: slots.len() }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The slots from place `offset` on.
    pub(crate) fn iter_from(&self, offset: usize) -> impl Iterator<Item = Slot> + '_ {
        let (mut chunk, mut rest) = (0, offset);
        while chunk < self.chunks.len() && rest >= self.chunks[chunk].len() {
            rest -= self.chunks[chunk].len();
            chunk += 1;
        }
        let rest = if chunk < self.chunks.len() { rest } else { 0 };
        self.chunks[chunk..].iter().flatten().skip(rest).copied()
    }

    /// Chunk and place within it of the first slot for which `before` is false.
    fn find(&self, before: &dyn Fn(Slot) -> bool) -> (usize, usize) {
        let chunk = self.chunks.partition_point(|chunk| chunk.last().is_some_and(|last| before(*last)));
        let at = self.chunks.get(chunk).map_or(0, |slots| slots.partition_point(|slot| before(*slot)));
        (chunk, at)
    }

    /// How many slots stand before the first one for which `before` is false.
    pub(crate) fn rank(&self, before: &dyn Fn(Slot) -> bool) -> usize {
        let (chunk, at) = self.find(before);
        self.chunks[..chunk].iter().map(Vec::len).sum::<usize>() + at
    }

    /// The slot at the place where `before` ends.
    pub(crate) fn at_end_of(&self, before: &dyn Fn(Slot) -> bool) -> Option<Slot> {
        let (chunk, at) = self.find(before);
        self.chunks.get(chunk)?.get(at).copied()
    }

    /// Puts a slot in; `compare(a, b)` is the order.
    pub(crate) fn insert(&mut self, slot: Slot, compare: &dyn Fn(Slot, Slot) -> Ordering) {
        let (mut chunk, mut at) = self.find(&|other| compare(other, slot).is_lt());
        if chunk == self.chunks.len() {
            // Behind everything: the last chunk grows.
            match self.chunks.len().checked_sub(1) {
                Some(last) => (chunk, at) = (last, self.chunks[last].len()),
                None => self.chunks.push(Vec::new()),
            }
        }
        if self.chunks[chunk].len() == CHUNK {
            let right = self.chunks[chunk].split_off(CHUNK / 2);
            self.chunks.insert(chunk + 1, right);
            if at > CHUNK / 2 {
                (chunk, at) = (chunk + 1, at - CHUNK / 2);
            }
        }
        self.chunks[chunk].insert(at, slot);
        self.len += 1;
    }

    /// Takes a slot out; false if it is not where the order says.
    pub(crate) fn remove(&mut self, slot: Slot, compare: &dyn Fn(Slot, Slot) -> Ordering) -> bool {
        let (chunk, at) = self.find(&|other| compare(other, slot).is_lt());
        if self.chunks.get(chunk).and_then(|slots| slots.get(at)) != Some(&slot) {
            return false;
        }
        self.chunks[chunk].remove(at);
        self.len -= 1;
        let left = self.chunks[chunk].len();
        let next = self.chunks.get(chunk + 1).map_or(usize::MAX, Vec::len);
        if left == 0 {
            self.chunks.remove(chunk);
        } else if left < CHUNK / 4 && next < CHUNK / 2 {
            let next = self.chunks.remove(chunk + 1);
            self.chunks[chunk].extend(next);
        }
        true
    }

    /// Bytes held on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.chunks.capacity() * size_of::<Vec<Slot>>()
            + self.chunks.iter().map(|chunk| chunk.capacity() * 4).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn same_as_a_sorted_vector(start in prop::collection::btree_set(0u32..60, 0..40), steps in prop::collection::vec((any::<bool>(), 0u32..60), 0..120)) {
            let compare = |a: Slot, b: Slot| a.cmp(&b);
            let mut expected: Vec<Slot> = start.into_iter().map(Slot).collect();
            let mut order = OrderVec::from_sorted(&expected);
            for (put, slot) in steps {
                let slot = Slot(slot);
                match (expected.binary_search(&slot), put) {
                    (Err(at), true) => {
                        order.insert(slot, &compare);
                        expected.insert(at, slot);
                    }
                    (Ok(at), false) => {
                        prop_assert!(order.remove(slot, &compare));
                        expected.remove(at);
                    }
                    (Err(_), false) => prop_assert!(!order.remove(slot, &compare)),
                    (Ok(_), true) => {}
                }
                prop_assert_eq!(order.len(), expected.len());
                prop_assert!(order.chunks.iter().all(|chunk| !chunk.is_empty() && chunk.len() <= CHUNK));
                for offset in [0, 1, 5, expected.len(), expected.len() + 3] {
                    let window: Vec<Slot> = order.iter_from(offset).take(7).collect();
                    let slice: Vec<Slot> = expected.iter().skip(offset).take(7).copied().collect();
                    prop_assert_eq!(window, slice);
                }
                let place = expected.partition_point(|other| *other < slot);
                prop_assert_eq!(order.rank(&|other| other < slot), place);
                prop_assert_eq!(order.at_end_of(&|other| other < slot), expected.get(place).copied());
            }
        }
    }
}
