//! The OAuth provider end to end: a person's yes, codes, refresh tokens, apps for themselves, and everything that is refused.

use identity::Visit;
use kernel_core::secret::sha256;
use kernel_core::{Role, Scope, Scopes};
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};
use tenancy::oauth::{AppText, NewApp};
use testkit::{Answer, Browser, Member, Tenant, TestSystem, run};

const BACK: &str = "https://stock.example/back";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn visit() -> Visit {
    Visit {
        address: IpAddr::V4(Ipv4Addr::new(10, 204, 0, 1)),
        agent: "oauth".to_owned(),
        request_id: String::new(),
    }
}

fn challenge() -> String {
    data_encoding::BASE64URL_NOPAD.encode(&sha256(VERIFIER.as_bytes()))
}

fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// An app, as its program knows it.
struct App {
    id: String,
    client: String,
    secret: Option<String>,
}

async fn app(system: &TestSystem, ours: &Tenant, new: NewApp) -> anyhow::Result<App> {
    let made = system.system.tenancy.create_app(&ours.owner.caller, &new, &visit()).await?;
    let client = AppText { tenant: ours.summary.id, app: made.id }.compose();
    let secret = made.secret.map(|secret| secret.expose().to_owned());
    Ok(App { id: made.id.to_string(), client, secret })
}

fn stock() -> NewApp {
    NewApp {
        name: "Stock app".into(),
        confidential: true,
        redirects: BACK.into(),
        scopes: [Scope::Read, Scope::Write].into_iter().collect(),
        itself: None,
    }
}

fn request(app: &App, changes: &[(&str, &str)]) -> String {
    let challenge = challenge();
    let mut pairs = vec![
        ("client_id", app.client.as_str()),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", "read write"),
        ("state", "what & ever"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changes {
        pairs.retain(|(known, _)| known != name);
        pairs.push((name, value));
    }
    format!("/oauth/authorize?{}", form(&pairs))
}

fn parameter(location: &str, name: &str) -> Option<String> {
    let (_, query) = location.split_once('?')?;
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The person's answer to a request: where the browser is sent.
async fn answered(
    browser: &mut Browser,
    to: &str,
    more: &[(&str, &str)],
) -> anyhow::Result<(Answer, String)> {
    let lead = browser.open(to).await?.expect(303)?;
    let page = lead.header("location").to_owned();
    let challenge = challenge();
    let mut fields: Vec<(String, String)> =
        form_urlencoded::parse(page.split_once('?').expect("a query").1.as_bytes()).into_owned().collect();
    fields.push(("decision".into(), "allow".into()));
    for (name, value) in more {
        fields.retain(|(known, _)| known != name);
        fields.push(((*name).to_owned(), (*value).to_owned()));
    }
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let post = page.split('?').next().expect("a path").to_owned();
    assert!(challenge.len() == 43);
    let answer = browser.submit(&page, &post, &fields).await?;
    let location = answer.header("location").to_owned();
    Ok((answer, location))
}

async fn code(system: &TestSystem, app: &App, person: &Member) -> anyhow::Result<String> {
    let mut browser = system.browser(person);
    let (answer, location) = answered(&mut browser, &request(app, &[]), &[]).await?;
    anyhow::ensure!(answer.status == 303, "{} {}", answer.status, answer.text);
    parameter(&location, "code").ok_or_else(|| anyhow::anyhow!("no code in {location}"))
}

async fn token(system: &TestSystem, app: &App, pairs: &[(&str, &str)]) -> anyhow::Result<Answer> {
    let mut all = vec![("client_id", app.client.as_str())];
    if let Some(secret) = &app.secret {
        all.push(("client_secret", secret));
    }
    for (name, value) in pairs {
        all.retain(|(known, _)| known != name);
        all.push((name, value));
    }
    system.api().post("/oauth/token").form(form(&all)).send().await
}

async fn exchange(system: &TestSystem, app: &App, code: &str) -> anyhow::Result<Answer> {
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ];
    token(system, app, &pairs).await
}

async fn refresh(system: &TestSystem, app: &App, with: &str) -> anyhow::Result<Answer> {
    token(system, app, &[("grant_type", "refresh_token"), ("refresh_token", with)]).await
}

fn text(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_default().to_owned()
}

fn refused(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), text(&answer.json(), "error"))
}

fn bad(error: &str) -> (u16, String) {
    (400, error.to_owned())
}

