//! `nclc audit verify`: whether the organisations' audit trails are whole.

use crate::System;
use anyhow::Context as _;
use identity::audit::chain::{Verdict, chained, verify as verify_one};
use kernel_core::TenantId;

/// Verifies one organisation's trail, or all; a line for each is printed. Gives what is wrong, a line each.
///
/// # Errors
/// The organisation is not there, or a database can't be read.
pub async fn verify(system: &System, organisation: Option<&str>) -> anyhow::Result<Vec<String>> {
    let tenants: Vec<TenantId> = match organisation {
        Some(slug) => {
            let found = system.tenancy.by_slug(slug).await?;
            vec![found.with_context(|| format!("there is no organisation {slug}"))?.id]
        }
        None => chained(&system.db).await?,
    };
    let mut problems = Vec::new();
    for tenant in tenants {
        let Verdict { rows, broken } = verify_one(&system.db, tenant).await?;
        match broken {
            None => println!("{tenant}: {rows} rows hold"),
            Some((number, what)) => {
                problems.push(format!("{tenant}: row {number} {what}; {rows} rows before it hold"))
            }
        }
    }
    Ok(problems)
}
