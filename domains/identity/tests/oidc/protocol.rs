//! Tokens and answers of providers, good and evil: what is believed, and what is said about the rest.

use crate::idp::{CLIENT, ISSUER, Idp, RSA, SECRET, Signer, Wire};
use identity::oidc::protocol::Returned;
use identity::oidc::{Person, Protocol, Provider, Purpose};
use jiff::{SignedDuration, Timestamp};
use kernel_core::{Clock, Code, Error, FixedClock, Random, Secret};
use serde_json::{Value, json};
use std::sync::Arc;

const BACK: &str = "https://app.example/login/with/oidc/callback";

struct Scene {
    idp: Arc<Idp>,
    clock: FixedClock,
    protocol: Protocol,
    provider: Provider,
}

impl Scene {
    fn new() -> Self {
        let clock = FixedClock::at(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(500_000));
        let time = Clock::Fixed(clock.clone());
        let idp = Idp::new({
            let time = time.clone();
            move || time.now()
        });
        let protocol = Protocol::new(Arc::new(Wire(Arc::clone(&idp))), time, Random::seeded(1));
        let provider = Provider::open_id("oidc", "Acme", ISSUER, CLIENT.into(), Secret::new(SECRET));
        Self { idp, clock, protocol, provider }
    }

    async fn log_in_for(&self, purpose: Purpose, iss: Option<&str>) -> Result<Person, Error> {
        let (to, flow) = self.protocol.begin(&self.provider, purpose, None, BACK).await?;
        self.idp.visited(&to);
        let returned = Returned {
            code: Some("good".into()),
            state: Some(flow.state.clone()),
            iss: iss.map(str::to_owned),
            error: None,
        };
        self.protocol.finish(&self.provider, &flow, &returned, BACK).await
    }

    async fn log_in(&self) -> Result<Person, Error> {
        self.log_in_for(Purpose::SignIn, Some(ISSUER)).await
    }

    async fn refused(&self, why: &str) {
        let error = self.log_in().await.unwrap_err();
        assert_eq!(error.code(), Code::ProviderFailed);
        assert!(error.message().contains(why), "{why}: {}", error.message());
        assert!(!error.message().contains(SECRET), "nothing of ours: {}", error.message());
    }
}

#[tokio::test]
async fn a_person_goes_and_comes_back() {
    let scene = Scene::new();
    let (to, flow) = scene.protocol.begin(&scene.provider, Purpose::SignIn, None, BACK).await.unwrap();
    let query = scene.idp.visited(&to);
    assert!(to.starts_with("https://idp.example/authorize?"), "{to}");
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", BACK),
        ("scope", "openid email profile"),
        ("state", &flow.state),
        ("nonce", &flow.nonce),
        ("code_challenge", &flow.challenge()),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(query[name], value, "{name}");
    }
    assert!(!to.contains(&flow.verifier));
    let person = scene.log_in().await.unwrap();
    assert_eq!((person.issuer.as_str(), person.subject.as_str()), (ISSUER, "248289761001"));
    assert_eq!(person.email.as_deref(), Some("alex@acme.example"));
    assert!(person.email_verified && person.email_theirs && !person.several_factors);
    assert_eq!(scene.idp.times("openid-configuration"), 1, "kept");
    assert_eq!(scene.idp.times("keys"), 1, "kept");
    assert_eq!(scene.idp.times("userinfo"), 0, "the token said it all");
}

#[tokio::test]
async fn every_algorithm_with_its_own_key() {
    for signer in [Signer::ec(), Signer::ed()] {
        let scene = Scene::new();
        *scene.idp.keys.lock().unwrap() = vec![("x".into(), Arc::new(signer))];
        scene.log_in().await.unwrap();
    }
    // A key that says PS256 of itself verifies that, and RS256 no more.
    let scene = Scene::new();
    let mut shown = RSA.shown("one");
    shown["alg"] = json!("PS256");
    scene.idp.instead.lock().unwrap().insert("keys".into(), (200, json!({"keys": [shown]}).to_string()));
    scene.refused("not signed by one of its keys").await;
    scene.idp.twisted(|head, _| head["alg"] = json!("PS256"));
    scene.log_in().await.unwrap();
}

