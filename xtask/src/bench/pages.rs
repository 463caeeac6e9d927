//! A published page: kept, against nginx serving the same bytes; rendered anew after a change; and how soon a change is
//! seen.

use super::load::{Shape, Target, paths};
use super::nginx::Nginx;
use super::report::{Met, Row, met, milliseconds, number, percentile};
use super::{Bench, perf};
use crate::rig::{Answer, Client};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The organisation, the site and the account that `nclc seed --demo` makes.
const ORGANISATION: &str = "demo";
const SITE: &str = "airports.sites";
const ACCOUNT: (&str, &str) = ("demo@example.com", "airports and airlines");
/// Changes that are followed until they are seen.
const CHANGES: usize = 40;
const CLIENTS: u32 = 32;

/// Measures.
///
/// # Errors
/// When the server or nginx does not work.
pub fn measure(bench: &mut Bench) -> Result<Vec<Row>> {
    bench.server.kill();
    bench.server.run(&["seed", "--demo"])?;
    bench.server.start()?;
    let page = bench.server.visitor(SITE).get("/")?;
    let folder = bench.server.folder().to_owned();
    let nginx = Nginx::start(&folder, &page.body)?;
    let ours = Target {
        address: bench.server.address(),
        host: bench.server.host(SITE),
        tokens: &[],
        folder: &folder,
        server: Some(&bench.server),
    };
    let theirs = Target {
        address: nginx.address,
        host: "localhost".into(),
        tokens: &[],
        folder: &folder,
        server: None,
    };
    let shape = Shape { clients: CLIENTS, threads: 2, time: bench.scale.time };
    let (our_path, their_path) = (paths(&["/".to_owned()]), paths(&["/page".to_owned()]));
    let reference = theirs.run(&their_path, shape)?;
    let kept = ours.run(&our_path, shape)?;
    drop(nginx);

    let kilobytes = page.body.len() as f64 / 1000.0;
    let work =
        format!("published page of {} kB, kept; nginx from disk, {CLIENTS} clients", number(kilobytes));
    let mut row = Row::rate(&work, &kept.figure(), &reference.figure(), Some(0.85));
    perf::explain(bench, &mut row, || ours.run(&our_path, shape).map(drop));
    let mut rows = vec![row];
    rows.push(Row {
        work: "the same, 99th percentile".into(),
        ours: format!("{} ms", number(kept.p99)),
        reference: format!("{} ms", number(reference.p99)),
        ratio: Some(kept.p99 / reference.p99),
        processor: None,
        target: "below nginx's".into(),
        met: met(kept.p99 < reference.p99),
        symbols: Vec::new(),
    });
    rows.extend(changes(bench, &page)?);
    Ok(rows)
}

/// Changes a record that the page shows, again and again.
fn changes(bench: &Bench, page: &Answer) -> Result<Vec<Row>> {
    let mut visitor = bench.server.visitor(SITE);
    let token = sign_in(bench)?;
    let mut api = bench.server.api(&token);
    let record = shown_record(&mut api, &String::from_utf8_lossy(&page.body))?;
    let (mut saved, mut seen, mut anew) = (Vec::new(), Vec::new(), Vec::new());
    for change in 0..CHANGES {
        let name = format!("Seen at once {change}");
        let began = Instant::now();
        let body = json!({ "fields": { "Name": name } }).to_string();
        let answer = api.send("PATCH", &format!("/v1/records/{record}"), &[], Some(body.as_bytes()))?;
        ensure!(answer.is_success(), "PATCH: {answer}");
        saved.push(milliseconds(began.elapsed()));
        let asked = Instant::now();
        let mut tries = 0;
        loop {
            tries += 1;
            let page = visitor.get("/")?;
            if tries == 1 {
                anew.push(milliseconds(asked.elapsed()));
            }
            if String::from_utf8_lossy(&page.body).contains(&name) {
                break;
            }
            ensure!(
                began.elapsed() < Duration::from_secs(10),
                "the change is not seen after {:?}",
                began.elapsed()
            );
        }
        seen.push(milliseconds(began.elapsed()));
    }
    for times in [&mut saved, &mut seen, &mut anew] {
        times.sort_by(f64::total_cmp);
    }
    let show = |times: &[f64]| {
        format!("p50 {} ms, worst {} ms", number(percentile(times, 0.5)), number(percentile(times, 1.0)))
    };
    let row = |work: &str, times: &[f64], limit: f64| Row {
        ours: show(times),
        target: format!("< {limit} ms"),
        met: met(percentile(times, 1.0) < limit),
        ..Row::at_most(work, 0.0, limit, "ms")
    };
    // The design's target is a rate at 32 clients; it needs a page that is anew at every visit, which no address is.
    let mut first = row("first visit after a change (the page rendered anew), one visitor", &anew, 15.0);
    "–".clone_into(&mut first.target);
    first.met = Met::NoTarget;
    Ok(vec![
        row(&format!("record saved (itself {}) → visible to a visitor", show(&saved)), &seen, 30.0),
        first,
    ])
}

