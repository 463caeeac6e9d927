//! The OAuth provider end to end: a person's yes, apps for themselves, and how all of it ends.

use crate::oauth_world::{
    App, BACK, another, answered, app, bad, base, code, ends, exchange, form, parameter, refresh, refused,
    request, stock, text, token, visit,
};
use crate::permissions::{base_no, grant};
use kernel_core::{Code, Grants, Level, Role, Scope, Scopes};
use std::time::Duration;
use tenancy::oauth::NewApp;
use testkit::{TestSystem, eventually, run};

#[test]
fn a_person_agrees_and_the_app_acts_within_what_was_agreed() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let (open, closed) = (base(system, &ours, "Open").await?, base(system, &ours, "Closed").await?);
        let app = app(system, &ours, stock()).await?;
        let admin = system.join(&ours, Role::Admin).await?;
        let mut browser = system.browser(&admin);
        let lead = browser.open(&request(&app, &[])).await?.expect(303)?;
        let page = browser.open(lead.header("location")).await?.expect(200)?;
        for words in
            ["Stock app", &ours.summary.name, "Create and change records", "https://stock.example", "Closed"]
        {
            assert!(page.text.contains(words), "{words}");
        }
        assert!(!page.text.contains("Delete records"), "not asked for");
        let policy = page.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(policy.contains("form-action 'self' https://stock.example;"), "{policy}");
        let ticked = format!("base.{open}");
        let nothing = answered(&mut browser, &request(&app, &[]), &[("reach", "some")]).await?.0;
        assert!(nothing.status == 422 && nothing.text.contains("no base ticked"), "{}", nothing.status);
        let (_, location) =
            answered(&mut browser, &request(&app, &[]), &[("reach", "some"), (&ticked, "on")]).await?;
        assert!(location.starts_with("https://stock.example/back?code="), "{location}");
        assert_eq!(parameter(&location, "state").as_deref(), Some("what & ever"));
        assert_eq!(parameter(&location, "iss").as_deref(), Some(system.api().origin().as_str()));
        let code = parameter(&location, "code").expect("a code");
        let answer = exchange(system, &app, &code).await?.expect(200)?;
        assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
        let tokens = answer.json();
        assert_eq!(
            (text(&tokens, "token_type"), text(&tokens, "scope")),
            ("Bearer".into(), "read write".into())
        );
        let access = text(&tokens, "access_token");
        let api = system.api();
        let seen = api.get("/v1/bases").token(&access).send().await?.expect(200)?.json();
        let names: Vec<&str> = seen["data"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|base| base["name"].as_str())
            .collect();
        assert_eq!(names, ["Open"], "only what was ticked");
        assert_eq!(api.get(&format!("/v1/bases/{closed}")).token(&access).send().await?.status, 404);
        let body = serde_json::json!({ "base": open, "name": "T" });
        let schema = api.post("/v1/tables").token(&access).json(&body).send().await?;
        assert_eq!(schema.code(), "missing_scope", "no structure by an app");
        // The names of connected apps: the person's page and the admins' page.
        let mine = browser.open("/account/apps").await?.expect(200)?;
        assert!(mine.text.contains("Stock app") && mine.text.contains("Open"), "{}", mine.text);
        let theirs = system
            .browser(&ours.owner)
            .open(&format!("/o/{}/apps/{}", ours.slug, app.id))
            .await?
            .expect(200)?;
        assert!(theirs.text.contains("/connections/con_"));
        // Refreshed, the next pair works; the scopes can be made fewer, not more.
        let first = text(&tokens, "refresh_token");
        let fewer = [("grant_type", "refresh_token"), ("refresh_token", first.as_str()), ("scope", "read")];
        let second = token(system, &app, &fewer).await?.expect(200)?.json();
        assert_eq!(text(&second, "scope"), "read");
        let more = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &text(&second, "refresh_token")),
            ("scope", "delete"),
        ];
        assert_eq!(refused(&token(system, &app, &more).await?), bad("invalid_scope"));
        // Disconnected, it ends on every process.
        let other = another(system).await?;
        let last = text(&second, "access_token");
        assert_eq!(other.api().get("/v1/bases").token(&last).send().await?.status, 200);
        let at = mine.text.split_once("action=\"/account/apps/ten_").expect("a form").1;
        let at = format!("/account/apps/ten_{}", at.split('"').next().expect("an end"));
        browser.submit("/account/apps", &at, &[]).await?.expect(303)?;
        ends(&other.api(), &last).await?;
        assert_eq!(
            refused(&refresh(system, &app, &text(&second, "refresh_token")).await?),
            bad("invalid_grant")
        );
        Ok(())
    });
}

