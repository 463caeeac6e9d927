//! The team end to end: pasted addresses, links to join, clients invited to sites, handing over, removing with an heir.

use identity::Visit;
use kernel_core::{Code, Role};
use std::net::{IpAddr, Ipv4Addr};
use tenancy::members::links::NewLink;
use testkit::run;

fn visit() -> Visit {
    Visit {
        address: IpAddr::V4(Ipv4Addr::new(10, 202, 0, 1)),
        agent: "team".to_owned(),
        request_id: String::new(),
    }
}

#[test]
fn every_wrong_line_is_told_and_nothing_is_lost() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let member = system.join(&ours, Role::Viewer).await?;
        let mut owner = system.browser(&ours.owner);
        let team = format!("/o/{}/team", ours.slug);
        let pasted = format!("fine@paste.example\nnobody\n@x\n{}", member.email);
        let wrong = owner
            .submit(&team, &format!("{team}/invite"), &[("emails", &pasted), ("role", "viewer")])
            .await?;
        assert_eq!(wrong.status, 422, "{}", wrong.text);
        for word in ["“nobody”", "“@x”", "who is a member already", "fine@paste.example"] {
            assert!(wrong.text.contains(word), "{word}");
        }
        assert!(system.system.tenancy.invites(&ours.owner.caller).await?.is_empty(), "nobody was invited");
        let invite = format!("{team}/invite");
        let client =
            owner.submit(&team, &invite, &[("emails", "c@paste.example"), ("role", "client")]).await?;
        assert!(
            client.status == 422 && client.text.contains("choose at least one site"),
            "{}",
            client.status
        );
        let over = [("emails", "c@paste.example"), ("role", "viewer"), ("until", "2001-01-01")];
        assert_eq!(owner.submit(&team, &format!("{team}/invite"), &over).await?.status, 422);
        Ok(())
    });
}

#[test]
fn a_link_lets_in_whom_it_is_for_and_no_more_than_it_says() {
    run(async |system| {
        let (ours, other) = (system.fresh_tenant().await?, system.fresh_tenant().await?);
        let tenancy = &system.system.tenancy;
        let owner = &ours.owner.caller;
        let link = |domains: &str, most_uses| NewLink {
            role: Role::Editor,
            domains: domains.into(),
            most_uses,
            days: 7,
        };
        for (new, field) in [
            (link("no domain", 1), "domains"),
            (link("", 0), "most_uses"),
            (NewLink { days: 8, ..link("", 1) }, "days"),
            (NewLink { role: Role::Admin, ..link("", 1) }, "role"),
        ] {
            let error = tenancy.create_link(owner, &new, &visit()).await.expect_err(field);
            assert_eq!(error.field_errors()[0].field, field);
        }
        let token = |link: String| link.split("token=").nth(1).unwrap_or_default().to_owned();
        let elsewhere = token(tenancy.create_link(owner, &link("acme.example", 5), &visit()).await?);
        let mut stranger = system.browser(&other.owner);
        let shown = stranger.open(&format!("/join?token={elsewhere}")).await?;
        assert!(shown.status == 403 && shown.text.contains("acme.example"), "{}", shown.status);
        // Of many at the same time no more get in than the link says.
        let one = token(tenancy.create_link(owner, &link("testkit.example", 1), &visit()).await?);
        let mut people = Vec::new();
        for _ in 0..4 {
            let theirs = system.fresh_tenant().await?.owner;
            people.push(system.system.identity.users(&[theirs.user]).await?.remove(0));
        }
        let at = visit();
        let tries = people.iter().map(|user| tenancy.join_by_link(user, &one, &at));
        let done = futures_util::future::join_all(tries).await;
        assert_eq!(done.iter().filter(|joined| joined.is_ok()).count(), 1);
        for refused in done.into_iter().filter_map(Result::err) {
            assert_eq!(refused.code(), Code::LinkExpired);
        }
        let rows = tenancy.links(owner).await?;
        let used = rows.iter().find(|row| row.domains == ["testkit.example"]).expect("the link");
        assert_eq!((used.uses, used.most_uses), (1, 1));
        assert_eq!(stranger.open(&format!("/join?token={one}")).await?.status, 410);
        // Taken back.
        let id = rows.iter().find(|row| row.domains == ["acme.example"]).expect("the link").id;
        tenancy.revoke_link(owner, id, &visit()).await?;
        assert_eq!(stranger.open(&format!("/join?token={elsewhere}")).await?.status, 410);
        for damaged in ["", "x", &one[1..], &"ä".repeat(40)] {
            assert_eq!(
                tenancy.link_offer(damaged, None).await.expect_err("damaged").code(),
                Code::LinkExpired
            );
        }
        // By the pages.
        let mut owners = system.browser(&ours.owner);
        let team = format!("/o/{}/team", ours.slug);
        let fields = [("role", "viewer"), ("domains", ""), ("most_uses", "2"), ("days", "1")];
        let made = owners.submit(&team, &format!("{team}/links"), &fields).await?.expect(201)?;
        let plain = made.text.replace("&#x2f;", "/").replace("&#x3d;", "=").replace("&#47;", "/");
        let text = plain.split("/join?token=").nth(1).unwrap_or_default();
        let text: String =
            text.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
        let page = format!("/join?token={text}");
        let joined = stranger.submit(&page, "/join", &[("token", &text)]).await?.expect(303)?;
        assert_eq!(joined.header("location"), format!("/o/{}/", ours.slug));
        Ok(())
    });
}

