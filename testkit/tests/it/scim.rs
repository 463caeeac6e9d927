//! SCIM over HTTP on two processes: a membership that the directory ends is over on the other one within a second.

use identity::Visit;
use kernel_core::{Role, StaffId};
use kernel_db::statements;
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};
use testkit::{eventually, run};

statements! {
    /// A domain as if its TXT record had been looked up.
    tenant Control PROVE = "insert into control.sso_domains (tenant_id, domain, proof, created_at, proven_at) values ($1, $2, 'x', $3, $3)";
    /// And captured.
    global Control HOLD = "insert into control.captured_domains (domain, organisation) values ($1, $2)";
}

#[test]
fn what_the_directory_ends_is_over_everywhere() {
    run(async |system| {
        let other = system.another_server().await?;
        let (ours, theirs) = (system.fresh_tenant().await?, system.fresh_tenant().await?);
        let now = kernel_core::Clock::System.now();
        let visit = Visit {
            address: IpAddr::V4(Ipv4Addr::new(10, 211, 0, 1)),
            agent: "scim".to_owned(),
            request_id: String::new(),
        };
        let (tenancy, db) = (&system.system.tenancy, &system.system.db);
        let mut directories = Vec::new();
        for tenant in [&ours, &theirs] {
            system
                .system
                .billing
                .set_plan(tenant.summary.id, "business".parse()?, now, StaffId::new())
                .await?;
            let (id, domain) = (tenant.summary.id, format!("{}.example", tenant.slug));
            db.write(id, &PROVE, &[&id.uuid(), &domain, &now]).await?;
            db.global_execute(&HOLD, &[&domain, &id.uuid()]).await?;
            let token = tenancy.make_scim_token(&tenant.owner.caller, &visit).await?;
            directories.push(token.text.expose().to_owned());
        }
        let member = system.join(&ours, Role::Editor).await?;
        let browse = async |status: u16| {
            let bases = other.api().get("/v1/bases").token(&member.token).send().await?;
            anyhow::Ok((bases.status == status).then_some(()))
        };
        assert!(browse(200).await?.is_some());
        let api = system.api();
        let body = json!({
            "userName": format!("nina@{}.example", ours.slug), "displayName": "Nina",
            "emails": [{"value": format!("nina@{}.example", ours.slug), "primary": true}],
        });
        let made = api.post("/scim/v2/Users").token(&directories[0]).json(&body).send().await?.expect(201)?;
        let nina = made.json()["id"].as_str().unwrap_or_default().to_owned();
        let user = nina.parse()?;
        assert_eq!(other.system.tenancy.role(ours.summary.id, user).await?, Some(Role::Viewer));
        // The member came by an invitation to a foreign address: the directory does not reach such people.
        let guest = format!("/scim/v2/Users/{}", member.user);
        api.get(&guest).token(&directories[0]).send().await?.expect(404)?;
        let patch = json!({"Operations": [{"op": "Replace", "path": "active", "value": "False"}]});
        let path = format!("/scim/v2/Users/{nina}");
        api.patch(&path).token(&directories[1]).json(&patch).send().await?.expect(404)?;
        assert_eq!(tenancy.role(ours.summary.id, user).await?, Some(Role::Viewer));
        let began = Instant::now();
        api.patch(&path).token(&directories[0]).json(&patch).send().await?.expect(200)?;
        eventually("the end on the other process", Duration::from_secs(1), async || {
            let role = other.system.tenancy.role(ours.summary.id, user).await?;
            Ok(role.is_none().then_some(()))
        })
        .await?;
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        // An API token opens no directory, and the directory's token nothing but it.
        let refused = api.get("/scim/v2/Users").token(&ours.token).send().await?.expect(401)?;
        assert!(refused.header("content-type").starts_with("application/scim+json"));
        api.get("/v1/bases").token(&directories[0]).send().await?.expect(401)?;
        Ok(())
    });
}