/// Waits until a token is refused; fails after a second.
async fn ends(api: &testkit::Client, token: &str) -> anyhow::Result<()> {
    let since = Instant::now();
    while api.get("/v1/bases").token(token).send().await?.status != 401 {
        assert!(since.elapsed() < Duration::from_secs(1), "still let in after a second");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

async fn base(system: &TestSystem, ours: &Tenant, name: &str) -> anyhow::Result<String> {
    let body = serde_json::json!({ "name": name });
    let made = system.api().post("/v1/bases").token(&ours.token).json(&body).send().await?.expect(201)?;
    Ok(text(&made.json(), "id"))
}

#[test]
fn a_person_agrees_and_the_app_acts_within_what_was_agreed() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let (open, closed) = (base(system, &ours, "Open").await?, base(system, &ours, "Closed").await?);
        let app = app(system, &ours, stock()).await?;
        let editor = system.join(&ours, Role::Editor).await?;
        let mut browser = system.browser(&editor);
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
        let fewer = token(
            system,
            &app,
            &[("grant_type", "refresh_token"), ("refresh_token", &first), ("scope", "read")],
        );
        let second = fewer.await?.expect(200)?.json();
        assert_eq!(text(&second, "scope"), "read");
        let more = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &text(&second, "refresh_token")),
            ("scope", "delete"),
        ];
        assert_eq!(refused(&token(system, &app, &more).await?), bad("invalid_scope"));
        // Disconnected, it ends on every process.
        let other = system.another_server().await?;
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
fn requests_that_are_wrong_are_told_to_the_right_one() {
    run(async |system| {
        let (ours, others) = (system.fresh_tenant().await?, system.fresh_tenant().await?);
        let app = app(system, &ours, stock()).await?;
        let mut browser = system.browser(&ours.owner);
        // Nobody is sent anywhere before the app and the address are known to belong together.
        for (changes, status) in [
            (vec![("client_id", "nclcapp_nothing")], 400),
            (vec![("redirect_uri", "https://evil.example/back")], 400),
            (vec![("redirect_uri", "https://stock.example/back/")], 400),
            (vec![("redirect_uri", "https://stock.example/back?x=1")], 400),
            (vec![("redirect_uri", "")], 400),
        ] {
            let mut answer = browser.open(&request(&app, &changes)).await?;
            if answer.status == 303 {
                let to = answer.header("location").to_owned();
                assert!(to.starts_with("/o/"), "{to}");
                answer = browser.open(&to).await?;
            }
            assert_eq!(answer.status, status, "{changes:?}");
            assert_eq!(answer.header("location"), "", "{changes:?}");
        }
        for (changes, error) in [
            (vec![("response_type", "token")], "unsupported_response_type"),
            (vec![("code_challenge", "")], "invalid_request"),
            (vec![("code_challenge_method", "plain")], "invalid_request"),
            (vec![("code_challenge_method", "")], "invalid_request"),
            (vec![("scope", "read delete")], "invalid_scope"),
            (vec![("scope", "schema")], "invalid_scope"),
        ] {
            let lead = browser.open(&request(&app, &changes)).await?.expect(303)?;
            let answer = browser.open(lead.header("location")).await?.expect(303)?;
            let to = answer.header("location");
            assert!(to.starts_with(BACK), "{to}");
            assert_eq!(parameter(to, "error").as_deref(), Some(error), "{changes:?}");
            assert_eq!(parameter(to, "state").as_deref(), Some("what & ever"));
            assert!(parameter(to, "iss").is_some() && parameter(to, "code").is_none());
        }
        let (_, no) = answered(&mut browser, &request(&app, &[]), &[("decision", "deny")]).await?;
        assert_eq!(parameter(&no, "error").as_deref(), Some("access_denied"));
        // A yes without the page's token is none; what the form hides is looked at again.
        let slug = &ours.slug;
        let forged = system.portal("app").post(&format!("/o/{slug}/apps/authorize"));
        let forged = forged
            .header("cookie", &format!("__Host-session={}", ours.owner.session))
            .header("origin", "https://evil.example")
            .form(form(&[("decision", "allow"), ("client_id", &app.client)]));
        assert_eq!(forged.send().await?.status, 403);
        let (answer, to) =
            answered(&mut browser, &request(&app, &[]), &[("redirect_uri", "https://evil.example/")]).await?;
        assert_eq!((answer.status.as_u16(), to.as_str()), (400, ""));
        // Somebody of another organisation is not asked; nobody signed in is asked who they are, and comes back.
        let mut stranger = system.browser(&others.owner);
        let lead = stranger.open(&request(&app, &[])).await?.expect(303)?;
        assert_eq!(stranger.open(lead.header("location")).await?.status, 404);
        let mut nobody = Browser::new(system.portal("app"));
        let lead = nobody.open(&request(&app, &[])).await?.expect(303)?;
        let login = nobody.open(lead.header("location")).await?.expect(303)?;
        assert!(login.header("location").starts_with("/login?next=%2Fo%2F"), "{}", login.header("location"));
        Ok(())
    });
}