#[test]
fn an_organisation_is_handed_over_and_tokens_go_to_an_heir() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let (kim, heir) = (system.join(&ours, Role::Editor).await?, system.join(&ours, Role::Admin).await?);
        let viewer = system.join(&ours, Role::Viewer).await?;
        let tenancy = &system.system.tenancy;
        let api = system.api();
        let status =
            async |token: &str| anyhow::Ok(api.get("/v1/bases").token(token).send().await?.status.as_u16());
        // Somebody who may not make tokens can't take them over; then they go on as the heir's.
        let wrong = tenancy.remove_member_to(&ours.owner.caller, kim.user, Some(viewer.user), &visit()).await;
        assert_eq!(wrong.expect_err("a viewer").field_errors()[0].field, "heir");
        tenancy.remove_member_to(&ours.owner.caller, kim.user, Some(heir.user), &visit()).await?;
        assert_eq!(status(&kim.token).await?, 200);
        let made = api.post("/v1/bases").token(&kim.token).json(&serde_json::json!({"name": "By the heir"}));
        assert_eq!(made.send().await?.status, 201, "within what the heir may do");
        tenancy.remove_member(&ours.owner.caller, heir.user, &visit()).await?;
        assert_eq!(status(&kim.token).await?, 401, "without an heir they end");
        // Handing over.
        let next = system.join(&ours, Role::Editor).await?;
        let early = tenancy.transfer_ownership(&next.caller, viewer.user, &visit()).await;
        assert_eq!(early.expect_err("an editor").code(), Code::Forbidden);
        tenancy.transfer_ownership(&ours.owner.caller, next.user, &visit()).await?;
        let roles = [(next.user, Role::Owner), (ours.owner.user, Role::Admin)];
        for (user, role) in roles {
            assert_eq!(tenancy.role(ours.summary.id, user).await?, Some(role));
        }
        let again = tenancy.transfer_ownership(&ours.owner.caller, viewer.user, &visit()).await;
        assert_eq!(again.expect_err("no owner any more").code(), Code::Forbidden, "by the role of now");
        Ok(())
    });
}

