//! One round: writers start, something breaks at a random moment, everybody recovers, the judge looks.

use super::judge::{Ledger, Verdict, judge};
use super::writer::{Shared, Told, Writer};
use super::{Fault, READY_WITHIN, RECOVERED_WITHIN, evidence};
use crate::rig::{Dice, Seeded, Server};
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// When it breaks, in milliseconds after the writers have begun.
const MOMENT: (u64, u64) = (150, 900);
/// How long a terminated server may take; it cuts what is left before that by itself.
const END_PATIENCE: Duration = Duration::from_secs(25);
/// How long recovery is waited for before the round fails.
const RECOVERY_PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(2);

/// Where rounds are played.
#[derive(Debug)]
pub struct Stage {
    /// The server.
    pub server: Server,
    /// Whose base is written to.
    pub seeded: Seeded,
    /// Chooses the moments.
    pub dice: Dice,
    /// How many write at once.
    pub writers: usize,
}

/// What happened when it broke.
#[derive(Clone, Debug, Default)]
struct Broken {
    /// From the fault until every writer had an acknowledgement again.
    recovered: Duration,
    /// From the restart until ready; `None` when nothing was restarted.
    ready: Option<Duration>,
    /// What should not have happened.
    problems: Vec<String>,
}

/// A round's outcome.
#[derive(Clone, Debug, Default)]
pub struct Report {
    number: u32,
    acknowledged: u64,
    unanswered: u64,
    replayed: u64,
    refused: u64,
    broken: Broken,
    verdict: Verdict,
}

impl Stage {
    /// Plays one.
    ///
    /// # Errors
    /// When the rig itself fails; a bad outcome is in the report.
    pub fn round(&mut self, fault: Fault, number: u32) -> Result<Report> {
        let name = format!("Round {number}");
        let table = self.make_table(&name)?;
        let shared = Shared::new(self.writers);
        let moment = self.dice.milliseconds(MOMENT.0, MOMENT.1);
        let (broken, told) = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..self.writers)
                .map(|writer| {
                    let tokens = &self.seeded.tokens;
                    let mut client = self.server.api(&tokens[writer % tokens.len()]);
                    let (table, shared) = (&table, &shared);
                    scope.spawn(move || {
                        let prefix = format!("r{number}w{writer}");
                        Writer { number: writer, prefix, table, shared }.run(&mut client)
                    })
                })
                .collect();
            std::thread::sleep(moment);
            let broken = Self::break_it(&mut self.server, fault, &shared);
            shared.stop.store(true, Ordering::Release);
            let told: Vec<Told> = threads.into_iter().filter_map(|thread| thread.join().ok()).collect();
            (broken, told)
        });
        let mut broken = broken?;
        broken.problems.extend(told.iter().filter_map(|told| told.wrong.clone()));
        let (ledger, mut report) = gather(told);
        if fault == Fault::Terminate && report.replayed > 0 {
            let problem = format!("{} writes were done and not answered at the end", report.replayed);
            broken.problems.push(problem);
        }
        let mut api = self.server.api(&self.seeded.token);
        let seen = evidence::collect(&self.server.sql(), &mut api, &self.seeded, &table, &name)?;
        report.number = number;
        report.broken = broken;
        report.verdict = judge(&ledger, &seen);
        Ok(report)
    }

    fn make_table(&self, name: &str) -> Result<String> {
        let fields = json!([{ "name": "Key", "type": "text" }, { "name": "Count", "type": "number" }]);
        let body = json!({ "base": self.seeded.base, "name": name, "fields": fields });
        let answer = self.server.api(&self.seeded.token).post("/v1/tables", &body)?.json()?;
        answer.get("id").and_then(Value::as_str).map(str::to_owned).context("a table without id")
    }

    fn break_it(server: &mut Server, fault: Fault, shared: &Shared) -> Result<Broken> {
        let mut broken = Broken::default();
        let began = Instant::now();
        let before;
        match fault {
            Fault::KillServer => {
                server.kill();
                before = shared.counts();
                broken.ready = Some(server.start()?);
            }
            Fault::KillPostgres => {
                server.kill_postgres()?;
                before = shared.counts();
            }
            Fault::Terminate => {
                server.ask_to_stop();
                let (status, _) = server.wait(END_PATIENCE)?;
                if !status.success() {
                    broken.problems.push(format!("the server ended with {status}"));
                }
                before = shared.counts();
                broken.ready = Some(server.start()?);
            }
        }
        // Two: the first may be an answer that was on its way when it broke.
        while shared.counts().iter().zip(&before).any(|(now, before)| *now < before + 2) {
            if fault == Fault::KillPostgres && !server.runs() {
                broken.problems.push("the server ended with its PostgreSQL and had to be started".into());
                server.kill();
                broken.ready = Some(server.start()?);
            }
            if began.elapsed() > RECOVERY_PATIENCE {
                bail!("not every writer could write again within {RECOVERY_PATIENCE:?}\n{}", server.log());
            }
            std::thread::sleep(LOOK);
        }
        broken.recovered = began.elapsed();
        if fault == Fault::KillPostgres && broken.recovered > RECOVERED_WITHIN {
            broken.problems.push(format!("recovery took {:?}", broken.recovered));
        }
        if broken.ready.is_some_and(|ready| fault == Fault::KillServer && ready > READY_WITHIN) {
            broken.problems.push(format!("ready only after {:?}", broken.ready.unwrap_or_default()));
        }
        Ok(broken)
    }
}

