//! Computed fields: which depends on which, what a change makes stale, and the values themselves.
//!
//! A field's value depends on fields of its own record and, through a link, on a field of the linked records. The graph is one
//! of fields, so whether it has a cycle is known before any value is calculated. Names of linked records are a node of their own
//! (`Names`): a formula reads them, a lookup does not.
//!
//! Invariants: nodes stand in an order in which each comes after what it reads; after every change each computed cell equals
//! what calculating it from scratch gives (property tests); nothing here is stored.

mod build;
mod derive;
mod evaluate;
mod later;

use crate::ids::{FieldId, FieldNo, RowNo, TableNo};
use crate::rollup::Summary;
use engine_expr::{Program, Volatility};
use rustc_hash::{FxHashMap, FxHashSet};

pub(crate) use derive::{Derived, reshapes};
pub(crate) use evaluate::Changed;
pub(crate) use later::Later;
pub use later::Part;

/// What a node is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    /// A computed field.
    Field(TableNo, FieldNo),
    /// The names of the records that a link field points to.
    Names(TableNo, FieldNo),
}

impl Key {
    fn table(self) -> TableNo {
        match self {
            Self::Field(table, _) | Self::Names(table, _) => table,
        }
    }

    fn field(self) -> FieldNo {
        match self {
            Self::Field(_, field) | Self::Names(_, field) => field,
        }
    }
}

/// A field of linked records that a node reads.
#[derive(Debug, Clone, Copy)]
struct Through {
    other: TableNo,
    /// The field there that leads back.
    back: FieldNo,
    /// The field there that is read.
    target: FieldNo,
}

/// How a value comes about.
#[derive(Debug)]
enum Work {
    /// Nothing to write: names, and fields with a problem.
    Nothing,
    Formula(Box<Program>),
    Lookup {
        link: FieldNo,
        other: TableNo,
        target: FieldNo,
        single: bool,
    },
    Rollup {
        link: FieldNo,
        other: TableNo,
        target: FieldNo,
        summary: Summary,
    },
    Count {
        link: FieldNo,
    },
    RowNumber,
    CreatedTime,
    ModifiedTime,
    CreatedBy,
    ModifiedBy,
}

#[derive(Debug)]
struct Node {
    key: Key,
    work: Work,
    /// Fields of the same record that it reads.
    own: Vec<FieldNo>,
    through: Option<Through>,
    /// Any change of the record is one of the value.
    whole: bool,
    volatility: Volatility,
    /// Nodes that it reads.
    needs: Vec<Key>,
    /// Equal for nodes that come to the same values.
    signature: String,
}

/// The computed fields of a base in an order in which they can be calculated.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    nodes: Vec<Node>,
    /// Stored fields that some node reads.
    read: FxHashSet<(TableNo, FieldNo)>,
}

/// Rows of a node that are stale.
#[derive(Debug, Clone)]
enum Stale {
    All,
    Some(FxHashSet<RowNo>),
}

impl Graph {
    /// Whether nothing is computed.
    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Whether values change as time goes by.
    pub(crate) fn is_volatile(&self) -> bool {
        self.nodes.iter().any(|node| node.volatility > Volatility::Pure)
    }

    /// The fields that a computed field is made of, at any distance.
    pub(crate) fn reads(&self, table: TableNo, field: FieldNo) -> Vec<FieldId> {
        let (mut found, mut next, mut seen) =
            (Vec::new(), vec![Key::Field(table, field)], FxHashSet::default());
        while let Some(key) = next.pop() {
            if !seen.insert(key) {
                continue;
            }
            let Some(node) = self.nodes.iter().find(|node| node.key == key) else { continue };
            let own = node.own.iter().map(|field| key.table().field(*field));
            for read in own.chain(node.through.map(|through| through.other.field(through.target))) {
                if !found.contains(&read) {
                    found.push(read);
                }
            }
            next.extend(&node.needs);
        }
        found
    }

    fn signatures(&self) -> FxHashMap<Key, &str> {
        self.nodes.iter().map(|node| (node.key, node.signature.as_str())).collect()
    }
}