/// The id of a record whose name the page shows.
fn shown_record(api: &mut Client, html: &str) -> Result<String> {
    let answer = api.get("/v1/bases")?.json()?;
    let base = answer["data"][0]["id"].as_str().context("the demo has no base")?.to_owned();
    let answer = api.get(&format!("/v1/bases/{base}"))?.json()?;
    let tables = answer["tables"].as_array().context("the base has no tables")?;
    for table in tables.iter().filter_map(|table| table["id"].as_str()) {
        let mut cursor = String::new();
        // The first pages are enough: the page lists the first rows of a view.
        for _ in 0..100 {
            let answer = api.get(&format!("/v1/records?table={table}&limit=100{cursor}"))?.json()?;
            for record in answer["data"].as_array().into_iter().flatten() {
                let name = record["fields"]["Name"].as_str().unwrap_or_default();
                if name.len() > 6 && html.contains(name) {
                    return record["id"].as_str().map(str::to_owned).context("a record without id");
                }
            }
            match answer["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
    }
    anyhow::bail!("the site's start page shows no record by its name")
}

/// Signs in as a person does and takes a token for the API, as the workspace does.
fn sign_in(bench: &Bench) -> Result<String> {
    let mut app = bench.server.visitor("app");
    let mut cookies: Vec<(String, String)> = Vec::new();
    let page = app.get("/login")?;
    keep_cookies(&page, &mut cookies);
    let form = format!("email={}&password={}&_csrf={}", encode(ACCOUNT.0), encode(ACCOUNT.1), csrf(&page)?);
    let kind = "content-type: application/x-www-form-urlencoded";
    let answer = app.send("POST", "/login", &[kind, &cookie(&cookies)], Some(form.as_bytes()))?;
    ensure!((300..400).contains(&answer.status), "POST /login: {answer}");
    keep_cookies(&answer, &mut cookies);
    let home = app.send("GET", &format!("/o/{ORGANISATION}/"), &[&cookie(&cookies)], None)?;
    ensure!(home.is_success(), "the organisation's home: {home}");
    keep_cookies(&home, &mut cookies);
    let form = format!("_csrf={}", csrf(&home)?);
    let path = format!("/o/{ORGANISATION}/api-token");
    let answer = app.send("POST", &path, &[kind, &cookie(&cookies)], Some(form.as_bytes()))?;
    ensure!(answer.is_success(), "POST {path}: {answer}");
    answer.json()?.get("token").and_then(Value::as_str).map(str::to_owned).context("no token")
}

fn encode(text: &str) -> String {
    super::load::encode(text)
}

fn csrf(page: &Answer) -> Result<String> {
    let html = String::from_utf8_lossy(&page.body);
    let rest = html.split_once("name=\"_csrf\" value=\"").context("a page without a form")?.1;
    Ok(rest.split('"').next().unwrap_or_default().to_owned())
}

fn keep_cookies(answer: &Answer, cookies: &mut Vec<(String, String)>) {
    for line in answer.all("set-cookie") {
        let pair = line.split(';').next().unwrap_or_default();
        if let Some((name, value)) = pair.split_once('=') {
            cookies.retain(|(known, _)| known != name);
            cookies.push((name.to_owned(), value.to_owned()));
        }
    }
}

fn cookie(cookies: &[(String, String)]) -> String {
    let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("cookie: {}", pairs.join("; "))
}
