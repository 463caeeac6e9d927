//! A table belongs to one domain: found by reading the SQL in every `statements! { … }` of the domains' sources.

use anyhow::{Context as _, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Tables by name (`data.bases`), each with the domains whose statements name it.
pub type Uses = BTreeMap<String, BTreeSet<String>>;

const SCHEMAS: [&str; 4] = ["control", "billing", "data", "logs"];
/// Tables of the kernel, which no domain touches.
const KERNEL: [&str; 3] = ["jobs", "migrations", "schedules"];

/// Adds what a domain's sources name.
pub fn collect(domain: &str, folder: &Path, uses: &mut Uses) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            collect(domain, &path, uses)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            for table in tables(domain, &text) {
                uses.entry(table).or_default().insert(domain.to_owned());
            }
        }
    }
    Ok(())
}

/// Tables that two domains touch, or that are the kernel's.
pub fn problems(uses: &Uses) -> Vec<String> {
    let mut problems = Vec::new();
    for (table, domains) in uses {
        let names = domains.iter().cloned().collect::<Vec<_>>().join(" and ");
        if table.split_once('.').is_some_and(|(_, name)| KERNEL.contains(&name)) {
            problems.push(format!("{table}: belongs to the kernel, and {names} touches it"));
        } else if domains.len() > 1 {
            problems.push(format!("{table}: a table belongs to one domain, and {names} touch it"));
        }
    }
    problems
}

/// The tables that the statements of one source file name.
fn tables(domain: &str, source: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in source.match_indices("statements!") {
        for (declaration, literal) in literals(block(&source[at..])) {
            if !staff_read(domain, declaration, literal) {
                tables_of_sql(literal, &mut found);
            }
        }
    }
    found
}

/// The staff console counts and lists what other domains keep, by `platform` statements that only read (ADR 0004).
fn staff_read(domain: &str, declaration: &str, sql: &str) -> bool {
    let declared = declaration.lines().last().unwrap_or_default().trim_start();
    let reads = sql.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select"));
    domain == "platform" && declared.starts_with("platform ") && reads
}

/// The text between the first `{` and its `}`; braces within string literals don't count.
fn block(text: &str) -> &str {
    let (mut depth, mut begin, mut in_string, mut escaped) = (0u32, 0, false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' if depth > 0 => in_string = !in_string,
            '{' if !in_string => {
                if depth == 0 {
                    begin = at + 1;
                }
                depth += 1;
            }
            '}' if !in_string => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return &text[begin..at];
                }
            }
            _ => {}
        }
    }
    ""
}

/// String literals, each with the text before it; comment lines left out.
fn literals(block: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = block;
    loop {
        let quote = rest.find('"');
        let comment = rest.find("//");
        match (quote, comment) {
            (Some(quote), Some(comment)) if comment < quote => {
                rest = rest[comment..].split_once('\n').map_or("", |(_, after)| after);
            }
            (Some(quote), _) => {
                let after = &rest[quote + 1..];
                let end = after.find('"').unwrap_or(after.len());
                found.push((&rest[..quote], &after[..end]));
                rest = after.get(end + 1..).unwrap_or_default();
            }
            (None, _) => return found,
        }
    }
}

fn tables_of_sql(sql: &str, found: &mut BTreeSet<String>) {
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    for schema in SCHEMAS {
        for (at, _) in sql.match_indices(schema) {
            let before = &sql[..at];
            let Some(rest) = sql[at + schema.len()..].strip_prefix('.') else { continue };
            if before.ends_with(|last: char| is_name(last) || last == '.') {
                continue;
            }
            let name = &rest[..rest.find(|character| !is_name(character)).unwrap_or(rest.len())];
            let into = before.trim_end().ends_with("into");
            let called = rest[name.len()..].starts_with('(') && !into;
            if !name.is_empty() && !called {
                found.insert(format!("{schema}.{name}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: &[&str]) {
        assert_eq!(
            tables("bases", source).iter().map(String::as_str).collect::<Vec<_>>(),
            expected,
            "{source}"
        );
    }

    #[test]
    fn tables_are_found_in_statements_only() {
        check(
            r#"
            const ELSEWHERE: &str = "select 1 from data.elsewhere";
            kernel_db::statements! {
                /// A comment on "data.comment".
                tenant Data A = "select b.data, '{}'::jsonb from data.bases b join data.tables t on true where b.tenant_id = $1";
                tenant Data B = "insert into data.fields(tenant_id) values ($1)";
                tenant Data C = "select data.apply_batch($1)";
                global Control D = concat!("select 1 from ", "control.users");
            }
            fn after() { let _ = "select 1 from data.later"; }"#,
            &["control.users", "data.bases", "data.fields", "data.tables"],
        );
        check("no statements here: data.bases", &[]);
    }

    #[test]
    fn a_table_belongs_to_one_domain() {
        let uses = |pairs: &[(&str, &str)]| {
            let mut uses = Uses::new();
            for (table, domain) in pairs {
                uses.entry((*table).to_owned()).or_default().insert((*domain).to_owned());
            }
            problems(&uses)
        };
        assert!(uses(&[("data.bases", "bases"), ("control.users", "identity")]).is_empty());
        assert!(uses(&[("data.bases", "bases"), ("data.bases", "sites")])[0].contains("bases and sites"));
        assert!(uses(&[("data.jobs", "bases")])[0].contains("kernel"));
    }

    #[test]
    fn only_the_staff_console_reads_elsewhere() {
        let source = "statements! {\n    /// All.\n    platform Control ALL = \"select * from control.tenants\";\n    platform Control GO = \"delete from control.tenants\";\n}";
        assert_eq!(tables("billing", source).len(), 1);
        assert_eq!(tables("platform", &source.replace("delete from control.tenants", "select 1")).len(), 0);
        assert_eq!(tables("platform", source).len(), 1);
    }
}