#[test]
fn an_app_for_itself_acts_as_an_editor_of_its_organisation() {
    run(async |system| {
        let (ours, others) = (system.fresh_tenant().await?, system.fresh_tenant().await?);
        let theirs = base(system, &others, "Theirs").await?;
        base(system, &ours, "Ours").await?;
        let own =
            app(system, &ours, NewApp { redirects: String::new(), itself: Some(None), ..stock() }).await?;
        let person_only = app(system, &ours, stock()).await?;
        let itself = [("grant_type", "client_credentials")];
        assert_eq!(refused(&token(system, &person_only, &itself).await?), bad("unauthorized_client"));
        let answer = token(system, &own, &itself).await?.expect(200)?.json();
        assert!(answer["refresh_token"].is_null(), "it can ask anew at any time");
        let (api, access) = (system.api(), text(&answer, "access_token"));
        let seen = api.get("/v1/bases").token(&access).send().await?.expect(200)?;
        assert!(seen.text.contains("Ours") && !seen.text.contains("Theirs"), "{}", seen.text);
        assert_eq!(api.get(&format!("/v1/bases/{theirs}")).token(&access).send().await?.status, 404);
        let made =
            api.post("/v1/bases").token(&access).json(&serde_json::json!({"name": "X"})).send().await?;
        assert_eq!(made.status, 403);
        let wrong = token(system, &own, &[("grant_type", "client_credentials"), ("scope", "delete")]).await?;
        assert_eq!(refused(&wrong), bad("invalid_scope"));
        // Basic, as most programs send it; a field twice, and two proofs, are refused.
        let basic = format!("{}:{}", own.client, own.secret.as_deref().unwrap_or_default());
        let basic = format!("Basic {}", data_encoding::BASE64.encode(basic.as_bytes()));
        let post = |path: &str, body: &[(&str, &str)]| {
            api.post(path).header("authorization", &basic).form(form(body)).send()
        };
        post("/oauth/token", &itself).await?.expect(200)?;
        let twice = [("grant_type", "client_credentials"), ("grant_type", "client_credentials")];
        assert_eq!(refused(&post("/oauth/token", &twice).await?), bad("invalid_request"));
        let both = [
            ("grant_type", "client_credentials"),
            ("client_secret", own.secret.as_deref().unwrap_or_default()),
        ];
        assert_eq!(refused(&post("/oauth/token", &both).await?), bad("invalid_request"));
        let wrong =
            api.post("/oauth/token").header("authorization", "Basic !").form(form(&itself)).send().await?;
        assert_eq!((wrong.status.as_u16(), wrong.header("www-authenticate")), (401, "Basic realm=\"oauth\""));
        // A new secret ends the former one; a deleted app ends what it has.
        let tenancy = &system.system.tenancy;
        let id = own.id.parse()?;
        let renewed = tenancy.rotate_secret(&ours.owner.caller, id, &visit()).await?;
        assert_eq!(refused(&token(system, &own, &itself).await?), (401, "invalid_client".to_owned()));
        let renewed = App { secret: renewed.secret.map(|secret| secret.expose().to_owned()), ..own };
        token(system, &renewed, &itself).await?.expect(200)?;
        tenancy.delete_app(&ours.owner.caller, id, &visit()).await?;
        ends(&api, &access).await?;
        Ok(())
    });
}

