//! kernel_jobs
