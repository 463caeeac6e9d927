//! Context of the overview.

use super::chart::{self, Chart};
use super::model::{Day, Figures, fill};
use crate::audit::Line;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use kernel_web::{View, register_view};
use serde::Serialize;

/// A number with its name; a link where it can be looked into.
#[derive(Serialize)]
struct Tile {
    name: &'static str,
    value: i64,
    note: Option<String>,
    link: Option<&'static str>,
}

#[derive(Serialize)]
struct DayRow {
    date: Date,
    users: i64,
    tenants: i64,
}

#[derive(Serialize)]
pub(super) struct OverviewView {
    counted_at: Timestamp,
    tiles: Vec<Tile>,
    /// The chart at the width of a desktop's column, and at a phone's.
    wide: Chart,
    narrow: Chart,
    days: Vec<DayRow>,
    actions: Vec<Line>,
}

impl OverviewView {
    pub fn of((counted_at, f): (Timestamp, Figures), days: &[Day], actions: Vec<Line>) -> Self {
        let tile = |name, value| Tile { name, value, note: None, link: None };
        let suspended = (f.suspended_tenants > 0).then(|| format!("{} suspended", f.suspended_tenants));
        let last_two_weeks = &days[days.len().saturating_sub(14)..];
        Self {
            counted_at,
            tiles: vec![
                Tile {
                    note: suspended,
                    link: Some("/tenants?state=active"),
                    ..tile("Active tenants", f.active_tenants)
                },
                tile("People", f.users),
                Tile {
                    note: Some(format!("last {} days", days.len())),
                    ..tile("Sign-ups", days.iter().map(|day| day.users).sum())
                },
                tile("Bases", f.bases),
                tile("Records", f.records),
                tile("Sites", f.sites),
                tile("Published pages", f.published_pages),
                Tile {
                    note: Some(format!("last {} days", days.len())),
                    ..tile("New tenants", days.iter().map(|day| day.tenants).sum())
                },
            ],
            wide: chart::sign_ups(days, 720.0),
            narrow: chart::sign_ups(last_two_weeks, 340.0),
            days: days
                .iter()
                .rev()
                .map(|day| DayRow { date: day.date, users: day.users, tenants: day.tenants })
                .collect(),
            actions,
        }
    }
}

impl View for OverviewView {
    const TEMPLATE: &'static str = "admin/overview.html";
    fn samples() -> Vec<Self> {
        let busy = Figures {
            active_tenants: 2_318,
            suspended_tenants: 4,
            users: 9_120,
            records: 6_412_000,
            ..Figures::default()
        };
        let first = date(2026, 10, 23);
        let days = fill(first, 30, &[(date(2026, 11, 1), 37)], &[(date(2026, 11, 1), 12)]);
        vec![
            Self::of((Timestamp::UNIX_EPOCH, Figures::default()), &fill(first, 30, &[], &[]), Vec::new()),
            Self::of((Timestamp::UNIX_EPOCH, busy), &days, Line::samples()),
        ]
    }
}
register_view!(OverviewView);
