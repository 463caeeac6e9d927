//! engine_page
