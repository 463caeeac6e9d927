//! `Idempotency-Key`: one effect a key.

use crate::world::{names, small_table};
use futures_util::future::try_join_all;
use serde_json::json;
use testkit::run;

#[test]
fn the_same_key_twice_makes_one_record() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let (_, table) = small_table(system, &tenant).await?;
        let send = async |key: &str, name: &str| {
            let body = json!({"table": table, "fields": {"Name": name}});
            system
                .api()
                .post("/v1/records")
                .token(&tenant.token)
                .header("idempotency-key", key)
                .json(&body)
                .send()
                .await
        };
        let first = send("key-1", "once").await?.expect(201)?;
        assert_eq!(first.header("idempotent-replayed"), "");
        let again = send("key-1", "once").await?.expect(201)?;
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!((again.json(), again.version()?), (first.json(), first.version()?));
        let other = send("key-1", "something else").await?;
        assert_eq!((other.status.as_u16(), other.code().as_str()), (422, "idempotency_key_reused"));
        assert_eq!(names(system, &tenant.token, &table).await?.len(), 1);
        // Another organisation may use the same key.
        let stranger = system.fresh_tenant().await?;
        let (_, theirs) = small_table(system, &stranger).await?;
        let body = json!({"table": theirs, "fields": {"Name": "theirs"}});
        let answer = system
            .api()
            .post("/v1/records")
            .token(&stranger.token)
            .header("idempotency-key", "key-1")
            .json(&body)
            .send()
            .await?;
        assert_eq!((answer.status.as_u16(), answer.header("idempotent-replayed")), (201, ""));
        Ok(())
    });
}

#[test]
fn the_same_key_at_the_same_time_on_two_servers_makes_one_record() {
    run(async |system| {
        let other = system.another_server().await?;
        let tenant = system.fresh_tenant().await?;
        let (_, table) = small_table(system, &tenant).await?;
        let body = json!({"table": table, "fields": {"Name": "once"}});
        let sends = (0..16).map(|index| {
            let api = if index % 2 == 0 { system.api() } else { other.api() };
            api.post("/v1/records").token(&tenant.token).header("idempotency-key", "race").json(&body).send()
        });
        let answers = try_join_all(sends).await?;
        let ids: Vec<String> = answers
            .iter()
            .filter(|answer| answer.status == 201)
            .map(|answer| answer.json()["id"].as_str().unwrap_or_default().to_owned())
            .collect();
        let refused: Vec<String> = answers
            .iter()
            .filter(|answer| answer.status != 201)
            .map(|answer| format!("{} {}", answer.status, answer.code()))
            .collect();
        assert!(!ids.is_empty(), "{refused:?}");
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert!(
            refused
                .iter()
                .all(|one| one == "409 Conflict idempotency_in_progress" || one == "409 Conflict conflict"),
            "{refused:?}"
        );
        assert_eq!(names(system, &tenant.token, &table).await?.len(), 1);
        Ok(())
    });
}