#[test]
fn what_apps_hold_ends_with_the_membership_the_suspension_and_the_role() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let (app, tenancy, api) = (app(system, &ours, stock()).await?, &system.system.tenancy, system.api());
        let member = system.join(&ours, Role::Editor).await?;
        let code_one = code(system, &app, &member).await?;
        let tokens = exchange(system, &app, &code_one).await?.expect(200)?.json();
        let access = text(&tokens, "access_token");
        let table = base(system, &ours, "B").await?;
        let body =
            serde_json::json!({ "base": table, "name": "T", "fields": [{"name": "Name", "type": "text"}] });
        let table = api.post("/v1/tables").token(&ours.token).json(&body).send().await?.expect(201)?.json();
        let write = async || {
            let body = serde_json::json!({ "table": table["id"], "fields": {"Name": "x"} });
            anyhow::Ok(api.post("/v1/records").token(&access).json(&body).send().await?)
        };
        let record = write().await?.expect(201)?.json();
        let path = format!("/v1/records/{}/history", text(&record, "id"));
        let history = api.get(&path).token(&ours.token).send().await?.expect(200)?;
        assert!(history.text.contains("Stock app for Person"), "{}", history.text);
        tenancy.change_role(&ours.owner.caller, member.user, Role::Viewer, &visit()).await?;
        assert_eq!(write().await?.status, 403, "never more than the person");
        tenancy.suspend(ours.summary.id, "unpaid").await?;
        assert_eq!(api.get("/v1/bases").token(&access).send().await?.code(), "tenant_suspended");
        let again = refresh(system, &app, &text(&tokens, "refresh_token")).await?;
        assert_eq!(refused(&again), bad("unauthorized_client"));
        tenancy.resume(ours.summary.id).await?;
        assert_eq!(api.get("/v1/bases").token(&access).send().await?.status, 200);
        // Removed and invited again: what was let do before does not come back.
        let waiting = code(system, &app, &member).await?;
        tenancy.remove_member(&ours.owner.caller, member.user, &visit()).await?;
        ends(&api, &access).await?;
        let first = system.mail(&member.email, "invites you").await?;
        tenancy.invite(&ours.owner.caller, &member.email, Role::Editor, &visit()).await?;
        let mail = eventually("the second invitation", Duration::from_secs(10), async || {
            Ok(Some(system.mail(&member.email, "invites you").await?).filter(|mail| *mail != first))
        })
        .await?;
        let signed_in =
            system.system.identity.session(&member.session, visit().address).await?.expect("a session");
        tenancy.accept_invite(&signed_in.user, &TestSystem::token_of(&mail)?, &visit()).await?;
        assert_eq!(api.get("/v1/bases").token(&access).send().await?.status, 401);
        assert_eq!(refused(&exchange(system, &app, &waiting).await?), bad("invalid_grant"));
        assert_eq!(
            refused(&refresh(system, &app, &text(&tokens, "refresh_token")).await?),
            bad("invalid_grant")
        );
        Ok(())
    });
}

#[test]
fn metadata_introspection_and_revocation() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let (one, two) = (app(system, &ours, stock()).await?, app(system, &ours, stock()).await?);
        let api = system.api();
        let known = api.get("/.well-known/oauth-authorization-server").send().await?.expect(200)?.json();
        assert_eq!(text(&known, "issuer"), api.origin());
        assert_eq!(
            text(&known, "authorization_endpoint"),
            format!("{}/oauth/authorize", system.portal("app").origin())
        );
        assert_eq!(known["code_challenge_methods_supported"], serde_json::json!(["S256"]));
        let code_one = code(system, &one, &ours.owner).await?;
        let tokens = exchange(system, &one, &code_one).await?.expect(200)?.json();
        let (access, refresh_token) = (text(&tokens, "access_token"), text(&tokens, "refresh_token"));
        let at = async |path: &str, app: &App, token: &str| {
            let secret = app.secret.as_deref().unwrap_or_default();
            let body = form(&[("client_id", &app.client), ("client_secret", secret), ("token", token)]);
            api.post(path).form(body).send().await
        };
        let told = at("/oauth/introspect", &one, &access).await?.expect(200)?.json();
        assert_eq!((told["active"].as_bool(), text(&told, "scope").as_str()), (Some(true), "read write"));
        assert_eq!(text(&told, "sub"), ours.owner.user.to_string());
        assert_eq!(at("/oauth/introspect", &one, &refresh_token).await?.json()["active"], true);
        let nothing = serde_json::json!({"active": false});
        assert_eq!(at("/oauth/introspect", &two, &access).await?.json(), nothing, "somebody else's");
        assert_eq!(at("/oauth/introspect", &one, "x").await?.json(), nothing);
        // What the app may do no longer is not told of its tokens either.
        let fewer = NewApp { scopes: [Scope::Read].into_iter().collect(), ..stock() };
        let id = one.id.parse()?;
        system.system.tenancy.change_app(&ours.owner.caller, id, &fewer, &visit()).await?;
        assert_eq!(text(&at("/oauth/introspect", &one, &access).await?.json(), "scope"), "read");
        assert_eq!(at("/oauth/revoke", &two, &refresh_token).await?.status, 200);
        assert_eq!(at("/oauth/introspect", &one, &access).await?.json()["active"], true, "not theirs to end");
        let body = form(&[("client_id", &one.client), ("token", &access)]);
        assert_eq!(
            refused(&api.post("/oauth/revoke").form(body).send().await?),
            (401, "invalid_client".to_owned())
        );
        assert_eq!(at("/oauth/revoke", &one, &refresh_token).await?.status, 200);
        ends(&api, &access).await?;
        assert_eq!(at("/oauth/introspect", &one, &access).await?.json(), nothing);
        assert_eq!(at("/oauth/revoke", &one, &refresh_token).await?.status, 200, "again");
        assert_eq!(api.get("/oauth/token").send().await?.status, 405);
        let json = api.post("/oauth/token").json(&serde_json::json!({"grant_type": "client_credentials"}));
        assert_eq!(refused(&json.send().await?), bad("invalid_request"));
        Ok(())
    });
}

