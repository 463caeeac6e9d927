//! What the tokens page must know of bases. Their domain stands above this one, so it is asked through this.

use kernel_core::{Caller, Result};
use std::pin::Pin;

/// A base that a token may be limited to.
#[derive(Clone, Debug)]
pub struct BaseName {
    /// The number that tokens store.
    pub number: u64,
    /// `app…`.
    pub id: String,
    /// Shown name.
    pub name: String,
}

/// An answer that comes later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Knows the bases of organisations.
pub trait BaseDirectory: Send + Sync + 'static {
    /// Those that the caller may see, by name.
    fn bases<'a>(&'a self, caller: &'a Caller) -> Later<'a, Vec<BaseName>>;
}
