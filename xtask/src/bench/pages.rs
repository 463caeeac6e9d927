//! Published pages: kept, against nginx serving the same bytes; twelve of a site; rendered anew; and how soon a change is
//! seen.

use super::load::{Shape, Target, paths};
use super::nginx::Nginx;
use super::person::Person;
use super::report::{Met, Row, met, milliseconds, number, percentile};
use super::{Bench, perf};
use crate::rig::{Answer, Client};
use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};

/// The site that `nclc seed --demo` makes.
const SITE: &str = "airports.sites";
/// The first label of the site that is made here, and how many pages it has.
const TWELVE: (&str, usize) = ("bench-twelve", 12);
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
    let nginx = Nginx::start(&folder, std::slice::from_ref(&page.body))?;
    let ours = visitors(bench, SITE, &folder);
    let theirs = Target {
        address: nginx.address,
        host: "localhost".into(),
        tokens: &[],
        folder: &folder,
        server: None,
    };
    let shape = Shape { clients: CLIENTS, threads: 2, time: bench.scale.time };
    let (our_path, their_path) = (paths(&["/".to_owned()]), paths(&["/page0".to_owned()]));
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
    let mut person = Person::sign_in(bench)?;
    rows.extend(changes(bench, &mut person, &page)?);
    rows.extend(twelve(bench, &mut person, shape)?);
    rows.push(anew(bench, shape)?);
    Ok(rows)
}

/// Visitors of a site, at its address.
fn visitors<'a>(bench: &'a Bench, site: &str, folder: &'a Path) -> Target<'a> {
    Target {
        address: bench.server.address(),
        host: bench.server.host(site),
        tokens: &[],
        folder,
        server: Some(&bench.server),
    }
}

/// A site of twelve pages, made through the app as a person does, then visited in no order.
fn twelve(bench: &Bench, person: &mut Person, shape: Shape) -> Result<Vec<Row>> {
    let (label, count) = TWELVE;
    let began = Instant::now();
    let site = person.create_site(label)?;
    let mut addresses = vec!["/".to_owned(), "/about".to_owned()];
    for number in addresses.len()..count {
        let path = format!("/page-{number}");
        person.create_page(&site, &format!("Page {number}"), &path)?;
        addresses.push(path);
    }
    person.publish(&site)?;
    let made = milliseconds(began.elapsed());
    let name = format!("{label}.sites");
    let mut visitor = bench.server.visitor(&name);
    let pages = addresses.iter().map(|path| Ok(visitor.get(path)?.body)).collect::<Result<Vec<_>>>()?;
    let folder = bench.server.folder().to_owned();
    let nginx = Nginx::start(&folder, &pages)?;
    // A generator that spreads: no page follows the same one every time, and both servers get the same order.
    let order: Vec<usize> =
        (0..600_u64).map(|step| (step.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize % count).collect();
    let ours = paths(&order.iter().map(|index| addresses[*index].clone()).collect::<Vec<_>>());
    let theirs = paths(&order.iter().map(|index| format!("/page{index}")).collect::<Vec<_>>());
    let target = Target {
        address: nginx.address,
        host: "localhost".into(),
        tokens: &[],
        folder: &folder,
        server: None,
    };
    let reference = target.run(&theirs, shape)?;
    let kept = visitors(bench, &name, &folder).run(&ours, shape)?;
    let work =
        format!("a site of {count} pages, kept, visited in no order; nginx from disk, {CLIENTS} clients");
    let mut made_row = Row::at_most(
        &format!("that site made by hand in the app: {count} pages, published"),
        made,
        0.0,
        "ms",
    );
    // The design's 50 ms are for one request that clones a template, which the product does not have yet.
    "–".clone_into(&mut made_row.target);
    made_row.met = Met::NoTarget;
    Ok(vec![Row::rate(&work, &kept.figure(), &reference.figure(), Some(0.85)), made_row])
}

/// The start page rendered at every visit: a server that keeps no pages.
fn anew(bench: &mut Bench, shape: Shape) -> Result<Row> {
    bench.server.kill();
    bench.server.set(&[("NCLC_SITES_PAGE_MEMORY", "0")]);
    bench.server.start()?;
    let folder = bench.server.folder().to_owned();
    let load = visitors(bench, SITE, &folder).run(&paths(&["/".to_owned()]), shape)?;
    bench.server.kill();
    bench.server.set(&[]);
    bench.server.start()?;
    let processor = load.processor.unwrap_or(f64::INFINITY);
    Ok(Row {
        work: format!("published page, rendered anew at every visit, {CLIENTS} clients"),
        ours: load.figure().text(),
        reference: "–".into(),
        ratio: None,
        processor: None,
        target: "≥ 5,000/s, ≤ 400 µs CPU, p99 < 15 ms".into(),
        met: met(load.per_second >= 5_000.0 && processor <= 400.0 && load.p99 < 15.0),
        symbols: Vec::new(),
    })
}

/// Changes a record that the page shows, again and again.
fn changes(bench: &Bench, person: &mut Person, page: &Answer) -> Result<Vec<Row>> {
    let mut visitor = bench.server.visitor(SITE);
    let token = person.api_token()?;
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
    // The design's target is a rate at 32 clients, measured apart.
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
