//! On which line each heading stands, given what is folded. Invariant: headings ascend by line, and by (first row, level).

use super::{Folded, GroupKey, View};
use rustc_hash::FxHashSet;

/// A heading that shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) line: u32,
    /// Which group of its level.
    pub(super) at: u32,
    pub(super) level: u8,
    pub(super) is_folded: bool,
}

/// Headings by line.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) heads: Vec<Head>,
    /// Lines in all.
    pub(super) total: usize,
}

struct Layout<'a> {
    view: &'a View<'a>,
    /// None: records are left out.
    folds: Option<Folds>,
    heads: Vec<Head>,
    line: usize,
}

struct Folds {
    keys: FxHashSet<GroupKey>,
    /// Those with a key among `keys` are folded; else all others.
    is_folded: bool,
}

impl Index {
    pub(super) fn new(view: &View<'_>, folded: &Folded) -> Self {
        let rows = view.kept.order.len();
        if view.levels.is_empty() {
            let total = if *folded == Folded::Records { 0 } else { rows };
            return Self { heads: Vec::new(), total };
        }
        let folds = match folded {
            Folded::Only(keys) => Some(Folds { keys: keys.iter().copied().collect(), is_folded: true }),
            Folded::AllBut(keys) => Some(Folds { keys: keys.iter().copied().collect(), is_folded: false }),
            Folded::Records => None,
        };
        let mut layout = Layout { view, folds, heads: Vec::new(), line: 0 };
        layout.lay(0, 0, view.levels[0].starts.len());
        layout.heads.shrink_to_fit();
        Self { heads: layout.heads, total: layout.line }
    }

    pub(super) fn bytes(&self) -> usize {
        self.heads.capacity() * size_of::<Head>()
    }
}

impl Layout<'_> {
    /// Lays out the groups of a level from one to before another.
    fn lay(&mut self, level: usize, from: usize, to: usize) {
        for at in from..to {
            let is_folded = self.is_folded(level, at);
            self.heads.push(Head { line: self.line as u32, at: at as u32, level: level as u8, is_folded });
            self.line += 1;
            if is_folded {
                continue;
            }
            let (start, end) = (self.view.start(level, at), self.view.end(level, at));
            if let Some(inner) = self.view.levels.get(level + 1) {
                let place = |limit: usize| inner.starts.partition_point(|start| (*start as usize) < limit);
                self.lay(level + 1, place(start), place(end));
            } else if self.folds.is_some() {
                self.line += end - start;
            }
        }
    }

    fn is_folded(&self, level: usize, at: usize) -> bool {
        self.folds.as_ref().is_some_and(|folds| {
            let is_named = !folds.keys.is_empty() && folds.keys.contains(&self.view.keys(level)[at]);
            is_named == folds.is_folded
        })
    }
}
