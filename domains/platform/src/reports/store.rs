//! SQL of reports.

use super::ReportRow;
use kernel_db::{Row, statements};

statements! {
    /// Counts a report; a new place only as long as the day has room for it.
    global Logs COUNT_REPORT = "insert into logs.csp_reports (day, place, portal, host, page, directive, blocked, source, line, times, last_at)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10
        where exists (select from logs.csp_reports where day = $1 and place = $2)
            or (select count(*) from logs.csp_reports where day = $1) < $11
        on conflict (day, place) do update set times = logs.csp_reports.times + 1, last_at = excluded.last_at";
    /// The latest.
    platform Logs LATEST_REPORTS = "select day, portal, host, page, directive, blocked, source, line, times, last_at
        from logs.csp_reports order by last_at desc, place limit $1";
    /// Clears what is too old.
    global Logs DELETE_OLD_REPORTS = "delete from logs.csp_reports where day < $1";
}

pub(super) fn report(row: &Row) -> ReportRow {
    let (source, line): (String, i32) = (row.get("source"), row.get("line"));
    ReportRow {
        day: row.get("day"),
        portal: row.get("portal"),
        host: row.get("host"),
        page: row.get("page"),
        directive: row.get("directive"),
        blocked: row.get("blocked"),
        source: if line > 0 { format!("{source}:{line}") } else { source },
        times: row.get("times"),
        last_at: row.get("last_at"),
    }
}
