//! Rows of figures and the Markdown that they become. Pure but for reading what machine this is.

use super::Scale;
use crate::process::{command, said};
use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

/// Whether a target was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Met {
    Yes,
    No,
    /// The row is there for comparison; it has no target.
    NoTarget,
}

/// A rate with its text.
#[derive(Clone, Debug)]
pub struct Figure {
    /// A second.
    pub value: f64,
    /// For the cell.
    pub shown: String,
    /// Microseconds of processor time each, without the load generator.
    pub processor: Option<f64>,
}

impl Figure {
    /// As it stands in the table.
    #[must_use]
    pub fn text(&self) -> String {
        match self.processor {
            Some(processor) => format!("{}, {} µs CPU", self.shown, number(processor)),
            None => self.shown.clone(),
        }
    }
}

/// One line of the results.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was done.
    pub work: String,
    /// Our figure.
    pub ours: String,
    /// The reference's figure; `–` for none.
    pub reference: String,
    /// Ours to theirs.
    pub ratio: Option<f64>,
    /// Processor time, theirs to ours: what the ratio would be if the processor were all that counts.
    pub processor: Option<f64>,
    /// What the design asks for.
    pub target: String,
    /// The outcome.
    pub met: Met,
    /// Where the processor was while a target was missed.
    pub symbols: Vec<String>,
}

impl Row {
    /// A rate against a rate: met when `ours / theirs` is at least `least`.
    #[must_use]
    pub fn rate(work: &str, ours: &Figure, theirs: &Figure, least: Option<f64>) -> Self {
        let ratio = ours.value / theirs.value;
        Self {
            work: work.to_owned(),
            ours: ours.text(),
            reference: theirs.text(),
            ratio: Some(ratio),
            processor: theirs.processor.zip(ours.processor).map(|(theirs, ours)| theirs / ours),
            target: least.map_or_else(|| "–".to_owned(), |least| format!("≥ {least}×")),
            met: least.map_or(Met::NoTarget, |least| met(ratio >= least)),
            symbols: Vec::new(),
        }
    }

    /// A figure that must not be above a limit.
    #[must_use]
    pub fn at_most(work: &str, value: f64, limit: f64, unit: &str) -> Self {
        Self {
            work: work.to_owned(),
            ours: format!("{} {unit}", number(value)),
            reference: "–".to_owned(),
            ratio: None,
            processor: None,
            target: format!("≤ {} {unit}", number(limit)),
            met: met(value <= limit),
            symbols: Vec::new(),
        }
    }

    /// For the terminal.
    #[must_use]
    pub fn line(&self) -> String {
        let ratio = self.ratio.map(|ratio| format!(" = {ratio:.2}×")).unwrap_or_default();
        let processor = self.processor.map(|ratio| format!(", {ratio:.2}× by CPU")).unwrap_or_default();
        format!(
            "{}: {} against {}{ratio}{processor} (target {}): {}",
            self.work,
            self.ours,
            self.reference,
            self.target,
            self.met.word()
        )
    }
}

impl Met {
    fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "**no**",
            Self::NoTarget => "–",
        }
    }
}

/// From a condition.
#[must_use]
pub fn met(condition: bool) -> Met {
    if condition { Met::Yes } else { Met::No }
}

/// Rows that belong together.
#[derive(Clone, Debug)]
pub struct Section {
    pub title: &'static str,
    pub rows: Vec<Row>,
}

/// Where and when it was measured.
#[derive(Clone, Debug)]
pub struct Environment {
    machine: String,
    date: String,
    commit: String,
    postgres: String,
    scale: Scale,
    took: Duration,
}

impl Environment {
    /// Asks the machine.
    #[must_use]
    pub fn read(scale: &Scale, took: Duration) -> Self {
        let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let model = model.map_or("unknown processor", |(_, name)| name).to_owned();
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let memory =
            memory.lines().find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB"));
        let gigabytes =
            memory.and_then(|text| text.trim().parse::<f64>().ok()).unwrap_or_default() / 1024.0 / 1024.0;
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').next().unwrap_or_default().to_owned();
        let unknown = || "unknown".to_owned();
        let commit =
            said(&mut command("", "git", &["rev-parse", "--short=12", "HEAD"])).unwrap_or_else(unknown);
        let changed = said(&mut command("", "git", &["status", "--porcelain", "--untracked-files=no"]));
        let dirty = if changed.is_some_and(|list| !list.is_empty()) { " with changes" } else { "" };
        Self {
            machine: format!("{cores} × {model}, {gigabytes:.0} GiB, load at the end {load}"),
            date: said(Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"])).unwrap_or_else(unknown),
            commit: format!("{commit}{dirty}"),
            postgres: said(Command::new(crate::rig::tools::postgres("postgres")).arg("--version"))
                .unwrap_or_else(unknown),
            scale: *scale,
            took,
        }
    }
}

/// The whole page.
#[must_use]
pub fn render(environment: &Environment, sections: &[Section]) -> String {
    let mut out = String::from(HEAD);
    let Environment { machine, date, commit, postgres, scale, took } = environment;
    let _ = write!(
        out,
        "- machine: {machine}\n- date: {date}, commit {commit}\n- {postgres}, fsync and synchronous_commit on\n- tables of {} and {} \
         rows × 20 fields; {} s a figure, {} s in all\n",
        scale.rows,
        scale.large,
        scale.time.as_secs(),
        took.as_secs()
    );
    for section in sections {
        let _ = write!(
            out,
            "\n## {}\n\n| work | ours | reference | ratio | CPU | target | met? |\n| --- | --- | --- | --- | --- | --- | --- |\n",
            section.title
        );
        for row in &section.rows {
            let times =
                |ratio: Option<f64>| ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}×"));
            let (ratio, processor) = (times(row.ratio), times(row.processor));
            let Row { work, ours, reference, target, .. } = row;
            let _ = writeln!(
                out,
                "| {work} | {ours} | {reference} | {ratio} | {processor} | {target} | {} |",
                row.met.word()
            );
        }
    }
    for row in sections.iter().flat_map(|section| &section.rows).filter(|row| !row.symbols.is_empty()) {
        let _ = write!(out, "\n### Where the time goes: {}\n\n", row.work);
        for symbol in &row.symbols {
            let _ = writeln!(out, "    {symbol}");
        }
    }
    out.push_str(MISSING);
    out
}

