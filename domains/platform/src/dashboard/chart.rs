//! A bar chart as SVG without inline style (the CSP has no `unsafe-inline`): positions are attributes in the drawing's own
//! units, colours are classes of `styles/app.css`. Pure.

use super::model::Day;
use serde::Serialize;

const HEIGHT: f64 = 190.0;
const LEFT: f64 = 36.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 22.0;
const BOTTOM: f64 = 26.0;

/// One bar with its label.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Bar {
    x: String,
    y: String,
    width: String,
    height: String,
    /// Middle of the bar.
    middle: String,
    /// Where the number above it stands.
    label_y: String,
    /// The number, when there is room and it is not zero.
    label: Option<String>,
    /// The day below, on every few bars.
    tick: Option<String>,
}

/// A horizontal line with its number.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct GridLine {
    y: String,
    text_y: String,
    text: String,
}

/// Everything that the template draws.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Chart {
    view_box: String,
    left: String,
    right: String,
    base: String,
    tick_y: String,
    axis_x: String,
    lines: Vec<GridLine>,
    bars: Vec<Bar>,
    /// What a person hears instead of the picture.
    summary: String,
}

/// The sign-ups of `days` in a drawing `width` units wide (one unit is one CSS pixel at that width).
pub(super) fn sign_ups(days: &[Day], width: f64) -> Chart {
    let most = days.iter().map(|day| day.users).max().unwrap_or(0);
    let (step, top) = scale(most);
    let plot = HEIGHT - TOP - BOTTOM;
    let y = |value: i64| TOP + plot * (1.0 - value as f64 / top as f64);
    let slot = (width - LEFT - RIGHT) / days.len().max(1) as f64;
    let every = (44.0 / slot).ceil().max(1.0) as usize;
    let bars = days
        .iter()
        .enumerate()
        .map(|(index, day)| {
            let x = LEFT + slot * index as f64 + slot * 0.14;
            // Counted from the end, so that today is always named.
            let named = (days.len() - 1 - index).is_multiple_of(every);
            Bar {
                x: number(x),
                y: number(y(day.users)),
                width: number(slot * 0.72),
                height: number(HEIGHT - BOTTOM - y(day.users)),
                middle: number(x + slot * 0.36),
                label_y: number(y(day.users) - 5.0),
                label: (day.users > 0 && slot >= 14.0).then(|| day.users.to_string()),
                tick: named.then(|| day.date.strftime("%-d %b").to_string()),
            }
        })
        .collect();
    let lines = (0..=top / step)
        .map(|index| {
            let value = index * step;
            GridLine { y: number(y(value)), text_y: number(y(value) + 4.0), text: value.to_string() }
        })
        .collect();
    Chart {
        view_box: format!("0 0 {} {}", number(width), number(HEIGHT)),
        left: number(LEFT),
        right: number(width - RIGHT),
        base: number(HEIGHT - BOTTOM),
        tick_y: number(HEIGHT - 8.0),
        axis_x: number(LEFT - 8.0),
        lines,
        bars,
        summary: summary(days),
    }
}

/// The distance of the grid lines and the end of the scale: 1, 2 or 5 times a power of ten, at most five lines.
fn scale(most: i64) -> (i64, i64) {
    let mut step = 1;
    for factor in [2, 5, 10].into_iter().cycle() {
        if most <= step * 4 {
            break;
        }
        let power = 10_i64.pow(step.ilog10());
        step = power * factor;
    }
    let lines = most.max(1).div_euclid(step) + i64::from(most.max(1).rem_euclid(step) > 0);
    (step, step * lines)
}

fn summary(days: &[Day]) -> String {
    let total: i64 = days.iter().map(|day| day.users).sum();
    match days.iter().max_by_key(|day| day.users).filter(|day| day.users > 0) {
        None => format!("No sign-ups in {} days", days.len()),
        Some(best) => {
            format!(
                "{total} sign-ups in {} days, most on {}: {}",
                days.len(),
                best.date.strftime("%-d %B"),
                best.users
            )
        }
    }
}

/// At most two decimals, none that are not needed.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::model::fill;
    use super::*;
    use jiff::civil::date;

    #[test]
    fn scales_are_round_and_hold_the_most() {
        for (most, expected) in [
            (0, (1, 1)),
            (1, (1, 1)),
            (4, (1, 4)),
            (5, (2, 6)),
            (8, (2, 8)),
            (9, (5, 10)),
            (37, (10, 40)),
            (41, (20, 60)),
            (100, (50, 100)),
            (2_318, (1_000, 3_000)),
        ] {
            assert_eq!(scale(most), expected, "{most}");
        }
    }

    #[test]
    fn the_tallest_bar_reaches_its_line_and_zero_is_on_the_axis() {
        let days = fill(date(2026, 11, 1), 3, &[(date(2026, 11, 2), 4)], &[]);
        let chart = sign_ups(&days, 240.0);
        assert_eq!(chart.bars[0].height, "0");
        assert_eq!(chart.bars[1].y, number(TOP));
        assert_eq!(chart.bars[1].label.as_deref(), Some("4"));
        assert_eq!(chart.bars[2].tick.as_deref(), Some("3 Nov"));
        assert_eq!(chart.lines.len(), 5);
        assert_eq!(chart.summary, "4 sign-ups in 3 days, most on 2 November: 4");
    }

    #[test]
    fn an_empty_month_is_a_sentence() {
        let days = fill(date(2026, 11, 1), 30, &[], &[]);
        assert_eq!(sign_ups(&days, 600.0).summary, "No sign-ups in 30 days");
    }
}
