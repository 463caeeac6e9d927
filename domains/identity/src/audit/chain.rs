//! The chain of an organisation's trail: each row carries the hash of the row before it, so that a row that is changed,
//! left out, put in, moved or cut off the end is noticed.
//!
//! hash = SHA-256("nclc-trail-1" ‖ number as 8 bytes, big endian ‖ hash before ‖ canonical row). Numbers begin at 1 and have no
//! gaps; the organisation's head keeps the last number and hash, and, when old rows were let go, the hash that the first kept
//! row continues (the anchor).

use jiff::Timestamp;
use kernel_core::secret::sha256;
use kernel_core::{Error, Result, TenantId};
use kernel_db::{Database, Db, Row, Tx, statements};
use serde_json::Value;
use uuid::Uuid;

statements! {
    /// The organisation has a head.
    tenant Logs ENSURE_HEAD = "insert into logs.trail_heads (tenant_id) values ($1) on conflict do nothing";
    /// The end of the chain; whoever appends waits here.
    tenant Logs HEAD_LOCKED = "select seq, hash, anchor_seq, anchor_hash from logs.trail_heads where tenant_id = $1 for update";
    /// The end of the chain.
    tenant Logs HEAD = "select seq, hash, anchor_seq, anchor_hash from logs.trail_heads where tenant_id = $1";
    /// Whether a row was written before.
    tenant Logs EVENT_EXISTS = "select 1 from logs.tenant_events where tenant_id = $1 and id = $2";
    /// An organisation's row.
    tenant Logs INSERT_TENANT_EVENT = "insert into logs.tenant_events
        (tenant_id, id, at, actor, action, target, address, request_id, reason, data, seq, hash)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    /// Moves the end of the chain.
    tenant Logs SET_HEAD = "update logs.trail_heads set seq = $2, hash = $3 where tenant_id = $1";
    /// Rows of the chain after a number.
    tenant Logs CHAIN_AFTER = "select id, at, actor, action, target, address, request_id, reason, data, seq, hash
        from logs.tenant_events where tenant_id = $1 and seq > $2 order by seq limit 1000";
    /// Organisations that have a chain.
    platform Logs CHAINED = "select tenant_id from logs.trail_heads order by tenant_id";
    /// The last row that is old enough to go: all rows up to it are.
    platform Logs LAST_TO_GO = "select seq, hash from logs.tenant_events where tenant_id = $1 and seq is not null and seq <
            coalesce((select min(seq) from logs.tenant_events where tenant_id = $1 and seq is not null and at >= $2), 9223372036854775807)
        order by seq desc limit 1";
    /// The chain goes on from here.
    platform Logs SET_ANCHOR = "update logs.trail_heads set anchor_seq = $2, anchor_hash = $3 where tenant_id = $1";
    /// Lets old rows go.
    platform Logs DELETE_OLD = "delete from logs.tenant_events where tenant_id = $1 and (seq <= $2 or (seq is null and at < $3))";
}

/// A row as it is hashed.
#[derive(Clone, Debug)]
pub(super) struct Link<'a> {
    pub(super) id: Uuid,
    pub(super) at: Timestamp,
    pub(super) actor: &'a str,
    pub(super) action: &'a str,
    pub(super) target: &'a str,
    pub(super) address: &'a str,
    pub(super) request_id: &'a str,
    pub(super) reason: Option<&'a str>,
    pub(super) data: &'a Value,
}

/// JSON with the names of every object in order: the same text however the database keeps it.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort_unstable();
            out.push('{');
            for (at, name) in names.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                canonical(&members[name], out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                canonical(item, out);
            }
            out.push(']');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

impl Link<'_> {
    fn hash(&self, seq: i64, before: &[u8]) -> [u8; 32] {
        let row = serde_json::json!([
            self.id.to_string(),
            // Postgres keeps microseconds.
            self.at.as_microsecond(),
            self.actor,
            self.action,
            self.target,
            self.address,
            self.request_id,
            self.reason,
            self.data,
        ]);
        let mut text = String::new();
        canonical(&row, &mut text);
        let mut bytes = b"nclc-trail-1".to_vec();
        bytes.extend_from_slice(&seq.to_be_bytes());
        bytes.extend_from_slice(before);
        bytes.extend_from_slice(text.as_bytes());
        sha256(&bytes)
    }
}

/// Appends a row; one that was written before is not written again.
pub(super) async fn append(tx: &mut Tx, tenant: TenantId, link: &Link<'_>) -> Result<()> {
    let number = tenant.uuid();
    tx.execute(&ENSURE_HEAD, &[&number]).await?;
    let head = tx.query_one(&HEAD_LOCKED, &[&number]).await?;
    if tx.query_opt(&EVENT_EXISTS, &[&number, &link.id]).await?.is_some() {
        return Ok(());
    }
    let (seq, before): (i64, Vec<u8>) = (head.get::<_, i64>("seq") + 1, head.get("hash"));
    let hash = link.hash(seq, &before).to_vec();
    tx.execute(
        &INSERT_TENANT_EVENT,
        &[
            &number,
            &link.id,
            &link.at,
            &link.actor,
            &link.action,
            &link.target,
            &link.address,
            &link.request_id,
            &link.reason,
            link.data,
            &seq,
            &hash,
        ],
    )
    .await?;
    tx.execute(&SET_HEAD, &[&number, &seq, &hash]).await?;
    Ok(())
}