fn gather(all: Vec<Told>) -> (Ledger, Report) {
    let (mut ledger, mut report) = (Ledger::default(), Report::default());
    for told in all {
        report.acknowledged += told.keys.values().flatten().count() as u64 + told.counter.1.acknowledged;
        report.unanswered += told.unanswered;
        report.replayed += told.replayed;
        report.refused += told.refused;
        ledger.keys.extend(told.keys);
        ledger.counters.insert(told.counter.0, told.counter.1);
    }
    (ledger, report)
}

impl Report {
    /// Names of the columns of [`Report::line`].
    pub const HEAD: &'static str = "round  acknowledged  unanswered  (had happened)  refused  lost  doubled  gaps  memory≠rows  \
                                    ready ms  writing again ms";

    /// One line of the table.
    #[must_use]
    pub fn line(&self) -> String {
        let ready = self.broken.ready.map_or("-".to_owned(), |ready| ready.as_millis().to_string());
        format!(
            "{:>5}  {:>12}  {:>10}  {:>14}  {:>7}  {:>4}  {:>7}  {:>4}  {:>11}  {:>8}  {:>16}",
            self.number,
            self.acknowledged,
            self.unanswered,
            self.replayed,
            self.refused,
            self.verdict.lost.len(),
            self.verdict.doubled.len(),
            self.verdict.gaps,
            self.verdict.differing.len(),
            ready,
            self.broken.recovered.as_millis()
        )
    }

    /// Everything that should not be, a line each; the first few of a kind.
    #[must_use]
    pub fn findings(&self) -> Vec<String> {
        let verdict = &self.verdict;
        let mut out = self.broken.problems.clone();
        let kinds = [
            ("lost", &verdict.lost),
            ("doubled", &verdict.doubled),
            ("never sent", &verdict.strangers),
            ("memory is not the rows", &verdict.differing),
        ];
        for (kind, cases) in kinds {
            out.extend(cases.iter().take(5).map(|case| format!("{kind}: {case}")));
        }
        if verdict.gaps > 0 {
            out.push(format!("{} numbers of the sequence are missing", verdict.gaps));
        }
        out
    }
}

/// The last line: sums.
#[must_use]
pub fn summary(reports: &[Report]) -> String {
    let sum = |number: fn(&Report) -> u64| reports.iter().map(number).sum::<u64>();
    let slowest = reports.iter().map(|report| report.broken.recovered).max().unwrap_or_default();
    format!(
        "{} rounds: {} writes acknowledged, {} lost, {} doubled, {} gaps, {} rows where memory differs; {} got no answer, of which \
         {} had happened and were answered once when repeated; slowest recovery {} ms",
        reports.len(),
        sum(|report| report.acknowledged),
        sum(|report| report.verdict.lost.len() as u64),
        sum(|report| report.verdict.doubled.len() as u64),
        sum(|report| report.verdict.gaps),
        sum(|report| report.verdict.differing.len() as u64),
        sum(|report| report.unanswered),
        sum(|report| report.replayed),
        slowest.as_millis()
    )
}