#[tokio::test]
async fn tokens_with_wrong_claims_are_refused() {
    let now = Timestamp::UNIX_EPOCH.as_second() + 500_000 * 3600;
    let set = |name: &'static str, value: Value| {
        move |claims: &mut serde_json::Map<String, Value>| {
            claims.insert(name.into(), value.clone());
        }
    };
    type Change = Box<dyn Fn(&mut serde_json::Map<String, Value>) + Send>;
    let cases: Vec<(&str, Change)> = vec![
        ("another issuer", Box::new(set("iss", json!("https://evil.example")))),
        ("another issuer", Box::new(set("iss", json!("https://idp.example/")))),
        ("somebody else", Box::new(set("aud", json!("another client")))),
        ("somebody else", Box::new(set("aud", json!(["another", "third"])))),
        ("somebody else", Box::new(set("aud", json!([])))),
        ("made for somebody else", Box::new(set("aud", json!([CLIENT, "another"])))),
        ("made for somebody else", Box::new(set("azp", json!("another")))),
        ("expired", Box::new(set("exp", json!(now - 61)))),
        ("expired", Box::new(set("exp", json!("soon")))),
        ("expired", Box::new(|claims| drop(claims.remove("exp")))),
        ("future", Box::new(set("iat", json!(now + 61)))),
        ("future", Box::new(|claims| drop(claims.remove("iat")))),
        ("not good yet", Box::new(set("nbf", json!(now + 61)))),
        ("another log-in", Box::new(set("nonce", json!("replayed")))),
        ("another log-in", Box::new(|claims| drop(claims.remove("nonce")))),
        ("whom it is about", Box::new(set("sub", json!("")))),
        ("whom it is about", Box::new(set("sub", json!(7)))),
        ("whom it is about", Box::new(set("sub", json!("x".repeat(256))))),
    ];
    for (why, change) in cases {
        let scene = Scene::new();
        scene.idp.twisted(move |_, claims| change(claims));
        scene.refused(why).await;
    }
    // Clocks may differ by a minute; several audiences are fine with a word about who asked.
    let fine: Vec<Change> = vec![
        Box::new(set("exp", json!(now - 59))),
        Box::new(set("iat", json!(now + 59))),
        Box::new(set("nbf", json!(now + 59))),
        Box::new(set("exp", json!(1_800_000_300.5))),
        Box::new(move |claims| {
            claims.insert("aud".into(), json!([CLIENT, "another"]));
            claims.insert("azp".into(), json!(CLIENT));
        }),
    ];
    for change in fine {
        let scene = Scene::new();
        scene.idp.twisted(move |_, claims| change(claims));
        scene.log_in().await.unwrap();
    }
}

#[tokio::test]
async fn tokens_that_are_not_signed_as_they_must_be_are_refused() {
    let not_signed = "not signed by one of its keys";
    // The head lies about the algorithm.
    for algorithm in ["none", "None", "", "HS256", "ES256", "EdDSA", "RS384", "PS256"] {
        let scene = Scene::new();
        scene.idp.twisted(move |head, _| head["alg"] = json!(algorithm));
        scene.refused(not_signed).await;
    }
    let scene = Scene::new();
    scene.idp.twisted(|head, _| {
        head["crit"] = json!(["b64"]);
    });
    scene.refused(not_signed).await;
    // A stranger's key, under the same name, under another one, brought along in the head.
    for name in ["one", "two"] {
        let scene = Scene::new();
        let stranger = Signer::ec();
        let shown = stranger.shown(name);
        let nonce = json!("any");
        let head = json!({"alg": "ES256", "kid": name, "jwk": shown, "jku": "https://evil.example/keys"});
        let claims = json!({"iss": ISSUER, "aud": CLIENT, "sub": "1", "nonce": nonce, "exp": 9_999_999_999_i64, "iat": 1});
        *scene.idp.forged.lock().unwrap() = Some(stranger.token(&head, &claims));
        scene.refused(not_signed).await;
    }
    // HS256 with the public key as the secret.
    let scene = Scene::new();
    let part = |value: &Value| data_encoding::BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let text = format!(
        "{}.{}",
        part(&json!({"alg": "HS256", "kid": "one"})),
        part(&json!({"iss": ISSUER, "aud": CLIENT, "sub": "1", "exp": 9_999_999_999_i64, "iat": 1}))
    );
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &RSA.public_der());
    let tag = aws_lc_rs::hmac::sign(&key, text.as_bytes());
    let forged = format!("{text}.{}", data_encoding::BASE64URL_NOPAD.encode(tag.as_ref()));
    *scene.idp.forged.lock().unwrap() = Some(forged);
    scene.refused(not_signed).await;
    // Cut, changed, without a signature, no token at all.
    let good = {
        let scene = Scene::new();
        scene.idp.token()
    };
    let dot = good.rfind('.').unwrap();
    let changed = good.replacen('A', "B", 1);
    for broken in
        [&good[..dot], &good[..=dot], &good[..good.len() - 4], &changed, "", "a.b.c", &"x".repeat(70_000)]
    {
        let scene = Scene::new();
        *scene.idp.forged.lock().unwrap() = Some(broken.to_owned());
        scene.refused(not_signed).await;
    }
}

