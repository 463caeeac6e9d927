//! A hundred people who log in at once: what memory that takes, and what everybody else notices of it.
//!
//! The log-ins are of addresses that nobody has: they cost the same hash, by design. Each comes from a client address of its own (the
//! server believes this machine as a proxy meanwhile), because tries from one address are limited. The readers do not load the
//! machine: each waits a moment between two requests, as people do, so that their latency shows the hashing and not themselves.

use super::Bench;
use super::person::value_of;
use super::report::{Met, Row, met, milliseconds, number, percentile};
use crate::rig::{Client, Seeded};
use anyhow::{Context as _, Result, bail, ensure};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

/// Log-ins at the same time.
const PEOPLE: u32 = 100;
/// Readers, and how long each waits between two requests.
const READERS: usize = 4;
const PAUSE: Duration = Duration::from_millis(4);
/// A hash takes so much, in MiB; half the processors compute one each (`security.password_hashes_at_once`).
const HASH: f64 = 19.0;
/// What a hundred connections, pages and answers take besides.
const AROUND: f64 = 24.0;
const MIB: f64 = 1024.0 * 1024.0;

/// Measures.
///
/// # Errors
/// When the server does not answer, or with something else than a refusal of the password.
pub fn measure(bench: &mut Bench, seeded: &Seeded) -> Result<Vec<Row>> {
    bench.server.kill();
    bench.server.set(&[("NCLC_HTTP_TRUSTED_PROXIES", "127.0.0.1")]);
    bench.server.start()?;
    let rows = together(bench, seeded);
    bench.server.set(&[]);
    bench.server.kill();
    bench.server.start()?;
    rows
}

fn together(bench: &Bench, seeded: &Seeded) -> Result<Vec<Row>> {
    let time = bench.scale.time.max(Duration::from_secs(3));
    let path = format!("/v1/records?table={}&limit=20", seeded.table);
    // The base is in memory, and the log-in page was made once.
    read(bench, seeded, &path, &AtomicBool::new(true))?;
    log_in(bench, &AtomicU32::new(0))?;
    let alone = timed(time, |end| read(bench, seeded, &path, end))?;
    let before = bench.server.resident();
    let (peak, done, number_of) = (AtomicU64::new(before), AtomicU64::new(0), AtomicU32::new(0));
    let (mut meanwhile, mut first, mut answered) = (Vec::new(), None, Vec::new());
    timed(time, |end| {
        thread::scope(|scope| {
            let people: Vec<_> =
                (0..PEOPLE).map(|_| scope.spawn(|| people(bench, &number_of, end, &done))).collect();
            let readers = scope.spawn(|| read(bench, seeded, &path, end));
            let watch = scope.spawn(|| {
                while !end.load(Relaxed) {
                    peak.fetch_max(bench.server.resident(), Relaxed);
                    thread::sleep(Duration::from_millis(5));
                }
            });
            for person in people {
                match person.join() {
                    Ok(Ok(times)) => answered.extend(times),
                    Ok(Err(problem)) => first = Some(problem),
                    Err(_) => first = Some(anyhow::anyhow!("a thread ended")),
                }
            }
            if let Ok(Ok(times)) = readers.join() {
                meanwhile = times;
            }
            let _ = watch.join();
        });
        Ok(Vec::new())
    })?;
    if let Some(problem) = first {
        return Err(problem);
    }
    ensure!(!alone.is_empty() && !meanwhile.is_empty() && !answered.is_empty(), "nothing was measured");
    answered.sort_by(f64::total_cmp);
    let grown = (peak.load(Relaxed).saturating_sub(before)) as f64 / MIB;
    let (quiet, busy) = (percentile(&alone, 0.99), percentile(&meanwhile, 0.99));
    let ratio = busy / quiet;
    let mut memory = Row::at_most(
        &format!("memory that {PEOPLE} log-ins at once take: highest while they run, less before"),
        grown,
        HASH * hashes_at_once() + AROUND,
        "MiB",
    );
    memory.reference = format!("{} MiB before", number(before as f64 / MIB));
    Ok(vec![
        memory,
        Row {
            work: format!("a page of 20 records, 99th percentile, while {PEOPLE} log in; the same alone"),
            ours: format!("{} ms (p50 {})", number(busy), number(percentile(&meanwhile, 0.5))),
            reference: format!("{} ms (p50 {})", number(quiet), number(percentile(&alone, 0.5))),
            ratio: Some(ratio),
            processor: None,
            target: "< 2×".into(),
            met: met(ratio < 2.0),
            symbols: Vec::new(),
        },
        Row {
            work: format!("log-ins answered meanwhile, {PEOPLE} at once"),
            ours: format!(
                "{}/s, p50 {} ms, worst {} ms; {} told to come back",
                number(answered.len() as f64 / time.as_secs_f64()),
                number(percentile(&answered, 0.5)),
                number(percentile(&answered, 1.0)),
                done.load(Relaxed)
            ),
            reference: "–".into(),
            ratio: None,
            processor: None,
            target: "–".into(),
            met: Met::NoTarget,
            symbols: Vec::new(),
        },
    ])
}

