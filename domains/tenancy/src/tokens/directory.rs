//! What pages of this domain must know of bases and sites. Their domains stand above this one, so they are asked through
//! these.

use kernel_core::{Caller, Result, SiteId};
use std::pin::Pin;

/// A base, to be named in a form.
#[derive(Clone, Debug)]
pub struct BaseName {
    /// The number that tokens and permissions store.
    pub number: u64,
    /// `app…`.
    pub id: String,
    /// Shown name.
    pub name: String,
}

/// A table of a base, to be named in a form.
#[derive(Clone, Debug)]
pub struct TableName {
    /// The number that permissions store.
    pub number: u64,
    /// Shown name.
    pub name: String,
    /// Its fields in their order.
    pub fields: Vec<FieldName>,
}

/// A field of a table.
#[derive(Clone, Debug)]
pub struct FieldName {
    /// The number that permissions store.
    pub number: u32,
    /// Shown name.
    pub name: String,
    /// Whether it names the table's records.
    pub primary: bool,
}

/// A site, to be named in a form.
#[derive(Clone, Debug)]
pub struct SiteName {
    /// The id.
    pub id: SiteId,
    /// Shown name.
    pub name: String,
}

/// An answer that comes later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Knows the bases of organisations.
pub trait BaseDirectory: Send + Sync + 'static {
    /// Those that the caller may see, by name.
    fn bases<'a>(&'a self, caller: &'a Caller) -> Later<'a, Vec<BaseName>>;
    /// The tables of a base, for somebody who manages members.
    fn tables<'a>(&'a self, caller: &'a Caller, base: u64) -> Later<'a, Vec<TableName>>;
    /// A condition on the rows of a table (of a base) as it is stored; an error says where it is wrong.
    fn rows_to_store<'a>(
        &'a self,
        caller: &'a Caller,
        table: (u64, u64),
        filter: &'a str,
    ) -> Later<'a, String>;
    /// A stored condition on the rows of a table (of a base) as people read it.
    fn rows_to_show<'a>(
        &'a self,
        caller: &'a Caller,
        table: (u64, u64),
        filter: &'a str,
    ) -> Later<'a, String>;
}

/// Knows the sites of organisations.
pub trait SiteDirectory: Send + Sync + 'static {
    /// Those that the caller may see and that are not in the trash, by name.
    fn sites<'a>(&'a self, caller: &'a Caller) -> Later<'a, Vec<SiteName>>;
}
