//! engine_expr
