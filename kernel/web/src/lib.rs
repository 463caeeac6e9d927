//! kernel_web
