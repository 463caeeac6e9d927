//! A page is data: a tree of component nodes in versioned JSON (design §5, spec C3–C7). This crate reads and writes the
//! document, edits it by operations with inverses, validates it against component schemas, and renders it.
//!
//! Invariants:
//! - Pure: no IO, no clock, no randomness. What a page shows from bases is passed in as [`Data`]; [`PageRefs`] says
//!   beforehand what that must be.
//! - Broken content is data: an unknown component, failing props or a dead link are kept in the document as they are,
//!   show nothing to visitors and an [`Issue`] to the editor. Only limits and a broken structure stop [`read`].
//! - One renderer: [`Mode::Canvas`] only adds markers, so that [`strip`] of a canvas is the public page.
//! - HTML is never content. Text is escaped always; links pass a scheme filter; rich text is runs with marks.
//!
//! The format is described by `page.schema.json` beside this crate's manifest.

pub mod component;
pub mod document;
pub mod json;
pub mod limits;
pub mod link;
pub mod op;
pub mod refs;
pub mod render;
pub mod rich_text;
pub mod schema;
pub mod theme;
pub mod validate;

pub use component::{BadComponent, Component, Kit, Region, Slot};
pub use document::{Document, Each, Node, ROOT};
pub use json::{ReadError, read, read_node, write, write_node};
pub use op::{Op, Refused, RefusedCode, apply, revert};
pub use refs::{PageRefs, page_refs};
pub use render::{
    Collection, CollectionField, CollectionRow, Data, Head, MenuItem, Mode, PageLink, Rendered, page, render,
    strip,
};
pub use schema::{Kind, Schema};
pub use theme::{BadTheme, Theme};
pub use validate::{Issue, IssueCode, validate};
