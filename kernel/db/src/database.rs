//! The four logical databases and the three kinds of access. No statement, transaction or join crosses two of them.

use std::fmt;

/// A logical database. Its schema has the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Database {
    /// Tenants, users, sessions, tokens, configuration.
    Control,
    /// Plans, subscriptions, wallet ledger, invoices, usage.
    Billing,
    /// Bases, records, sites, pages, files.
    Data,
    /// Audit, requests, deliveries, run logs.
    Logs,
}

impl Database {
    /// All four, in the order in which they are migrated.
    pub const ALL: [Self; 4] = [Self::Control, Self::Billing, Self::Data, Self::Logs];

    /// Name of the database, of its schema and of its migrations' folder.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Billing => "billing",
            Self::Data => "data",
            Self::Logs => "logs",
        }
    }

    /// Enters a tenant for the rest of the transaction (`SET LOCAL`, which reaches Citus' workers as well).
    pub(crate) const fn enter_sql(self) -> &'static str {
        match self {
            Self::Control => "select control.enter($1)",
            Self::Billing => "select billing.enter($1)",
            Self::Data => "select data.enter($1)",
            Self::Logs => "select logs.enter($1)",
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whose rows a statement reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Rows of one tenant: row-level security applies and the statement names `tenant_id = $1` as well.
    Tenant,
    /// Tables that belong to no tenant (users, sessions, plans, staff).
    Global,
    /// Rows of all tenants, for staff and workers: role `nclc_platform`.
    Platform,
}