#[tokio::test]
async fn new_keys_are_fetched_and_not_too_often() {
    let scene = Scene::new();
    scene.log_in().await.unwrap();
    *scene.idp.keys.lock().unwrap() = vec![("two".into(), Arc::new(Signer::ec()))];
    scene.refused("not signed").await;
    assert_eq!(scene.idp.times("keys"), 1, "asked within the last half minute");
    scene.clock.advance(SignedDuration::from_secs(30));
    scene.log_in().await.unwrap();
    assert_eq!(scene.idp.times("keys"), 2);
    // Tokens that name keys nobody has do not make us ask again and again.
    scene.idp.twisted(|head, _| head["kid"] = json!("nobody's"));
    for _ in 0..5 {
        scene.refused("not signed").await;
    }
    assert_eq!(scene.idp.times("keys"), 2);
    // A key that is not shown any more ends with the hour.
    let scene = Scene::new();
    scene.log_in().await.unwrap();
    let former = Arc::clone(&scene.idp.keys.lock().unwrap()[0].1);
    *scene.idp.keys.lock().unwrap() = vec![("two".into(), former)];
    scene.idp.twisted(|head, _| head["kid"] = json!("one"));
    scene.log_in().await.unwrap();
    scene.clock.advance(SignedDuration::from_hours(1));
    scene.refused("not signed").await;
}

#[tokio::test]
async fn answers_say_which_provider_they_are_from() {
    let scene = Scene::new();
    for iss in [None, Some("https://evil.example"), Some("")] {
        let error = scene.log_in_for(Purpose::SignIn, iss).await.unwrap_err();
        assert_eq!(error.code(), Code::ProviderFailed, "{iss:?}");
    }
    assert_eq!(scene.idp.times("/token"), 0, "the code stays here");
    let older = Scene::new();
    older
        .idp
        .metadata
        .lock()
        .unwrap()
        .insert("authorization_response_iss_parameter_supported".into(), json!(false));
    older.log_in_for(Purpose::SignIn, None).await.unwrap();
    let error = older.log_in_for(Purpose::SignIn, Some("https://evil.example")).await.unwrap_err();
    assert!(error.message().contains("another provider"));
}

#[tokio::test]
async fn a_log_in_that_must_be_new_is() {
    let scene = Scene::new();
    let (to, _) = scene.protocol.begin(&scene.provider, Purpose::Again, None, BACK).await.unwrap();
    let query = scene.idp.visited(&to);
    assert_eq!((query["prompt"].as_str(), query["max_age"].as_str()), ("login", "0"));
    scene.log_in_for(Purpose::Again, Some(ISSUER)).await.unwrap();
    for auth_time in [json!(1_000), Value::Null] {
        scene.idp.twisted(move |_, claims| {
            claims.insert("auth_time".into(), auth_time.clone());
        });
        let error = scene.log_in_for(Purpose::Again, Some(ISSUER)).await.unwrap_err();
        assert!(error.message().contains("just now"), "{}", error.message());
    }
}

