//! adapter_smtp
