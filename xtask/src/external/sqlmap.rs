//! SQL injection: sqlmap tries every parameter of twenty routes (query strings, JSON bodies, forms, parts of paths). Statements
//! have parameters, always, so it has to find nothing; and it has to say that it tried.

use super::{Court, FOLDER};
use crate::ci::Tally;
use crate::process::{command, root};
use anyhow::{Result, bail};
use serde_json::json;

/// What is there is found each time. Answers with new ids and times differ by themselves, which it takes for an answer to its
/// question now and then.
const TIMES: usize = 3;

/// What is tried.
struct Route {
    portal: &'static str,
    method: &'static str,
    /// Path and query. `*` marks what is tried beside the parameters.
    path: String,
    /// JSON, or a form.
    body: Option<String>,
    /// Whether a parameter is a condition of the product's own language: `1 AND 5=5` means the same there as in SQL, so
    /// answers that differ by truth prove nothing, and only the other techniques are asked for.
    condition: bool,
}

fn get(portal: &'static str, path: String) -> Route {
    Route { portal, method: "GET", path, body: None, condition: false }
}

fn with_condition(route: Route) -> Route {
    Route { condition: true, ..route }
}

/// Judges it.
pub fn judge(tally: &mut Tally, court: &Court) -> Result<()> {
    let mut owner = court.owner()?;
    owner.get(&format!("/o/{}/team", court.seeded.slug))?;
    let (cookies, csrf) = (owner.cookies(), owner.csrf().to_owned());
    let name = "sqlmap: 20 routes of app., api., admin. and a site";
    tally.check(name, || {
        let mut wrong = Vec::new();
        for route in routes(court, &csrf)? {
            let shown = format!("{} {}.{}", route.method, route.portal, route.path);
            println!("{shown}");
            let mut found = None;
            for _ in 0..TIMES {
                found = tried(court, &route, &cookies)?;
                if found.is_none() {
                    break;
                }
            }
            if let Some(why) = found {
                println!("{why}");
                wrong.push(shown);
            }
        }
        if wrong.is_empty() { Ok(()) } else { bail!("not as it should be: {}", wrong.join(", ")) }
    });
    Ok(())
}

fn routes(court: &Court, csrf: &str) -> Result<Vec<Route>> {
    let (base, table, slug) = (&court.seeded.base, &court.seeded.table, &court.seeded.slug);
    let mut api = court.rig.api(&court.seeded.token);
    let records = api.get(&format!("/v1/records?table={table}&limit=1"))?.json()?;
    let record = records["data"][0]["id"].as_str().unwrap_or_default().to_owned();
    let body = |method, path: String, body: serde_json::Value| Route {
        portal: "api",
        method,
        path,
        body: Some(body.to_string()),
        condition: false,
    };
    let form = |path: String, fields: &str| Route {
        portal: "app",
        method: "POST",
        path,
        body: Some(format!("_csrf={csrf}&{fields}")),
        condition: false,
    };
    Ok(vec![
        with_condition(get("api", format!("/v1/records?table={table}&limit=5&sort=Name&search=x&filter=1"))),
        get("api", format!("/v1/records/{record}*")),
        get("api", format!("/v1/tables/{table}/search?q=x")),
        get("api", format!("/v1/bases/{base}/search?q=x")),
        get("api", format!("/v1/bases/{base}/activity?actor=x&kind=record&from=2026-01-01&to=2026-12-31")),
        get("api", format!("/v1/tables/{table}/export.csv?delimiter=comma&view=x")),
        with_condition(get(
            "api",
            format!("/v0/{base}/{table}?filterByFormula=1&pageSize=5&sort%5B0%5D%5Bfield%5D=Name"),
        )),
        with_condition(body(
            "POST",
            "/v1/records/query".into(),
            json!({"table": table, "filter": "x", "search": "x", "limit": 5}),
        )),
        body("POST", "/v1/records".into(), json!({"table": table, "fields": {"Name": "x"}})),
        body("PATCH", format!("/v1/records/{record}"), json!({"fields": {"Name": "x", "Amount": 5}})),
        body("POST", format!("/v1/tables/{table}/views"), json!({"name": "x", "type": "grid"})),
        body("POST", format!("/v1/records/{record}/comments"), json!({"text": "x"})),
        with_condition(body(
            "POST",
            format!("/v0/{base}/{table}/listRecords"),
            json!({"filterByFormula": "1", "pageSize": 5}),
        )),
        get(
            "app",
            format!(
                "/o/{slug}/team/audit?person=x&action=member.joined&object=x&from=2026-01-01&until=&after="
            ),
        ),
        form(format!("/o/{slug}/team/permissions/groups"), "name=x"),
        form(format!("/o/{slug}/team/invite"), "emails=x%40y.example&role=viewer"),
        form(format!("/o/{slug}/bases"), "name=x"),
        form("/login".into(), "email=x%40y.example&password=x"),
        get("admin", "/login?next=x".into()),
        get("airports.sites", "/?q=x&page=1".into()),
    ])
}

/// What is wrong; nothing when sqlmap has tried all and found nothing.
fn tried(court: &Court, route: &Route, cookies: &str) -> Result<Option<String>> {
    let host = court.rig.host(route.portal);
    let mut headers = format!("Origin: http://{host}");
    if route.portal == "api" {
        headers.push_str(&format!(
            "\nAuthorization: Bearer {}\nContent-Type: application/json",
            court.seeded.token
        ));
    }
    let mut run = command(FOLDER, &court.program("sqlmap"), &["--batch", "--flush-session"]);
    run.arg("--url").arg(format!("{}{}", court.address(), route.path));
    run.args(["--method", route.method, "--host", &host, "--headers", &headers]);
    if route.portal == "app" {
        run.args(["--cookie", cookies, "--skip", "_csrf"]);
    }
    if let Some(body) = &route.body {
        run.args(["--data", body]);
    }
    let techniques = if route.condition { "EUSQ" } else { "BEUSQ" };
    run.args([
        "--dbms",
        "PostgreSQL",
        "--technique",
        techniques,
        "--level",
        "1",
        "--risk",
        "1",
        "--threads",
        "4",
    ]);
    // Refusals are answers too.
    run.args(["--ignore-code", "*", "--param-exclude", "(?i)cookie|session|csrf", "--disable-coloring"]);
    run.arg("--output-dir").arg(root().join("target/sqlmap"));
    run.env("TERM", "dumb");
    let output = run.output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if text.contains("do not appear to be injectable") && !text.contains("is vulnerable") {
        return Ok(None);
    }
    Ok(Some(text))
}
