//! Tests of the expression language through its public surface.

mod airtable;
mod cases;
mod columns;
mod filter;
mod functions;
mod mutations;
mod page;
mod properties;
mod stored;
mod support;