/// What became of a chain that was looked at from its anchor to its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Rows that hold.
    pub rows: u64,
    /// The first number that does not, and what is wrong with it.
    pub broken: Option<(i64, &'static str)>,
}

/// Looks at an organisation's whole chain. The caller has been authorised.
///
/// # Errors
/// `internal` only.
pub async fn verify(db: &Db, tenant: TenantId) -> Result<Verdict> {
    let number = tenant.uuid();
    // The head first: what is appended meanwhile is beyond it.
    let Some(head) = db.read_opt(tenant, &HEAD, &[&number]).await? else {
        return Ok(Verdict { rows: 0, broken: None });
    };
    let (end, last): (i64, Vec<u8>) = (head.get("seq"), head.get("hash"));
    let (mut seq, mut before): (i64, Vec<u8>) = (head.get("anchor_seq"), head.get("anchor_hash"));
    let mut rows = 0;
    let broken = |rows, seq, what| Ok(Verdict { rows, broken: Some((seq, what)) });
    while seq < end {
        let page = db.read(tenant, &CHAIN_AFTER, &[&number, &seq]).await?;
        if page.is_empty() {
            return broken(rows, seq + 1, "is missing at the end");
        }
        for row in page.iter().filter(|row| row.get::<_, i64>("seq") <= end) {
            let found: i64 = row.get("seq");
            if found != seq + 1 {
                return broken(rows, seq + 1, "is missing");
            }
            let hash: Vec<u8> = row.get("hash");
            if hash_of(row, found, &before) != hash.as_slice() {
                return broken(rows, found, "was changed");
            }
            (seq, before) = (found, hash);
            rows += 1;
        }
        if page.iter().all(|row| row.get::<_, i64>("seq") > end) {
            return broken(rows, seq + 1, "is missing");
        }
    }
    if before != last {
        return broken(rows, seq, "is not what the head says");
    }
    Ok(Verdict { rows, broken: None })
}

fn hash_of(row: &Row, seq: i64, before: &[u8]) -> [u8; 32] {
    let data: Value = row.get("data");
    let link = Link {
        id: row.get("id"),
        at: row.get("at"),
        actor: row.get("actor"),
        action: row.get("action"),
        target: row.get("target"),
        address: row.get("address"),
        request_id: row.get("request_id"),
        reason: row.get("reason"),
        data: &data,
    };
    link.hash(seq, before)
}

/// Organisations that have a chain.
///
/// # Errors
/// `internal` only.
pub async fn chained(db: &Db) -> Result<Vec<TenantId>> {
    let rows = db.platform(&CHAINED, &[]).await?;
    Ok(rows.iter().map(|row| TenantId::from_uuid(row.get("tenant_id"))).collect())
}

/// Lets an organisation's rows go that are older than `before`; the anchor keeps what the first kept row continues.
/// Gives how many went.
///
/// # Errors
/// `internal` only.
pub async fn prune(db: &Db, tenant: TenantId, before: Timestamp) -> Result<u64> {
    let number = tenant.uuid();
    let mut tx = db.begin_platform(Database::Logs).await.map_err(Error::from)?;
    let last = tx.query_opt(&LAST_TO_GO, &[&number, &before]).await?;
    let seq = match &last {
        Some(row) => {
            let (seq, hash): (i64, Vec<u8>) = (row.get("seq"), row.get("hash"));
            tx.execute(&SET_ANCHOR, &[&number, &seq, &hash]).await?;
            seq
        }
        None => 0,
    };
    let gone = tx.execute(&DELETE_OLD, &[&number, &seq, &before]).await?;
    tx.commit().await?;
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_order_of_names_does_not_matter_and_everything_else_does() {
        let text = |value: &Value| {
            let mut out = String::new();
            canonical(value, &mut out);
            out
        };
        assert_eq!(
            text(&json!({"b": [1, {"d": 2, "c": "ä\n"}], "a": null})),
            r#"{"a":null,"b":[1,{"c":"ä\n","d":2}]}"#
        );
        let data = json!({"role": "editor"});
        let link = Link {
            id: Uuid::from_u128(1),
            at: Timestamp::UNIX_EPOCH,
            actor: "usr_1",
            action: "member.invited",
            target: "a@b.example",
            address: "10.0.0.1",
            request_id: "req_1",
            reason: None,
            data: &data,
        };
        let hash = link.hash(1, &[0; 32]);
        assert_eq!(hash, link.clone().hash(1, &[0; 32]));
        let other = json!({"role": "owner"});
        for changed in [
            link.clone().hash(2, &[0; 32]),
            link.clone().hash(1, &[1; 32]),
            Link { actor: "usr_2", ..link.clone() }.hash(1, &[0; 32]),
            Link { reason: Some(""), ..link.clone() }.hash(1, &[0; 32]),
            Link { data: &other, ..link }.hash(1, &[0; 32]),
        ] {
            assert_ne!(hash, changed);
        }
    }
}
