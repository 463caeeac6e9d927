//! Settings of the databases: four addresses, or a folder for the embedded cluster.

use super::{SettingError, Source};
use crate::Secret;
use std::path::PathBuf;

/// Where data is kept.
#[derive(Debug, Clone)]
pub struct Database {
    /// Folder of the embedded cluster and of local files.
    pub data_folder: PathBuf,
    /// URLs of the four databases; with none set, the embedded cluster serves all.
    pub urls: Option<DatabaseUrls>,
    /// Folder with `initdb`, `postgres`, `pg_ctl`; `None`: the newest found from 15 up.
    pub postgres_folder: Option<PathBuf>,
    /// Connections a pool keeps at most.
    pub pool_size: usize,
}

/// One URL a database, each with a role that owns it (migrates).
#[derive(Debug, Clone)]
pub struct DatabaseUrls {
    /// Tenants, users, sessions, tokens.
    pub control: Secret,
    /// Plans, subscriptions, wallet.
    pub billing: Secret,
    /// Bases, records, sites, pages.
    pub data: Secret,
    /// Audit and access logs.
    pub logs: Secret,
}

impl Source {
    pub(super) fn database(&mut self) -> Result<Database, SettingError> {
        let urls =
            ["control", "billing", "data", "logs"].map(|name| self.optional(&format!("database.{name}_url")));
        let urls = match urls {
            [None, None, None, None] => None,
            [Some(control), Some(billing), Some(data), Some(logs)] => Some(DatabaseUrls {
                control: Secret::new(control),
                billing: Secret::new(billing),
                data: Secret::new(data),
                logs: Secret::new(logs),
            }),
            _ => {
                return Err(SettingError {
                    name: "NCLC_DATABASE_*_URL".into(),
                    problem: "set all four of control, billing, data, logs, or none".into(),
                    example: "NCLC_DATABASE_CONTROL_URL=postgres://owner@db/control",
                });
            }
        };
        Ok(Database {
            data_folder: self.optional("database.data_folder").unwrap_or_else(|| ".nclc".into()).into(),
            urls,
            postgres_folder: self.optional("database.postgres_folder").map(Into::into),
            // Some work holds a row and asks for a second connection, in four turns at once (`Tenancy::turn`).
            pool_size: self.take("database.pool_size", 16, "16", |text| {
                text.parse().ok().filter(|size| (6..=200).contains(size))
            })?,
        })
    }
}