fn hashes_at_once() -> f64 {
    thread::available_parallelism().map_or(1.0, |all| (all.get() / 2).max(1) as f64)
}

/// Runs until the time is over; gives the sorted milliseconds.
fn timed(time: Duration, work: impl FnOnce(&AtomicBool) -> Result<Vec<f64>>) -> Result<Vec<f64>> {
    let end = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(time);
            end.store(true, Relaxed);
        });
        work(&end)
    })
}

/// Reads until the end, at least once; the sorted milliseconds of each.
fn read(bench: &Bench, seeded: &Seeded, path: &str, end: &AtomicBool) -> Result<Vec<f64>> {
    let one = || -> Result<Vec<f64>> {
        let mut api = bench.server.api(&seeded.token);
        let mut times = Vec::new();
        loop {
            let began = Instant::now();
            api.get(path)?;
            times.push(milliseconds(began.elapsed()));
            if end.load(Relaxed) {
                return Ok(times);
            }
            thread::sleep(PAUSE);
        }
    };
    let mut all = Vec::new();
    thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS).map(|_| scope.spawn(one)).collect();
        for reader in readers {
            match reader.join() {
                Ok(times) => all.extend(times?),
                Err(_) => bail!("a reader's thread ended"),
            }
        }
        anyhow::Ok(())
    })?;
    all.sort_by(f64::total_cmp);
    Ok(all)
}

/// One person after the other, until the end; milliseconds of those that were answered. `refused` counts the others.
fn people(bench: &Bench, number: &AtomicU32, end: &AtomicBool, refused: &AtomicU64) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    while !end.load(Relaxed) {
        match log_in(bench, number)? {
            Some(took) => times.push(took),
            None => {
                refused.fetch_add(1, Relaxed);
            }
        }
    }
    Ok(times)
}

/// A form, and its answer; `None`: too many waited.
fn log_in(bench: &Bench, number: &AtomicU32) -> Result<Option<f64>> {
    let [_, b, c, d] = number.fetch_add(1, Relaxed).to_be_bytes();
    let from = format!("x-forwarded-for: 10.{b}.{c}.{d}");
    let mut app: Client = bench.server.visitor("app");
    let page = app.send("GET", "/login", &[&from], None)?;
    ensure!(page.is_success(), "GET /login: {page}");
    let cookie = page.all("set-cookie").find_map(|line| line.split(';').next()).context("no cookie")?;
    let cookie = format!("cookie: {cookie}");
    let form = format!(
        "_csrf={}&email=nobody{b}-{c}-{d}%40bench.example&password=seven+copper+kettles",
        value_of(&page, "_csrf")?
    );
    let kind = "content-type: application/x-www-form-urlencoded";
    let began = Instant::now();
    let answer = app.send("POST", "/login", &[kind, &from, &cookie], Some(form.as_bytes()))?;
    match answer.status {
        401 => Ok(Some(milliseconds(began.elapsed()))),
        503 if answer.header("retry-after").is_some() => Ok(None),
        _ => bail!("POST /login: {answer}"),
    }
}