#[test]
fn who_was_removed_does_not_come_back_by_a_link_that_lives() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let gone = system.join(&ours, Role::Editor).await?;
        let tenancy = &system.system.tenancy;
        let owner = &ours.owner.caller;
        let new = NewLink { role: Role::Viewer, domains: String::new(), most_uses: 5, days: 7 };
        let link = tenancy.create_link(owner, &new, &visit()).await?;
        let token = link.split("token=").nth(1).unwrap_or_default().to_owned();
        tenancy.remove_member(owner, gone.user, &visit()).await?;
        let mut browser = system.browser(&gone);
        let page = format!("/join?token={token}");
        let refused = browser.submit(&page, "/join", &[("token", &token)]).await?;
        assert!(refused.status == 403 && refused.text.contains("You were removed"), "{}", refused.status);
        assert_eq!(tenancy.role(ours.summary.id, gone.user).await?, None);
        assert_eq!(tenancy.links(owner).await?[0].uses, 0, "nothing was used up");
        // An administrator may want them back; then links are open to them again.
        tenancy.invite(owner, &gone.email, Role::Viewer, &visit()).await?;
        let mail = system.mail(&gone.email, "").await?;
        let user = system.system.identity.users(&[gone.user]).await?.remove(0);
        tenancy.accept_invite(&user, &testkit::TestSystem::token_of(&mail)?, &visit()).await?;
        assert_eq!(tenancy.role(ours.summary.id, gone.user).await?, Some(Role::Viewer));
        tenancy.leave(&gone.caller, &visit()).await?;
        tenancy.join_by_link(&user, &token, &visit()).await?;
        assert_eq!(tenancy.role(ours.summary.id, gone.user).await?, Some(Role::Viewer), "who left may join");
        Ok(())
    });
}

#[test]
fn an_administrator_ends_the_sessions_of_a_member() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let (kim, admin) = (system.join(&ours, Role::Editor).await?, system.join(&ours, Role::Admin).await?);
        let (mut kims, mut owners) = (system.browser(&kim), system.browser(&ours.owner));
        let home = format!("/o/{}/", ours.slug);
        let jwt =
            kims.submit(&format!("{home}tokens"), &format!("{home}api-token"), &[]).await?.expect(200)?;
        let jwt = jwt.json()["token"].as_str().unwrap_or_default().to_owned();
        let api = system.api();
        let status =
            async |token: &str| anyhow::Ok(api.get("/v1/bases").token(token).send().await?.status.as_u16());
        assert_eq!((kims.open(&home).await?.status.as_u16(), status(&jwt).await?), (200, 200));
        let team = format!("/o/{}/team", ours.slug);
        let act = format!("{team}/members/{}/log-out", kim.user);
        owners.submit(&team, &act, &[]).await?.expect(303)?;
        let out = kims.open(&home).await?;
        assert!(out.status == 303 && out.header("location").starts_with("/login"), "{}", out.status);
        assert_eq!(status(&jwt).await?, 401, "what came from the session ends with it");
        assert_eq!(status(&kim.token).await?, 200, "an API token is no session");
        assert!(system.mail(&kim.email, "logged out everywhere").await?.contains("administrator"));
        // An admin does not touch owners, nobody themselves here, and nobody else's people.
        let tenancy = &system.system.tenancy;
        let owner = tenancy.log_member_out(&admin.caller, ours.owner.user, &visit()).await;
        assert_eq!(owner.expect_err("an owner").code(), Code::Forbidden);
        let own = tenancy.log_member_out(&admin.caller, admin.user, &visit()).await;
        assert_eq!(own.expect_err("oneself").code(), Code::Conflict);
        let stranger = system.fresh_tenant().await?.owner;
        let foreign = tenancy.log_member_out(&ours.owner.caller, stranger.user, &visit()).await;
        assert_eq!(foreign.expect_err("not a member").code(), Code::NotFound);
        // Sessions of somebody who is elsewhere, too, are not one organisation's; and nobody is shut out by ending them again
        // and again.
        let other = system.fresh_tenant().await?;
        tenancy.invite(&other.owner.caller, &kim.email, Role::Viewer, &visit()).await?;
        let mail = system.mail(&kim.email, &format!("invites you to {} on", other.summary.name)).await?;
        let user = system.system.identity.users(&[kim.user]).await?.remove(0);
        tenancy.accept_invite(&user, &testkit::TestSystem::token_of(&mail)?, &visit()).await?;
        let shared = tenancy.log_member_out(&ours.owner.caller, kim.user, &visit()).await;
        assert_eq!(shared.expect_err("of two").code(), Code::Conflict);
        for _ in 0..3 {
            tenancy.log_member_out(&ours.owner.caller, admin.user, &visit()).await?;
        }
        let often = tenancy.log_member_out(&ours.owner.caller, admin.user, &visit()).await;
        assert_eq!(often.expect_err("too often").code(), Code::RateLimited);
        assert_eq!(owners.open(&home).await?.status, 200);
        Ok(())
    });
}
