//! `nclc check`: proves statements, tables and templates sound without serving anything.

use crate::system;
use kernel_core::secret::SigningKey;
use kernel_core::settings::Settings;
use kernel_core::{Clock, Random};
use kernel_db::migrate;
use kernel_web::Web;

/// Prepares every statement against a migrated schema and looks at every tenant table. Answers the problems found.
///
/// # Errors
/// When the databases can't be reached.
pub async fn db(settings: &Settings) -> anyhow::Result<Vec<String>> {
    let (cluster, urls) = system::databases(settings).await?;
    migrate::run(&urls).await?;
    let report = kernel_db::check::run(&urls).await?;
    println!("{} statements and {} tenant tables checked", report.statements, report.tables);
    if let Some(cluster) = cluster {
        cluster.stop().await;
    }
    Ok(report.findings.iter().map(|finding| format!("{}: {}", finding.subject, finding.problem)).collect())
}

/// Renders every template with all of its samples. Answers the problems found.
#[must_use]
pub fn templates(settings: &Settings) -> Vec<String> {
    let web = Web::new(settings, &SigningKey::new([0; 32]), Clock::System, Random::from_os());
    let problems = web.check_templates();
    problems.into_iter().map(|(template, problem)| format!("{template}: {problem}")).collect()
}
