//! Tests of the expression language through its public surface.

mod cases;
mod filter;
mod functions;
mod properties;
mod support;
