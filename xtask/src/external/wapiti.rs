//! wapiti walks through the portals and a site as somebody who is logged in where one can be, and attacks what it finds.
//! A vulnerability in its report fails, unless it stands in [`KNOWN`] with the reason why it is none.

use super::{Court, FOLDER};
use crate::ci::Tally;
use crate::process::{command, root};
use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// Kinds of vulnerabilities at an address that are none: kind, part of the path, reason.
const KNOWN: &[(&str, &str, &str)] = &[(
    "Clickjacking Protection",
    "",
    "it looks for X-Frame-Options alone; every answer's Content-Security-Policy has frame-ancestors, which browsers go by",
)];

/// What is attacked: forms and parameters, then headers and cookies of every answer.
const MODULES: &str =
    "sql,xss,permanentxss,exec,file,crlf,redirect,csp,http_headers,cookieflags,csrf,methods,htaccess,backup";

/// Judges it.
pub fn judge(tally: &mut Tally, court: &Court) -> Result<()> {
    let owner = court.owner()?;
    let home = format!("/o/{}/", court.seeded.slug);
    let cookies = owner.cookies();
    for (portal, start, cookies) in [
        ("www", "/", None),
        ("api", "/", None),
        ("admin", "/login", None),
        ("airports.sites", "/", None),
        // Last: it presses every button that it finds.
        ("app", home.as_str(), Some(cookies.as_str())),
    ] {
        tally.check(&format!("wapiti: {portal}."), || walked(court, portal, start, cookies));
    }
    Ok(())
}

fn walked(court: &Court, portal: &str, start: &str, cookies: Option<&str>) -> Result<()> {
    let (address, host) = (court.address(), court.rig.host(portal));
    let report = root().join(format!("target/wapiti-{portal}.json"));
    let mut run = command(FOLDER, &court.program("wapiti"), &["--scope", "domain", "--flush-session"]);
    run.arg("--url").arg(format!("{address}{start}"));
    run.arg("--header").arg(format!("Host: {host}"));
    run.arg("--header").arg(format!("Origin: http://{host}"));
    if let Some(cookies) = cookies {
        run.args(["--cookie-value", cookies]);
    }
    for away in ["/logout", "/account/close", "/account/sessions"] {
        run.arg("--exclude").arg(format!("{address}{away}*"));
    }
    run.args(["--module", MODULES, "--skip", "_csrf", "--level", "1", "--tasks", "4", "--no-bugreport"]);
    // The token of a form differs each time, so that one form is many to wapiti: the walk has an end.
    run.args(["--depth", "3", "--max-links-per-page", "30", "--max-files-per-dir", "20"]);
    run.args(["--max-scan-time", "30", "--max-attack-time", "10", "--timeout", "10"]);
    run.arg("--store-session").arg(root().join("target/wapiti"));
    run.args(["--format", "json", "--verbose", "0", "--output"]).arg(&report);
    let _former = std::fs::remove_file(&report);
    let output = run.output()?;
    let text = std::fs::read_to_string(&report).with_context(|| {
        format!(
            "no report: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    })?;
    let report: Value = serde_json::from_str(&text)?;
    println!("{} pages", report["infos"]["crawled_pages_nbr"]);
    let mut found = Vec::new();
    for (kind, all) in report["vulnerabilities"].as_object().into_iter().flatten() {
        for one in all.as_array().into_iter().flatten() {
            let path = one["path"].as_str().unwrap_or_default();
            let shown = format!("{kind}: {} {path} {} {}", one["method"], one["parameter"], one["info"]);
            match KNOWN.iter().find(|(known, part, _)| known == kind && path.contains(part)) {
                Some((_, _, reason)) => println!("{shown} (none: {reason})"),
                None => found.push(shown),
            }
        }
    }
    for one in &found {
        println!("{one}");
    }
    match (found.len(), report["infos"]["crawled_pages_nbr"].as_u64()) {
        (_, None | Some(0)) => bail!("no page was found"),
        (0, _) => Ok(()),
        (count, _) => bail!("{count} vulnerabilities"),
    }
}
