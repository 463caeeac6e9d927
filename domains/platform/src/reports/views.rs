//! Context of the page of reports.

use super::{KEPT_DAYS, ReportRow};
use kernel_web::{View, register_view};
use serde::Serialize;

/// `admin/reports.html`.
#[derive(Serialize)]
pub struct ReportsView {
    /// What was kept out, the latest first.
    rows: Vec<Item>,
    /// Days that reports are kept.
    days: i64,
}

#[derive(Serialize)]
struct Item {
    portal: String,
    page: String,
    directive: String,
    blocked: String,
    source: String,
    times: i64,
    last_at: String,
}

impl ReportsView {
    pub(crate) fn of(rows: Vec<ReportRow>) -> Self {
        let item = |row: ReportRow| Item {
            portal: row.portal,
            page: format!("{}{}", row.host, row.page),
            directive: row.directive,
            blocked: row.blocked,
            source: row.source,
            times: row.times,
            last_at: row.last_at.to_string(),
        };
        Self { rows: rows.into_iter().map(item).collect(), days: KEPT_DAYS }
    }
}

impl View for ReportsView {
    const TEMPLATE: &'static str = "admin/reports.html";
    fn samples() -> Vec<Self> {
        let item = |source: &str| Item {
            portal: "app".into(),
            page: "app.nclc.localhost:8080/o/acme/".into(),
            directive: "script-src-elem".into(),
            blocked: "https://evil.example/x.js".into(),
            source: source.into(),
            times: 12,
            last_at: "2026-11-21T10:16:00Z".into(),
        };
        vec![Self { rows: Vec::new(), days: 30 }, Self { rows: vec![item(""), item("small.js:7")], days: 30 }]
    }
}
register_view!(ReportsView);
