//! The structured editor: the page as a tree, a form for each component made from its schema, a preview from the one
//! renderer. Works without scripts and with the keyboard alone (spec C3, simple form; the canvas with drag and drop is
//! another feature over the same operations).

mod actions;
mod canvas;
mod fields;
pub(crate) mod routes;
mod tree;
mod views;