#[test]
fn codes_work_once_for_their_app_address_and_verifier() {
    run(async |system| {
        let (ours, others) = (system.fresh_tenant().await?, system.fresh_tenant().await?);
        let app_one = app(system, &ours, stock()).await?;
        let app_two = app(system, &ours, NewApp { name: "Another".into(), ..stock() }).await?;
        let foreign = app(system, &others, stock()).await?;
        let code_one = code(system, &app_one, &ours.owner).await?;
        let wrong = async |app: &App, changes: &[(&str, &str)]| {
            let mut pairs = vec![
                ("grant_type", "authorization_code"),
                ("code", code_one.as_str()),
                ("redirect_uri", BACK),
                ("code_verifier", VERIFIER),
            ];
            for (name, value) in changes {
                pairs.retain(|(known, _)| known != name);
                pairs.push((name, value));
            }
            anyhow::Ok(refused(&token(system, app, &pairs).await?))
        };
        assert_eq!(wrong(&app_two, &[]).await?, bad("invalid_grant"), "another app");
        assert_eq!(wrong(&foreign, &[]).await?, bad("invalid_grant"), "of another organisation");
        assert_eq!(wrong(&app_one, &[("code_verifier", &"x".repeat(43))]).await?, bad("invalid_grant"));
        assert_eq!(wrong(&app_one, &[("code_verifier", "")]).await?, bad("invalid_request"));
        assert_eq!(
            wrong(&app_one, &[("redirect_uri", "https://stock.example/")]).await?,
            bad("invalid_grant")
        );
        assert_eq!(wrong(&app_one, &[("code", "nclccode_x")]).await?, bad("invalid_grant"));
        assert_eq!(wrong(&app_one, &[("grant_type", "password")]).await?, bad("unsupported_grant_type"));
        let unknown = (401, "invalid_client".to_owned());
        assert_eq!(wrong(&app_one, &[("client_secret", "nclcsec_x")]).await?, unknown);
        assert_eq!(wrong(&app_one, &[("client_secret", "")]).await?, unknown, "without its secret");
        assert_eq!(
            wrong(&app_one, &[("client_secret", foreign.secret.as_deref().unwrap_or_default())]).await?,
            unknown
        );
        // None of these has used it up. Of many at the same time one gets tokens; then all that it gave ends.
        let tries = (0..4).map(|_| exchange(system, &app_one, &code_one));
        let mut given = Vec::new();
        for answer in futures_util::future::join_all(tries).await {
            let answer = answer?;
            if answer.status == 200 {
                given.push(answer.json());
            } else {
                assert_eq!(refused(&answer), bad("invalid_grant"));
            }
        }
        assert_eq!(given.len(), 1);
        ends(&system.api(), &text(&given[0], "access_token")).await?;
        assert_eq!(
            refused(&refresh(system, &app_one, &text(&given[0], "refresh_token")).await?),
            bad("invalid_grant")
        );
        system.mail(&ours.owner.email, "Stock app was disconnected").await?;
        // One that is too old.
        let late = code(system, &app_one, &ours.owner).await?;
        let sql = system.sql("control", "nclc_platform").await?;
        let hash = sha256(late.as_bytes());
        sql.execute(
            "update control.oauth_codes set expires_at = expires_at - interval '61 seconds' where code_hash = $1",
            &[&hash.as_slice()],
        )
        .await?;
        assert_eq!(refused(&exchange(system, &app_one, &late).await?), bad("invalid_grant"));
        // No secret of any kind is stored as it is.
        let fresh = code(system, &app_one, &ours.owner).await?;
        let tokens = exchange(system, &app_one, &fresh).await?.expect(200)?.json();
        for secret in [&fresh, &text(&tokens, "refresh_token"), app_one.secret.as_ref().expect("a secret")] {
            for table in ["oauth_codes", "oauth_refresh_tokens", "oauth_apps", "oauth_connections"] {
                let statement =
                    format!("select count(*) from control.{table} t where strpos(t::text, $1) > 0");
                let found: i64 = sql.query_one(&statement, &[&&secret[31..60]]).await?.get(0);
                assert_eq!(found, 0, "{table}");
            }
        }
        Ok(())
    });
}