#[test]
fn only_admins_register_apps_and_only_of_their_own() {
    run(async |system| {
        let (ours, others) = (system.fresh_tenant().await?, system.fresh_tenant().await?);
        let tenancy = &system.system.tenancy;
        let editor = system.join(&ours, Role::Editor).await?;
        assert!(tenancy.create_app(&editor.caller, &stock(), &visit()).await.is_err());
        let program = tenancy.authenticate(&ours.token).await?;
        assert!(tenancy.create_app(&program, &stock(), &visit()).await.is_err(), "a program registers none");
        let mut browser = system.browser(&ours.owner);
        let apps = format!("/o/{}/apps", ours.slug);
        let wrong = browser
            .submit(&apps, &apps, &[("name", "X"), ("redirects", "http://x.example"), ("read", "on")])
            .await?;
        assert!(wrong.status == 422 && wrong.text.contains("is not encrypted"), "{}", wrong.status);
        let fields = [("name", "Made here"), ("kind", "confidential"), ("redirects", BACK), ("read", "on")];
        let made = browser.submit(&apps, &apps, &fields).await?.expect(201)?;
        assert!(made.text.contains("nclcsec_") && made.text.contains("nclcapp_"));
        let listed = tenancy.apps(&ours.owner.caller).await?;
        let id = listed[0].id;
        let path = format!("{apps}/{id}");
        assert!(!browser.open(&path).await?.text.contains("id=\"app-secret\""), "shown once");
        let fields = [("name", "Renamed"), ("redirects", BACK), ("read", "on"), ("delete", "on")];
        browser.submit(&path, &path, &fields).await?.expect(303)?;
        let changed = tenancy.app(&ours.owner.caller, id).await?;
        assert_eq!((changed.name.as_str(), changed.scopes.has(Scope::Delete)), ("Renamed", true));
        assert!(tenancy.app(&others.owner.caller, id).await.is_err());
        assert!(tenancy.delete_app(&others.owner.caller, id, &visit()).await.is_err());
        assert!(tenancy.rotate_secret(&others.owner.caller, id, &visit()).await.is_err());
        let all = NewApp { scopes: Scopes::all(), ..stock() };
        assert!(tenancy.create_app(&ours.owner.caller, &all, &visit()).await.is_err(), "no structure");
        Ok(())
    });
}

#[test]
fn an_admin_with_exceptions_makes_no_app_that_has_none() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let tenancy = &system.system.tenancy;
        let closed = base(system, &ours, "Closed").await?;
        let admin = system.join(&ours, Role::Admin).await?;
        let none = Grants { base: [(base_no(&closed), Level::None)].into(), ..Grants::default() };
        grant(system, &ours, &admin, &none).await?;
        let caller = tenancy.enter(&ours.slug, admin.user).await?.0;
        let itself = NewApp { itself: Some(None), ..stock() };
        let refused = |result: kernel_core::Result<()>| result.err().map(|error| error.code());
        let made = tenancy.create_app(&caller, &itself, &visit()).await.map(|_| ());
        assert_eq!(refused(made), Some(Code::Forbidden));
        let own = app(system, &ours, itself.clone()).await?;
        let id = own.id.parse()?;
        let changed = tenancy.change_app(&caller, id, &itself, &visit()).await;
        assert_eq!(refused(changed), Some(Code::Forbidden));
        let rotated = tenancy.rotate_secret(&caller, id, &visit()).await.map(|_| ());
        assert_eq!(refused(rotated), Some(Code::Forbidden));
        let page = format!("/o/{}/apps/{id}", ours.slug);
        let answer = system.browser(&admin).submit(&page, &format!("{page}/secret"), &[]).await?;
        assert_eq!(answer.status, 403);
        token(system, &own, &[("grant_type", "client_credentials")]).await?.expect(200)?;
        // Apps that act for people, within what these see, are theirs to manage.
        let made = tenancy.create_app(&caller, &stock(), &visit()).await?;
        tenancy.change_app(&caller, made.id, &stock(), &visit()).await?;
        tenancy.rotate_secret(&caller, made.id, &visit()).await?;
        Ok(())
    });
}
