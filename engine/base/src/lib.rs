//! engine_base