const HEAD: &str = "# Speed\n\nMade by `cargo xtask bench`; ratios are measured in one run on one machine, with the load generator on the same \
cores. The reference of records is pgbench (prepared statements) over the same data in typed columns with forced row-level security, in the \
same cluster. “one write” sends BEGIN, the tenant, the query and COMMIT together, as the server does; “four round trips” sends them one \
after the other. The column CPU is the processor time of the reference to ours, without the load generators: rates \
suffer from whatever else the machine does (a server of one process more than 32 backends), processor time hardly does.\n\n";

const MISSING: &str = "\n## Not measured here\n\n- A new site of 12 pages from a template, and \
a load from a snapshot: not in the product yet.\n";

/// Thousands with a comma, small numbers with decimals.
#[must_use]
pub fn number(value: f64) -> String {
    if value.abs() >= 1000.0 {
        let whole = format!("{:.0}", value.abs());
        let mut out = String::new();
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                out.push(',');
            }
            out.push(digit);
        }
        return if value < 0.0 { format!("-{out}") } else { out };
    }
    let decimals = if value.abs() >= 100.0 {
        0
    } else if value.abs() >= 10.0 {
        1
    } else {
        2
    };
    format!("{value:.decimals$}")
}

/// A whole number with commas.
#[must_use]
pub fn count(value: u64) -> String {
    if value < 1000 { value.to_string() } else { number(value as f64) }
}

/// Milliseconds of a duration.
#[must_use]
pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// The value below which `share` of the sorted values are.
#[must_use]
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(place.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown() {
        for (value, expected) in [
            (0.0, "0.00"),
            (1.234, "1.23"),
            (12.34, "12.3"),
            (123.4, "123"),
            (1234.0, "1,234"),
            (1_234_567.8, "1,234,568"),
            (-1234.0, "-1,234"),
        ] {
            assert_eq!(number(value), expected);
        }
        assert_eq!((count(0), count(900_000)), ("0".to_owned(), "900,000".to_owned()));
    }

    #[test]
    fn percentiles() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(
            (percentile(&values, 0.5), percentile(&values, 0.99), percentile(&values, 1.0)),
            (50.0, 99.0, 100.0)
        );
        assert_eq!(percentile(&[], 0.5), 0.0);
    }

    #[test]
    fn targets_are_judged() {
        let figure = |value: f64, processor| Figure { value, shown: String::new(), processor };
        let rate =
            |ours: f64, least| Row::rate("x", &figure(ours, None), &figure(100.0, Some(3.0)), least).met;
        assert_eq!(
            (rate(200.0, Some(2.0)), rate(199.0, Some(2.0)), rate(1.0, None)),
            (Met::Yes, Met::No, Met::NoTarget)
        );
        let row = Row::rate("x", &figure(1.0, Some(10.0)), &figure(1.0, Some(25.0)), None);
        assert_eq!((row.processor, row.reference.as_str()), (Some(2.5), ", 25.0 µs CPU"));
        assert_eq!(Row::at_most("x", 2.0, 2.0, "ms").met, Met::Yes);
        assert_eq!(Row::at_most("x", 2.1, 2.0, "ms").met, Met::No);
    }

    #[test]
    fn the_page_has_every_row_and_says_where_time_went() {
        let mut row = Row::at_most("a window", 3.0, 2.0, "ms");
        row.symbols = vec!["12.0 %  memcpy".into()];
        let environment = Environment {
            machine: "m".into(),
            date: "d".into(),
            commit: "c".into(),
            postgres: "p".into(),
            scale: Scale { rows: 1, large: 2, time: Duration::from_secs(3) },
            took: Duration::from_secs(4),
        };
        let text = render(&environment, &[Section { title: "Large", rows: vec![row] }]);
        assert!(text.contains("| a window | 3.00 ms | – | – | – | ≤ 2.00 ms | **no** |"), "{text}");
        assert!(text.contains("    12.0 %  memcpy"), "{text}");
    }
}
