//! SQL to the server's own PostgreSQL by `psql`, as its superuser: past row-level security, as a judge needs.

use super::tools;
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Ways to the server's databases; `data` unless another is named.
#[derive(Clone, Debug)]
pub struct Sql {
    socket: PathBuf,
}

impl Sql {
    /// `socket`: the folder of the cluster's socket.
    #[must_use]
    pub fn new(socket: &Path) -> Self {
        Self { socket: socket.to_owned() }
    }

    /// Adds where the database is to a command line of one of PostgreSQL's programs.
    pub fn address(&self, command: &mut Command, role: &str) {
        command.arg("-h").arg(&self.socket).args(["-U", role]).env_remove("PGOPTIONS");
    }

    /// Runs statements; answers rows of fields, as text.
    ///
    /// # Errors
    /// What psql says.
    pub fn rows(&self, sql: &str) -> Result<Vec<Vec<String>>> {
        let text = self.run(&["-c", sql])?;
        Ok(text.lines().map(|line| line.split('\u{1f}').map(str::to_owned).collect()).collect())
    }

    /// One value of one row; empty when there is none.
    ///
    /// # Errors
    /// What psql says.
    pub fn value(&self, sql: &str) -> Result<String> {
        Ok(self.rows(sql)?.into_iter().flatten().next().unwrap_or_default())
    }

    /// Runs several statements, one transaction each.
    ///
    /// # Errors
    /// The first that fails.
    pub fn execute(&self, statements: &[String]) -> Result<()> {
        let mut arguments = Vec::new();
        for statement in statements {
            arguments.extend(["-c", statement]);
        }
        self.run(&arguments).map(drop)
    }

    /// As [`Sql::execute`], in another of the server's databases.
    ///
    /// # Errors
    /// The first that fails.
    pub fn execute_in(&self, database: &str, statements: &[String]) -> Result<()> {
        let mut arguments = Vec::new();
        for statement in statements {
            arguments.extend(["-c", statement]);
        }
        self.run_in(database, &arguments).map(drop)
    }

    fn run(&self, arguments: &[&str]) -> Result<String> {
        self.run_in("data", arguments)
    }

    fn run_in(&self, database: &str, arguments: &[&str]) -> Result<String> {
        let mut psql = Command::new(tools::postgres("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-F", "\u{1f}", "-v", "ON_ERROR_STOP=1"]);
        self.address(&mut psql, "postgres");
        psql.args(["-d", database]).args(arguments).stdin(Stdio::null());
        let output = psql.output().context("can't run psql")?;
        if !output.status.success() {
            bail!("psql: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// A text as an SQL literal.
#[must_use]
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
