//! kernel_db
