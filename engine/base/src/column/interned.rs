//! Values of which there are few kinds: four bytes a cell that point into a list of them. One choice a cell is a text, several
//! are a list of texts.

use crate::ids::Slot;
use rustc_hash::FxHashMap;
use std::hash::Hash;

/// A column of ids (`T` is `str`) or of lists of ids.
#[derive(Debug)]
pub(crate) struct Interned<T: ?Sized> {
    /// 0 is "no value", n the kind at n - 1.
    cells: Vec<u32>,
    kinds: Vec<Box<T>>,
    by_kind: FxHashMap<Box<T>, u32>,
}

impl<T: ?Sized> Clone for Interned<T>
where
    Box<T>: Clone,
{
    fn clone(&self) -> Self {
        Self { cells: self.cells.clone(), kinds: self.kinds.clone(), by_kind: self.by_kind.clone() }
    }
}

impl<T: ?Sized> Default for Interned<T> {
    fn default() -> Self {
        Self { cells: Vec::new(), kinds: Vec::new(), by_kind: FxHashMap::default() }
    }
}

impl<T: ?Sized + Eq + Hash> Interned<T>
where
    Box<T>: for<'a> From<&'a T>,
{
    pub(crate) fn get(&self, slot: Slot) -> Option<&T> {
        let cell = *self.cells.get(slot.0 as usize)?;
        self.kinds.get((cell as usize).checked_sub(1)?).map(AsRef::as_ref)
    }

    /// A number for each slot: 0 for none, n for the kind at n - 1 of [`Self::kinds`].
    pub(crate) fn cells(&self) -> &[u32] {
        &self.cells
    }

    /// The kinds that cells point at.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = &T> {
        self.kinds.iter().map(AsRef::as_ref)
    }

    pub(crate) fn set(&mut self, slot: Slot, kind: &T) {
        let cell = match self.by_kind.get(kind) {
            Some(cell) => *cell,
            None => {
                self.kinds.push(kind.into());
                let cell = self.kinds.len() as u32;
                self.by_kind.insert(kind.into(), cell);
                cell
            }
        };
        let at = slot.0 as usize;
        if at >= self.cells.len() {
            self.cells.resize(at + 1, 0);
        }
        self.cells[at] = cell;
    }

    pub(crate) fn clear(&mut self, slot: Slot) {
        if let Some(cell) = self.cells.get_mut(slot.0 as usize) {
            *cell = 0;
        }
    }

    pub(crate) fn shrink(&mut self) {
        self.cells.shrink_to_fit();
    }

    pub(crate) fn bytes(&self) -> usize {
        let kinds: usize = self.kinds.iter().map(|kind| size_of_val::<T>(kind) * 2).sum();
        self.cells.capacity() * 4 + kinds + (self.kinds.capacity() + self.by_kind.capacity() * 2) * 16
    }
}