#[tokio::test]
async fn providers_that_do_not_do_what_they_should() {
    for (path, status, body, why) in [
        (".well-known/openid-configuration", 0, "", "no connection: nothing listens there"),
        (".well-known/openid-configuration", 404, "", "answered 404"),
        (".well-known/openid-configuration", 200, "<html>", "could not be read"),
        (".well-known/openid-configuration", 200, "{}", "could not be read"),
        (
            ".well-known/openid-configuration",
            200,
            r#"{"issuer":"https://evil.example","authorization_endpoint":"","token_endpoint":"","jwks_uri":""}"#,
            "calls itself https://evil.example",
        ),
        (
            ".well-known/openid-configuration",
            200,
            r#"{"issuer":"https://idp.example","authorization_endpoint":"javascript:alert(1)","token_endpoint":"","jwks_uri":""}"#,
            "names an address that is none",
        ),
        ("keys", 500, "", "answered 500"),
        ("keys", 200, "[]", "keys could not be read"),
        ("keys", 200, r#"{"keys":[]}"#, "not signed by one of its keys"),
        (
            "token",
            400,
            r#"{"error":"invalid_grant<script>","error_description":"s3cret/+&"}"#,
            "400 (invalid_grantscript)",
        ),
        ("token", 200, "{}", "no id token"),
        ("token", 302, "", "answered 302"),
    ] {
        let scene = Scene::new();
        scene.idp.instead.lock().unwrap().insert(path.into(), (status, body.into()));
        scene.refused(why).await;
    }
    let scene = Scene::new();
    scene.protocol.try_out(ISSUER).await.unwrap();
    scene.idp.keys.lock().unwrap().clear();
    scene.clock.advance(SignedDuration::from_mins(1));
    let error = scene.protocol.try_out(ISSUER).await.unwrap_err();
    assert!(error.message().contains("no key that can be used"), "{}", error.message());
}

#[tokio::test]
async fn the_person_may_be_told_apart_from_the_token() {
    let scene = Scene::new();
    scene.idp.twisted(|_, claims| {
        claims.remove("email");
        claims.remove("email_verified");
        claims.insert("amr".into(), json!(["pwd", "mfa"]));
    });
    let about =
        json!({"sub": "248289761001", "email": "alex@acme.example", "email_verified": "true", "iss": "x"});
    *scene.idp.userinfo.lock().unwrap() = about;
    let person = scene.log_in().await.unwrap();
    assert!(person.email_verified && person.several_factors);
    assert_eq!(person.claims["iss"], ISSUER, "the token wins");
    *scene.idp.userinfo.lock().unwrap() =
        json!({"sub": "another", "email": "victim@acme.example", "email_verified": true});
    scene.refused("somebody else").await;
}

#[tokio::test]
async fn the_secret_goes_as_the_provider_takes_it() {
    let scene = Scene::new();
    scene.log_in().await.unwrap();
    assert!(!String::from_utf8(scene.idp.last("/token").body).unwrap().contains("client_secret"));
    let scene = Scene::new();
    let methods = json!(["client_secret_post"]);
    scene.idp.metadata.lock().unwrap().insert("token_endpoint_auth_methods_supported".into(), methods);
    scene.log_in().await.unwrap();
    assert!(scene.idp.last("/token").headers.iter().all(|(name, _)| *name != "authorization"));
}

#[tokio::test]
async fn github_is_asked_in_its_own_way() {
    for (web, api) in [
        ("https://github.com", "https://api.github.com/user"),
        ("https://git.acme.example", "https://git.acme.example/api/v3/user"),
    ] {
        let scene = Scene::new();
        let provider = Provider::github(web, CLIENT.into(), Secret::new(SECRET));
        let (to, flow) = scene.protocol.begin(&provider, Purpose::SignIn, None, BACK).await.unwrap();
        assert!(
            to.starts_with(&format!("{web}/login/oauth/authorize?")) && to.contains("code_challenge="),
            "{to}"
        );
        let log_in = async |code: &str| {
            let returned = Returned { code: Some(code.into()), ..Returned::default() };
            scene.protocol.finish(&provider, &flow, &returned, BACK).await
        };
        for (emails, found) in [
            (
                json!([{"email": "a@b.example", "primary": false, "verified": true},
                    {"email": "c@d.example", "primary": true, "verified": true}]),
                Some("c@d.example"),
            ),
            (
                json!([{"email": "c@d.example", "primary": true, "verified": false},
                    {"email": "a@b.example", "primary": false, "verified": true}]),
                None,
            ),
            (json!([]), None),
        ] {
            *scene.idp.userinfo.lock().unwrap() = emails;
            let person = log_in("good").await.unwrap();
            assert_eq!((person.issuer.as_str(), person.subject.as_str()), (web, "583231"));
            assert_eq!((person.email.as_deref(), person.email_verified), (found, found.is_some()));
            assert_eq!(person.name.as_deref(), Some("octo"));
        }
        assert!(scene.idp.times(api) > 0);
        assert!(log_in("stolen").await.unwrap_err().message().contains("did not take the code"));
    }
}
