//! A writer: creates and updates one after the other, each under its own key, repeated until it is acknowledged.

use super::judge::Counter;
use crate::rig::{Client, Failure};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long one write is repeated before it counts as unknown.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(5);
/// Every so-manyth write updates the writer's counter instead of creating a record.
const UPDATE_EVERY: u64 = 4;

/// What all writers of a round share.
#[derive(Debug, Default)]
pub struct Shared {
    /// Set when the round is over: a write in hand is still brought to its end.
    pub stop: AtomicBool,
    /// Acknowledged writes, one number a writer.
    pub acknowledged: Vec<AtomicU64>,
}

impl Shared {
    /// For so many writers.
    #[must_use]
    pub fn new(writers: usize) -> Self {
        Self { stop: AtomicBool::new(false), acknowledged: (0..writers).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Acknowledged writes of each.
    #[must_use]
    pub fn counts(&self) -> Vec<u64> {
        self.acknowledged.iter().map(|count| count.load(Ordering::Acquire)).collect()
    }
}

/// What a writer has seen.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Every key, with the id of the acknowledged record.
    pub keys: BTreeMap<String, Option<String>>,
    /// Its counter, by the key of the counter's record.
    pub counter: (String, Counter),
    /// Writes that went out and got no answer.
    pub unanswered: u64,
    /// Of these, writes that had happened: the repetition was answered as a replay.
    pub replayed: u64,
    /// Answers of 5xx, 409 and 429.
    pub refused: u64,
    /// An answer that no writer should get.
    pub wrong: Option<String>,
}

/// One writer of one round.
#[derive(Debug)]
pub struct Writer<'a> {
    /// Its place among the writers.
    pub number: usize,
    /// Starts all of its keys.
    pub prefix: String,
    /// `tbl…`.
    pub table: &'a str,
    /// What it shares.
    pub shared: &'a Shared,
}

impl Writer<'_> {
    /// Writes until the round is over.
    pub fn run(&self, client: &mut Client) -> Told {
        let mut told = Told::default();
        let first = format!("{}-counter", self.prefix);
        told.counter.0.clone_from(&first);
        let Some(counter) = self.create(client, &mut told, &first) else { return told };
        let mut number = 0_u64;
        while !self.shared.stop.load(Ordering::Acquire) && told.wrong.is_none() {
            number += 1;
            if number.is_multiple_of(UPDATE_EVERY) {
                self.count(client, &mut told, &counter);
            } else {
                self.create(client, &mut told, &format!("{}-{number}", self.prefix));
            }
        }
        told
    }

    fn create(&self, client: &mut Client, told: &mut Told, key: &str) -> Option<String> {
        told.keys.insert(key.to_owned(), None);
        let body = json!({ "table": self.table, "fields": { "Key": key } });
        let answer = self.insist(client, told, ("POST", "/v1/records"), key, &body)?;
        let id = answer.get("id").and_then(Value::as_str)?.to_owned();
        told.keys.insert(key.to_owned(), Some(id.clone()));
        Some(id)
    }

    fn count(&self, client: &mut Client, told: &mut Told, record: &str) {
        told.counter.1.sent += 1;
        let value = told.counter.1.sent;
        let body = json!({ "fields": { "Count": value } });
        let key = format!("{}-count-{value}", self.prefix);
        if self.insist(client, told, ("PATCH", &format!("/v1/records/{record}")), &key, &body).is_some() {
            told.counter.1.acknowledged = value;
        }
    }

    /// Sends until there is a 2xx; `None` when patience or the server's goodwill ends.
    fn insist(
        &self,
        client: &mut Client,
        told: &mut Told,
        (method, path): (&str, &str),
        key: &str,
        body: &Value,
    ) -> Option<Value> {
        let header = format!("idempotency-key: {key}");
        let body = body.to_string();
        let began = Instant::now();
        let mut unanswered = false;
        while began.elapsed() < PATIENCE {
            match client.send(method, path, &[&header], Some(body.as_bytes())) {
                Ok(answer) if answer.is_success() => {
                    if unanswered && answer.header("idempotent-replayed").is_some() {
                        told.replayed += 1;
                    }
                    self.shared.acknowledged[self.number].fetch_add(1, Ordering::AcqRel);
                    return match answer.json() {
                        Ok(value) => Some(value),
                        Err(error) => {
                            told.wrong = Some(error.to_string());
                            None
                        }
                    };
                }
                Ok(answer) if answer.status >= 500 || answer.status == 409 || answer.status == 429 => {
                    told.refused += 1;
                }
                Ok(answer) => {
                    told.wrong = Some(format!("{method} {path} {key}: {answer}"));
                    return None;
                }
                Err(Failure::NoAnswer(_)) => {
                    told.unanswered += u64::from(!unanswered);
                    unanswered = true;
                }
                Err(Failure::NotSent(_)) => {}
            }
            std::thread::sleep(PAUSE);
        }
        told.wrong = Some(format!("{method} {path} {key}: not acknowledged within {PATIENCE:?}"));
        None
    }
}
