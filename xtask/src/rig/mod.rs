//! A real server in a folder of its own, and what talks to it: shared by `bench` and `fault`.
//!
//! Everything stays on this machine: the server listens on a free port of 127.0.0.1, its PostgreSQL on a private socket.
//! When the rig goes, the server, its PostgreSQL and the folder go.

pub mod http;
pub mod random;
pub mod server;
pub mod sql;
pub mod tools;

pub use http::{Answer, Client, Failure};
pub use random::Dice;
pub use server::Server;
pub use sql::Sql;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// What `nclc seed --bench` made.
#[derive(Clone, Debug)]
pub struct Seeded {
    /// An API token with all rights.
    pub token: String,
    /// Tokens to take in turn under load, since rate limits count by token; at least one.
    pub tokens: Vec<String>,
    /// The organisation's uuid.
    pub tenant: String,
    /// `app…`.
    pub base: String,
    /// `tbl…`: the table "Records".
    pub table: String,
    /// The organisation's address.
    pub slug: String,
    /// How its owner signs in.
    pub email: String,
    /// The owner's password.
    pub password: String,
}

impl Seeded {
    /// From the line of JSON that the command prints.
    ///
    /// # Errors
    /// When it is not that.
    pub fn parse(text: &str) -> Result<Self> {
        let line = text.lines().rev().find(|line| line.trim_start().starts_with('{'));
        let value: Value = serde_json::from_str(line.context("`nclc seed --bench` printed no JSON")?)?;
        let text = |name: &str| {
            let value = value.get(name).and_then(Value::as_str).map(str::to_owned);
            value.with_context(|| format!("`nclc seed --bench` printed no {name}"))
        };
        let token = text("token")?;
        let more = value.get("tokens").and_then(Value::as_array).into_iter().flatten();
        let mut tokens: Vec<String> = more.filter_map(Value::as_str).map(str::to_owned).collect();
        if tokens.is_empty() {
            tokens.push(token.clone());
        }
        Ok(Self {
            token,
            tokens,
            tenant: text("tenant")?,
            base: text("base")?,
            table: text("table")?,
            slug: text("slug")?,
            email: text("email")?,
            password: text("password")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Seeded;

    #[test]
    fn what_seed_prints_is_read() {
        let seeded = Seeded::parse(
            "a word before\n{\"token\":\"t\",\"tenant\":\"u\",\"base\":\"app1\",\"table\":\"tbl1\",\"slug\":\"s\",\"email\":\"e\",\"password\":\"p\"}\n",
        );
        let seeded = seeded.unwrap();
        assert_eq!((seeded.table.as_str(), seeded.tokens), ("tbl1", vec!["t".to_owned()]));
        assert!(Seeded::parse("nothing").is_err());
        assert!(Seeded::parse("{\"token\":\"t\"}").unwrap_err().to_string().contains("tenant"));
    }
}
