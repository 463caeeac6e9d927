//! The only way to the databases: four of them, each with its own pools (design §4, spec O2, O3, O13).
//!
//! - A feature declares its SQL with [`statements!`]; nothing else can be executed.
//! - [`Db::read`]/[`Db::write`] run one statement of one tenant in one round trip; [`Tx`] runs several.
//! - [`Db::global`] reaches tables that belong to no tenant, [`Db::platform`] all tenants' rows, with a role of its own.
//! - [`Db::listen`] hears NOTIFY, [`migrate::run`] migrates, [`check::run`] proves statements and tables sound,
//!   [`cluster::start`] runs PostgreSQL itself when no URL is configured.

pub mod check;
pub mod cluster;
mod database;
mod error;
mod listen;
pub mod migrate;
mod pools;
mod read;
mod statement;
mod tls;
mod tx;
mod urls;

pub use database::{Access, Database};
pub use error::DbError;
pub use listen::{Listener, Notification};
pub use pools::Db;
pub use statement::{Registered, Statement, registered};
pub use tx::Tx;
pub use urls::{DatabaseUrl, Urls};

#[doc(hidden)]
pub use inventory;
pub use postgres_types::{self, FromSql, Json, ToSql};
pub use tokio_postgres::{Row, error::SqlState};

/// A statement's parameters: `&[&tenant.uuid(), &id]`.
pub type Params<'a> = &'a [&'a (dyn ToSql + Sync)];