#[test]
fn a_refresh_token_that_comes_twice_ends_its_connection_alone() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let public = NewApp { confidential: false, ..stock() };
        let app = app(system, &ours, public).await?;
        assert!(app.secret.is_none());
        let connect = async || {
            let code = code(system, &app, &ours.owner).await?;
            anyhow::Ok(exchange(system, &app, &code).await?.expect(200)?.json())
        };
        let (stolen, other) = (connect().await?, connect().await?);
        let next = refresh(system, &app, &text(&stolen, "refresh_token")).await?.expect(200)?.json();
        let api = system.api();
        assert_eq!(api.get("/v1/bases").token(&text(&next, "access_token")).send().await?.status, 200);
        assert_eq!(
            refused(&refresh(system, &app, &text(&stolen, "refresh_token")).await?),
            bad("invalid_grant")
        );
        let elsewhere = system.another_server().await?;
        ends(&elsewhere.api(), &text(&next, "access_token")).await?;
        ends(&api, &text(&stolen, "access_token")).await?;
        assert_eq!(
            refused(&refresh(system, &app, &text(&next, "refresh_token")).await?),
            bad("invalid_grant")
        );
        let mail = system.mail(&ours.owner.email, "was disconnected").await?;
        assert!(mail.contains("Stock app") && mail.contains("/account/apps"), "{mail}");
        assert_eq!(api.get("/v1/bases").token(&text(&other, "access_token")).send().await?.status, 200);
        refresh(system, &app, &text(&other, "refresh_token")).await?.expect(200)?;
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
        tenancy.invite(&ours.owner.caller, &member.email, Role::Editor, &visit()).await?;
        let mail = system.mail(&member.email, "invites you").await?;
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
fn access_tokens_are_ours_or_nobodys() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let itself = NewApp { itself: Some(None), ..stock() };
        let (app, api) = (app(system, &ours, itself).await?, system.api());
        let fresh = async || {
            let answer = token(system, &app, &[("grant_type", "client_credentials")]).await?.expect(200)?;
            anyhow::Ok(text(&answer.json(), "access_token"))
        };
        let access = fresh().await?;
        let parts: Vec<&str> = access.split('.').collect();
        let decoded = |part: &str| {
            let bytes = data_encoding::BASE64URL_NOPAD.decode(part.as_bytes()).expect("base64url");
            serde_json::from_slice::<Value>(&bytes).expect("JSON")
        };
        let (head, claims) = (decoded(parts[0]), decoded(parts[1]));
        assert_eq!((head["alg"].as_str(), head["typ"].as_str()), (Some("ES256"), Some("at+jwt")));
        assert_eq!(claims["client_id"].as_str(), Some(app.client.as_str()));
        let keys = api.get("/.well-known/jwks.json").send().await?.expect(200)?.json();
        assert!(keys["keys"].as_array().expect("keys").iter().any(|key| key["kid"] == head["kid"]));
        assert!(!keys.to_string().contains("\"d\""), "only public keys");
        let encode = |value: &Value| data_encoding::BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let status = async |token: String| {
            anyhow::Ok(api.get("/v1/bases").token(&token).send().await?.status.as_u16())
        };
        assert_eq!(status(access.clone()).await?, 200);
        let mut other = claims.clone();
        other["scope"] = "read write delete".into();
        let mut none = head.clone();
        none["alg"] = "none".into();
        let mut hs = head.clone();
        hs["alg"] = "HS256".into();
        let mut unknown = head.clone();
        unknown["kid"] = "another".into();
        for (what, forged) in [
            ("other claims", format!("{}.{}.{}", parts[0], encode(&other), parts[2])),
            ("alg none", format!("{}.{}.", encode(&none), parts[1])),
            ("alg HS256", format!("{}.{}.{}", encode(&hs), parts[1], parts[2])),
            ("unknown key", format!("{}.{}.{}", encode(&unknown), parts[1], parts[2])),
            ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ] {
            assert_eq!(status(forged).await?, 401, "{what}");
        }
        // It is a key to the API alone.
        let page = system.portal("app").get("/account").header("authorization", &format!("Bearer {access}"));
        assert_ne!(page.header("accept", "application/json").send().await?.status, 200);
        // Rotated: what was signed before works, also where the new key was never seen, and the new one everywhere.
        let elsewhere = system.another_server().await?;
        elsewhere.api().get("/v1/bases").token(&access).send().await?.expect(200)?;
        system.system.tenancy.rotate_keys().await?;
        let next = fresh().await?;
        assert_ne!(decoded(next.split('.').next().expect("a head"))["kid"], head["kid"]);
        for token in [&access, &next] {
            assert_eq!(status(token.clone()).await?, 200);
            let since = Instant::now();
            while elsewhere.api().get("/v1/bases").token(token).send().await?.status != 200 {
                assert!(since.elapsed() < Duration::from_secs(5), "the other process does not learn the key");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        let sealed = system.sql("control", "nclc_platform").await?;
        let plain: i64 = sealed
            .query_one("select count(*) from control.oauth_keys where strpos(encode(private, 'hex'), '06082a8648ce3d030107') > 0", &[])
            .await?
            .get(0);
        assert_eq!(plain, 0, "private keys are sealed");
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
