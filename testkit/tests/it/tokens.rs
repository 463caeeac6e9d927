//! API tokens at the door: from where they may be used, a limit of their own, what is noted of their use, and what happens to
//! one that was found in public.

use kernel_core::{Role, Scopes};
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};
use tenancy::NewToken;
use testkit::run;

fn visit() -> identity::Visit {
    identity::Visit {
        address: IpAddr::V4(Ipv4Addr::new(10, 203, 0, 1)),
        agent: "tokens".to_owned(),
        request_id: String::new(),
    }
}

fn new(label: &str) -> NewToken {
    NewToken { label: label.into(), scopes: Scopes::all(), ..NewToken::default() }
}

#[test]
fn a_token_is_let_in_from_its_networks_within_its_limit_and_counted() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let (tenancy, owner, api) = (&system.system.tenancy, &ours.owner.caller, system.api());
        let make = async |new: NewToken| {
            anyhow::Ok(tenancy.create_token(owner, &new, &visit()).await?.text.expose().to_owned())
        };
        let here = make(NewToken { addresses: "203.0.113.0/24, 127.0.0.0/8".into(), ..new("here") }).await?;
        let elsewhere = make(NewToken { addresses: "203.0.113.0/24".into(), ..new("elsewhere") }).await?;
        let get = async |token: &str| api.get("/v1/bases").token(token).send().await;
        assert_eq!(get(&here).await?.status, 200);
        let refused = get(&elsewhere).await?;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, "address_not_allowed"));
        let forged = api.get("/v1/bases").token(&elsewhere).header("x-forwarded-for", "203.0.113.9");
        assert_eq!(forged.send().await?.status, 403, "what the client writes is worth nothing");
        let slow = make(NewToken { per_minute: Some(2), ..new("slow") }).await?;
        assert_eq!((get(&slow).await?.status.as_u16(), get(&slow).await?.status.as_u16()), (200, 200));
        let limited = get(&slow).await?;
        assert_eq!(limited.status, 429);
        assert!(!limited.header("retry-after").is_empty());
        assert_eq!(get(&here).await?.status, 200, "another token has its own");
        let since = Instant::now();
        loop {
            let rows = tenancy.tokens(owner).await?;
            let row = rows.iter().find(|row| row.label == "here").expect("the token");
            if row.calls.iter().sum::<i64>() == 2 && row.last_used_from.as_deref() == Some("127.0.0.1") {
                let refused = rows.iter().find(|row| row.label == "elsewhere").expect("the token");
                assert!(refused.last_used_at.is_none() && refused.last_used_from.is_none(), "{refused:?}");
                break;
            }
            assert!(since.elapsed() < Duration::from_secs(15), "{row:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let mut browser = system.browser(&ours.owner);
        let page = format!("/o/{}/tokens", ours.slug);
        assert!(browser.open(&page).await?.text.contains("203.0.113.0/24"));
        Ok(())
    });
}

#[test]
fn a_token_found_in_public_is_ended_on_every_process_and_its_people_are_told() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let maker = system.join(&ours, Role::Editor).await?;
        let (other, api) = (system.another_server().await?, system.api());
        let status =
            async || anyhow::Ok(other.api().get("/v1/bases").token(&maker.token).send().await?.status);
        assert_eq!(status().await?, 200);
        let report = async |token: &str| {
            let answer = api.post("/v1/token-leaks").json(&json!({"tokens": ["x", token]})).send().await?;
            anyhow::Ok((answer.status.as_u16(), answer.text))
        };
        // The same answer for every text: nothing is told about one.
        // As the document says, nobody has to be known.
        let document = api.get("/openapi.json").send().await?.expect(200)?.json();
        assert_eq!(document["paths"]["/v1/token-leaks"]["post"]["security"], json!([]));
        let nothing = report("nclc_nothing").await?;
        assert_eq!(nothing.0, 202);
        assert_eq!(report(&maker.token).await?, nothing);
        let since = Instant::now();
        while status().await? != 401 {
            assert!(since.elapsed() < Duration::from_secs(1), "still let in after a second");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(report(&maker.token).await?, nothing, "again");
        for email in [&maker.email, &ours.owner.email] {
            assert!(system.mail(email, "found in public").await?.contains("testkit"), "{email}");
        }
        assert_eq!(api.post("/v1/token-leaks").json(&json!({"text": 1})).send().await?.status, 422);
        let mut browser = system.browser(&ours.owner);
        let history = browser.open(&format!("/o/{}/tokens/history", ours.slug)).await?.expect(200)?;
        assert!(history.text.contains("testkit"), "{}", history.text);
        Ok(())
    });
}
