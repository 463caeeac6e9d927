//! Calculated fields: OpenFlights after an airport moved, as a second client sees it; and a new formula over a large table
//! while others read.

use super::Bench;
use super::report::{Met, Row, count, milliseconds, number, percentile};
use crate::rig::{Client, Server};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Moves of the airport.
const TIMES: usize = 20;
/// From a moved airport to the new distance in a second client (issue "The data engine").
const MOVED_MS: f64 = 1_000.0;
/// The longest that a reader may wait while a formula is calculated.
const PAUSE_MS: f64 = 50.0;
const PATIENCE: Duration = Duration::from_secs(60);

/// Measures.
///
/// # Errors
/// When the server does not work.
pub fn measure(bench: &mut Bench) -> Result<Vec<Row>> {
    bench.server.kill();
    let network: Value = serde_json::from_str(
        bench
            .server
            .run(&["seed", "--network"])?
            .lines()
            .last()
            .context("`nclc seed --network` printed nothing")?,
    )?;
    let large = bench.server.seed(bench.scale.large)?;
    bench.server.start()?;
    let mut rows = vec![moved(&bench.server, &network)?];
    rows.extend(formula(bench, &large.token, &large.table)?);
    Ok(rows)
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str> {
    value[name].as_str().with_context(|| format!("no {name} in {value}"))
}

/// The airport with the most departures moves; a second client hears of it and asks for the route.
fn moved(server: &Server, network: &Value) -> Result<Row> {
    let token = text(network, "token")?;
    let (mut writer, mut reader) = (server.api(token), server.api(token));
    let mut one = |body: Value| -> Result<Value> {
        Ok(writer.post("/v1/records/query", &body)?.json()?["data"][0].take())
    };
    let airport = one(
        json!({ "table": text(network, "airports")?, "sort": [{ "field": "Departures", "desc": true }], "limit": 1 }),
    )?;
    let (id, name) = (text(&airport, "id")?, text(&airport["fields"], "IATA")?);
    let filter = format!("{{Source airport}} = \"{name}\"");
    let route = one(json!({ "table": text(network, "routes")?, "filter": filter, "limit": 1 }))?;
    let route = format!("/v1/records/{}", text(&route, "id")?);
    let mut stream = Stream::open(server, token, text(network, "base")?)?;
    let mut times = Vec::with_capacity(TIMES);
    let mut before = reader.get(&route)?.json()?["fields"]["Distance (km)"].clone();
    for time in 0..TIMES {
        let body =
            json!({ "fields": { "Latitude": 10 + time, "Longitude": 20 - 3 * time as i64 } }).to_string();
        let began = Instant::now();
        let answer = writer.send("PATCH", &format!("/v1/records/{id}"), &[], Some(body.as_bytes()))?;
        ensure!(answer.is_success(), "{answer}");
        stream.change()?;
        let now = reader.get(&route)?.json()?["fields"]["Distance (km)"].clone();
        times.push(milliseconds(began.elapsed()));
        ensure!(now.is_number() && now != before, "the distance is {now} as before");
        before = now;
    }
    times.sort_by(f64::total_cmp);
    let worst = percentile(&times, 1.0);
    let departures = airport["fields"]["Departures"].as_u64().unwrap_or_default();
    let work = format!(
        "OpenFlights, 67,663 routes: an airport of {} departures moves → its distances and totals are new in a second client",
        count(departures)
    );
    let mut row = Row::at_most(&work, worst, MOVED_MS, "ms");
    row.ours = format!("p50 {} ms, worst {} ms", number(percentile(&times, 0.5)), number(worst));
    Ok(row)
}

/// A formula field is added to a large table, and its formula changed, while another client reads windows.
fn formula(bench: &Bench, token: &str, table: &str) -> Result<Vec<Row>> {
    let mut writer = bench.server.api(token);
    let mut reader = bench.server.api(token);
    let size = count(bench.scale.large);
    window(&mut reader, table)?;
    let mut rows = Vec::new();
    let options = |formula: &str| json!({ "formula": formula });
    let make =
        json!({ "name": "Worth", "type": "formula", "options": options("{Price} * {Quantity} + {Amount}") });
    let change = json!({ "options": options("IF({Active}, {Price} * {Quantity}, {Amount} / 2)") });
    let mut field = String::new();
    for (what, is_new) in [("a new formula field", true), ("another formula", false)] {
        let done = AtomicBool::new(false);
        let (took, waits) = std::thread::scope(|scope| {
            let waits = scope.spawn(|| {
                let mut waits = Vec::new();
                while !done.load(Ordering::Relaxed) {
                    waits.push(milliseconds(window(&mut reader, table)?));
                }
                Ok::<_, anyhow::Error>(waits)
            });
            let began = Instant::now();
            let answer = if is_new {
                writer.send(
                    "POST",
                    &format!("/v1/tables/{table}/fields"),
                    &[],
                    Some(make.to_string().as_bytes()),
                )
            } else {
                writer.send("PATCH", &format!("/v1/fields/{field}"), &[], Some(change.to_string().as_bytes()))
            };
            let took = began.elapsed();
            done.store(true, Ordering::Relaxed);
            let waits = waits.join().map_err(|_| anyhow::anyhow!("the reader panicked"))??;
            let answer = answer?;
            ensure!(answer.is_success(), "{answer}");
            field = text(&answer.json()?, "id")?.to_owned();
            Ok((took, waits))
        })?;
        let mut waits = waits;
        waits.sort_by(f64::total_cmp);
        let work = format!("{what} over {size} rows, until every value is there");
        rows.push(Row {
            target: "–".into(),
            met: Met::NoTarget,
            ..Row::at_most(&work, milliseconds(took) / 1000.0, f64::MAX, "s")
        });
        let work = format!("windows of that table meanwhile ({} of them)", count(waits.len() as u64));
        let worst = percentile(&waits, 1.0);
        let mut row = Row::at_most(&work, worst, PAUSE_MS, "ms");
        row.ours = format!("p50 {} ms, worst {} ms", number(percentile(&waits, 0.5)), number(worst));
        rows.push(row);
    }
    Ok(rows)
}

fn window(reader: &mut Client, table: &str) -> Result<Duration> {
    let began = Instant::now();
    reader.post(&format!("/v1/tables/{table}/window"), &json!({ "offset": 0, "limit": 100 }))?;
    Ok(began.elapsed())
}

/// A stream of events.
struct Stream(BufReader<TcpStream>);

impl Stream {
    fn open(server: &Server, token: &str, base: &str) -> Result<Self> {
        let mut stream = TcpStream::connect(server.address())?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let head = format!(
            "GET /v1/bases/{base}/events HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n\r\n",
            server.host("api")
        );
        stream.write_all(head.as_bytes())?;
        let mut stream = Self(BufReader::new(stream));
        stream.until("event: ready")?;
        Ok(stream)
    }

    fn change(&mut self) -> Result<()> {
        self.until("event: change")
    }

    fn until(&mut self, line: &str) -> Result<()> {
        let mut read = String::new();
        loop {
            read.clear();
            ensure!(self.0.read_line(&mut read)? > 0, "the stream ended before {line:?}");
            if read.trim_end() == line {
                return Ok(());
            }
        }
    }
}
