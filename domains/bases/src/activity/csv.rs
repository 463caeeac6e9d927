//! The log as CSV: a line for each thing that a change did.

use super::MAX_PAGE;
use super::entry::ActivityEntry;
use super::log::{Log, Page};
use crate::exports::attachment;
use crate::files::formulas::escape;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use kernel_core::{Error, Result};

const COLUMNS: [&str; 9] = ["version", "at", "who", "name", "done", "what", "in", "names", "count"];

/// Streams the log from its newest change on.
///
/// # Errors
/// `internal` only.
pub(super) async fn streamed(log: Log) -> Result<Response> {
    let name = format!("{} activity.csv", log.name());
    // The first page is made before the status is sent, so that a mistake is still an error.
    let first = log.page(None, MAX_PAGE).await?;
    let (head, next) = (bytes(&first, true)?, first.next);
    let rest = stream::unfold((log, next), |(log, next)| async move {
        let page = log.page(Some(next?), MAX_PAGE).await;
        Some(match page {
            Ok(page) => (bytes(&page, false), (log, page.next)),
            Err(error) => (Err(error), (log, None)),
        })
    });
    let body = stream::once(std::future::ready(Ok::<_, Error>(head))).chain(rest).fuse();
    Ok(attachment(Body::from_stream(body), &name, "text/csv; charset=utf-8"))
}

fn bytes(page: &Page, begins: bool) -> Result<Bytes> {
    let mut out = if begins { b"\xEF\xBB\xBF".to_vec() } else { Vec::new() };
    let mut writer = csv::Writer::from_writer(&mut out);
    if begins {
        writer.write_record(COLUMNS).map_err(Error::internal)?;
    }
    for entry in &page.entries {
        for line in lines(entry) {
            let cells = line.iter().map(|cell| escape(cell));
            writer.write_record(cells.map(|cell| cell.into_owned())).map_err(Error::internal)?;
        }
    }
    writer.flush().map_err(Error::internal)?;
    drop(writer);
    Ok(Bytes::from(out))
}

fn lines(entry: &ActivityEntry) -> Vec<[String; 9]> {
    let line = |done: &str, what: &str, place: &str, names: String, count: usize| {
        let (version, at) = (entry.version.to_string(), entry.at.to_string());
        let (who, name) = (entry.actor.id.clone(), entry.actor.name.clone());
        [version, at, who, name, done.into(), what.into(), place.into(), names, count.to_string()]
    };
    let mut lines = Vec::new();
    for part in &entry.schema {
        lines.push(line(part.done, part.what, part.table.as_deref().unwrap_or(""), part.name.clone(), 1));
    }
    for part in &entry.tables {
        let names: Vec<&str> = part.records.iter().map(|record| record.name.as_str()).collect();
        for (done, count) in [("created", part.created), ("changed", part.updated), ("deleted", part.deleted)]
        {
            if count > 0 {
                // Records that are gone have no name any more.
                let names = if done == "deleted" { String::new() } else { names.join(", ") };
                lines.push(line(done, "record", &part.table.name, names, count));
            }
        }
    }
    lines
}
