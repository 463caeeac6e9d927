//! The OAuth provider: everything that is refused, and what a copy of a key leads to.

use crate::oauth_world::{
    App, BACK, VERIFIER, another, answered, app, bad, code, ends, exchange, form, parameter, refresh,
    refused, request, stock, text, token,
};
use kernel_core::secret::sha256;
use serde_json::Value;
use std::time::{Duration, Instant};
use tenancy::oauth::NewApp;
use testkit::{Browser, run};

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
        let elsewhere = another(system).await?;
        for process in [&api, &elsewhere.api()] {
            let answer = process.get("/v1/bases").token(&text(&next, "access_token")).send().await?;
            assert_eq!(answer.status, 200);
        }
        assert_eq!(
            refused(&refresh(system, &app, &text(&stolen, "refresh_token")).await?),
            bad("invalid_grant")
        );
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
fn many_refreshes_of_one_token_at_once_wait_for_each_other_and_not_for_ever() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let app = app(system, &ours, stock()).await?;
        let code = code(system, &app, &ours.owner).await?;
        let first = exchange(system, &app, &code).await?.expect(200)?.json();
        let first = text(&first, "refresh_token");
        let mut given = Vec::new();
        for answer in futures_util::future::join_all((0..40).map(|_| refresh(system, &app, &first))).await {
            let answer = answer?;
            if answer.status == 200 {
                given.push(answer.json());
            } else {
                assert_eq!(refused(&answer), bad("invalid_grant"));
            }
        }
        assert_eq!(given.len(), 1);
        ends(&system.api(), &text(&given[0], "access_token")).await?;
        let next = refresh(system, &app, &text(&given[0], "refresh_token")).await?;
        assert_eq!(refused(&next), bad("invalid_grant"), "the connection has ended");
        Ok(())
    });
}

#[test]
fn a_used_code_without_its_verifier_ends_nothing() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let app = app(system, &ours, NewApp { confidential: false, ..stock() }).await?;
        let code = code(system, &app, &ours.owner).await?;
        let tokens = exchange(system, &app, &code).await?.expect(200)?.json();
        let wrong = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", BACK),
            ("code_verifier", &"x".repeat(43)),
        ];
        assert_eq!(refused(&token(system, &app, &wrong).await?), bad("invalid_grant"));
        let next = refresh(system, &app, &text(&tokens, "refresh_token")).await?.expect(200)?.json();
        assert_eq!(refused(&exchange(system, &app, &code).await?), bad("invalid_grant"));
        ends(&system.api(), &text(&next, "access_token")).await?;
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
        let elsewhere = another(system).await?;
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
        // A key whose follower has signed for an hour is believed by nobody who reads the keys now.
        let past = "update control.oauth_keys set created_at = created_at - interval '1 hour'";
        sealed.execute(past, &[]).await?;
        let late = another(system).await?;
        let late = late.api();
        assert_eq!(late.get("/v1/bases").token(&access).send().await?.status, 401);
        late.get("/v1/bases").token(&next).send().await?.expect(200)?;
        let keys = late.get("/.well-known/jwks.json").send().await?.expect(200)?.json();
        assert!(!keys["keys"].as_array().expect("keys").iter().any(|key| key["kid"] == head["kid"]));
        let plain: i64 = sealed
            .query_one("select count(*) from control.oauth_keys where strpos(encode(private, 'hex'), '06082a8648ce3d030107') > 0", &[])
            .await?
            .get(0);
        assert_eq!(plain, 0, "private keys are sealed");
        Ok(())
    });
}

#[test]
fn refresh_tokens_and_connections_end_by_themselves() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let app = app(system, &ours, stock()).await?;
        let sql = system.sql("control", "nclc_platform").await?;
        let tenant = ours.summary.id.uuid();
        for (table, days) in [("oauth_refresh_tokens", 60), ("oauth_connections", 365)] {
            let code = code(system, &app, &ours.owner).await?;
            let tokens = exchange(system, &app, &code).await?.expect(200)?.json();
            let left = format!(
                "select max(extract(epoch from expires_at - now()))::float8 from control.{table} where tenant_id = $1"
            );
            let left: f64 = sql.query_one(&left, &[&tenant]).await?.get(0);
            assert!(
                left < f64::from(days) * 86_400.0 && left > f64::from(days - 1) * 86_400.0,
                "{table} {left}"
            );
            let pass = format!("update control.{table} set expires_at = now() where tenant_id = $1");
            sql.execute(&pass, &[&tenant]).await?;
            let late = refresh(system, &app, &text(&tokens, "refresh_token")).await?;
            assert_eq!(refused(&late), bad("invalid_grant"), "{table}");
        }
        Ok(())
    });
}
