//! Many writers at once on two servers: everything that was answered is there, once, in one gapless sequence.

use crate::world::{names, small_table};
use futures_util::future::try_join_all;
use serde_json::json;
use std::collections::BTreeSet;
use testkit::{Server, run};
use uuid::Uuid;

const WRITERS: usize = 32;
const EACH: usize = 20;

async fn write(
    server: &Server,
    token: &str,
    table: &str,
    writer: usize,
) -> anyhow::Result<Vec<(String, String)>> {
    let mut made = Vec::new();
    for number in 0..EACH {
        let name = format!("writer {writer} record {number}");
        let body = json!({"table": table, "fields": {"Name": name}});
        let answer = server.api().post("/v1/records").token(token).json(&body).send().await?.expect(201)?;
        made.push((name, answer.json()["id"].as_str().unwrap_or_default().to_owned()));
    }
    Ok(made)
}

#[test]
fn thirty_two_writers_lose_and_double_nothing() {
    run(async |system| {
        let other = system.another_server().await?;
        let tenant = system.fresh_tenant().await?;
        let (base, table) = small_table(system, &tenant).await?;
        let writes = (0..WRITERS).map(|writer| {
            let server: &Server = if writer % 2 == 0 { system } else { &other };
            write(server, &tenant.token, &table, writer)
        });
        let made: BTreeSet<(String, String)> = try_join_all(writes).await?.into_iter().flatten().collect();
        assert_eq!(made.len(), WRITERS * EACH);

        // One sequence without a gap.
        let sql = system.sql("data", "nclc_platform").await?;
        let tenant_id: Uuid = tenant.summary.id.uuid();
        let row = sql
            .query_one(
                "select count(*), count(distinct c.seq), max(c.seq), min(c.seq), (select seq from data.bases where tenant_id = $1)
                 from data.changes c where c.tenant_id = $1",
                &[&tenant_id],
            )
            .await?;
        let (count, distinct, last, first, base_seq): (i64, i64, i64, i64, i64) =
            (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4));
        assert_eq!((count, last), (distinct, base_seq));
        assert_eq!(last - first + 1, count, "the sequence has gaps");

        // Rows, both memories, and a memory loaded from nothing are the same.
        let rows =
            sql.query("select data->>'1' from data.records where tenant_id = $1", &[&tenant_id]).await?;
        let rows: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(rows, made.iter().map(|(name, _)| name.clone()).collect());
        let version = u64::try_from(base_seq)?;
        let fresh = system.another_server().await?;
        for (who, server) in [("the first", &**system), ("the second", &other), ("a fresh", &fresh)] {
            let path = format!("/v1/bases/{base}");
            let min = version.to_string();
            let seen = server
                .api()
                .get(&path)
                .token(&tenant.token)
                .header("min-version", &min)
                .send()
                .await?
                .expect(200)?;
            assert_eq!(seen.version()?, version, "{who} server");
            let memory: BTreeSet<_> = names(server, &tenant.token, &table).await?.into_iter().collect();
            assert_eq!(memory, made, "{who} server");
        }
        Ok(())
    });
}
