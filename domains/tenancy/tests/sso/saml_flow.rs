//! SAML from the set-up page to the organisation: what browsers and providers send, in the order in which they send it.

use crate::browser::{Answer, Browser};
use crate::saml_idp::{ENTITY, KEY, OTHER, SSO, Says, metadata};
use crate::scene::{House, Scene};
use data_encoding::BASE64;
use flate2::read::DeflateDecoder;
use kernel_core::Role;
use kernel_db::statements;
use std::collections::HashMap;
use std::io::Read as _;
use tenancy::sso::model::Typed;

statements! {
    /// Another address, as a directory or the person would have changed it.
    global Control RENAME = "update control.users set email = $2, email_key = $2 where id = $1";
}

const APP: &str = "http://app.nclc.localhost:8080";

fn typed(changes: &[(&str, &str)]) -> Typed {
    let mut typed = Typed {
        protocol: "saml".into(),
        metadata: metadata(&[&KEY]),
        default_role: "viewer".into(),
        ..Typed::default()
    };
    for (name, value) in changes {
        match *name {
            "default_role" => typed.default_role = (*value).into(),
            "role_claim" => typed.role_claim = (*value).into(),
            "role_map" => typed.role_map = (*value).into(),
            _ => typed.subject_attribute = (*value).into(),
        }
    }
    typed
}

/// An organisation with its SAML provider set up and its domain proven.
async fn ready(scene: &Scene, changes: &[(&str, &str)]) -> House {
    let house = scene.house("Acme").await;
    let visit = scene.world.visit();
    scene.tenancy.save_sso(&house.caller, &typed(changes), &visit).await.unwrap();
    scene.tenancy.add_domain(&house.caller, &house.domain, &visit).await.unwrap();
    scene.publish(&house).await;
    scene.tenancy.check_domain_proof(&house.caller, &house.domain, &visit).await.unwrap();
    house
}

/// What the browser was sent to the provider with.
struct Asked {
    state: String,
    xml: String,
}

fn asked(to: &str) -> Asked {
    let (place, query) = to.split_once('?').unwrap();
    assert_eq!(place, SSO);
    let query: HashMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let packed = BASE64.decode(query["SAMLRequest"].as_bytes()).unwrap();
    let mut xml = String::new();
    DeflateDecoder::new(packed.as_slice()).read_to_string(&mut xml).unwrap();
    Asked { state: query["RelayState"].clone(), xml }
}

fn request_of(asked: &Asked) -> String {
    asked.xml.split_once(" ID=\"").unwrap().1.split_once('"').unwrap().0.to_owned()
}

fn says(scene: &Scene, house: &House, request: &str, name: &str, groups: &[&str]) -> Says {
    let base = format!("{APP}/login/sso/{}", house.tenant.slug);
    Says {
        id: format!("_{}", scene.world.random.token()),
        name: name.into(),
        request: request.into(),
        entity: format!("{base}/metadata"),
        acs: format!("{base}/acs"),
        now: scene.world.now(),
        attributes: vec![
            ("email", vec![format!("{name}@{}", house.domain)]),
            ("groups", groups.iter().map(|group| (*group).to_owned()).collect()),
        ],
    }
}

/// The provider's page posts from another site: no cookie of ours comes with it.
async fn post(scene: &Scene, house: &House, xml: &str, state: &str) -> Answer {
    let fields = [("SAMLResponse", BASE64.encode(xml.as_bytes())), ("RelayState", state.to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let path = format!("/login/sso/{}/acs", house.tenant.slug);
    Browser::new(&scene.app).post_without_csrf(&path, &fields).await
}

/// Through the provider and back, as this person.
async fn by_saml(scene: &Scene, browser: &mut Browser, house: &House, name: &str, groups: &[&str]) -> Answer {
    let asked = asked(browser.get(&format!("/login/sso/{}", house.tenant.slug)).await.to());
    let xml = says(scene, house, &request_of(&asked), name, groups).signed(&KEY);
    let back = post(scene, house, &xml, &asked.state).await.to().to_owned();
    browser.get(&back).await
}

#[tokio::test]
async fn a_provider_of_saml_is_set_up() {
    let scene = Scene::new().await;
    let house = scene.house("Acme").await;
    let mut owner = scene.log_in(&house.owner).await;
    let path = format!("/o/{}/security/sso", house.tenant.slug);
    let page = owner.get(&format!("{path}?with=saml")).await;
    let base = format!("{APP}/login/sso/{}", house.tenant.slug);
    assert!(page.body.contains(&format!("{base}/acs")) && page.body.contains(&format!("{base}/metadata")));
    let ours = owner.get(&format!("/login/sso/{}/metadata", house.tenant.slug)).await;
    assert_eq!((ours.status, ours.header("content-type")), (200, "application/samlmetadata+xml"));
    assert!(ours.body.contains(&format!("entityID=\"{base}/metadata\"")), "{}", ours.body);

    let fine = metadata(&[&KEY]);
    let form = |metadata: &str, url: &str, role: &str| {
        [
            ("protocol", "saml".to_owned()),
            ("metadata", metadata.to_owned()),
            ("metadata_url", url.to_owned()),
            ("email_attribute", "email".to_owned()),
            ("default_role", role.to_owned()),
        ]
    };
    let address = "https://idp.example/saml";
    for (metadata, url, role, text) in [
        ("", "", "viewer", "or its address is needed"),
        (fine.as_str(), address, "viewer", "leave one of the two empty"),
        ("", "idp.example/saml", "viewer", "must begin with https://"),
        ("", address, "viewer", "the answer was 404"),
        ("<a/>", "", "viewer", "is not SAML metadata"),
        (fine.as_str(), "", "owner", "none of the roles"),
    ] {
        let fields = form(metadata, url, role);
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        let wrong = owner.post(&path, &fields).await;
        assert!(wrong.status == 422 && wrong.body.contains(text), "{text}: {} {}", wrong.status, wrong.body);
        assert!(wrong.body.contains("value=\"saml\""), "the form of SAML is shown again");
    }
    let save = async |owner: &mut Browser, metadata: &str, url: &str| {
        let fields = form(metadata, url, "viewer");
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        owner.post(&path, &fields).await.to().to_owned()
    };
    assert_eq!(save(&mut owner, &fine, "").await, format!("{path}?note=kept"));
    let page = owner.get(&path).await;
    assert!(page.body.contains(ENTITY) && page.body.contains(&KEY.read().fingerprint()), "{}", page.body);
    assert!(!page.body.contains("Fetch metadata"));
    assert_eq!(owner.post(&format!("{path}/renew"), &[]).await.status, 404, "it was pasted");
    assert_eq!(owner.post(&format!("{path}/try"), &[]).await.status, 404, "there is nothing to ask");
    assert_eq!(save(&mut owner, "", "").await, format!("{path}?note=kept"), "the present one is kept");
    let trail = scene.trail(&house, "sso.changed").await;
    assert!(trail.iter().any(|(_, data)| data["protocol"] == "saml"), "{trail:?}");

    // Fetched, then with new certificates, then of another provider.
    let answers = |status: u16, text: String| {
        scene.idp.instead.lock().unwrap().insert("saml".into(), (status, text));
    };
    answers(200, fine.clone());
    assert_eq!(save(&mut owner, "", address).await, format!("{path}?note=kept"));
    answers(200, metadata(&[&KEY, &OTHER]));
    owner.get(&path).await;
    assert_eq!(owner.post(&format!("{path}/renew"), &[]).await.to(), format!("{path}?note=renewed"));
    let page = owner.get(&path).await;
    assert!(page.body.contains(&OTHER.read().fingerprint()) && page.body.contains("Fetch metadata"));
    answers(200, fine.replace(ENTITY, "https://other.example"));
    let other = owner.post(&format!("{path}/renew"), &[]).await;
    assert!(other.status == 422 && other.body.contains("another provider by now"), "{}", other.body);

    // The other protocol takes its place, and has nothing of it.
    let oidc = [
        ("issuer", crate::idp::ISSUER),
        ("client_id", crate::idp::CLIENT),
        ("client_secret", ""),
        ("default_role", "viewer"),
    ];
    assert!(owner.post(&path, &oidc).await.body.contains("This is missing"), "a secret is needed");
    let oidc =
        oidc.map(|(name, value)| (name, if name == "client_secret" { crate::idp::SECRET } else { value }));
    assert_eq!(owner.post(&path, &oidc).await.to(), format!("{path}?note=saved"));
    assert_eq!(post(&scene, &house, "<a/>", "x").await.status, 404, "no SAML here any more");
}

#[tokio::test]
async fn somebody_arrives_by_saml() {
    let scene = Scene::new().await;
    let house =
        ready(&scene, &[("role_claim", "groups"), ("role_map", "admins = admin\nstaff = editor")]).await;
    let home = format!("/o/{}/", house.tenant.slug);
    let start = format!("/login/sso/{}", house.tenant.slug);
    let mut browser = Browser::new(&scene.app);
    let sent = asked(browser.get(&format!("{start}?next=/account/email")).await.to());
    for part in [
        "Version=\"2.0\"",
        &format!("Destination=\"{SSO}\""),
        &format!("AssertionConsumerServiceURL=\"{APP}{start}/acs\""),
        &format!("<saml:Issuer>{APP}{start}/metadata</saml:Issuer>"),
    ] {
        assert!(sent.xml.contains(part), "{part}: {}", sent.xml);
    }
    let says = says(&scene, &house, &request_of(&sent), "nina", &["staff"]);
    let xml = says.signed(&KEY);
    let posted = post(&scene, &house, &xml, &sent.state).await;
    let back = posted.to().to_owned();
    assert_eq!(back, format!("{start}/callback?state={}", sent.state));
    // Who did not begin it gets nothing of it, and takes nothing away.
    assert_eq!(Browser::new(&scene.app).get(&back).await.to(), "/login?note=provider-late");
    assert_eq!(browser.get(&back).await.to(), "/account/email");
    assert_eq!(browser.get(&home).await.status, 200);
    let email = format!("nina@{}", house.domain);
    assert_eq!(scene.role(&house, &email).await, Some(Role::Editor));
    let trail = scene.trail(&house, "member.joined").await;
    assert!(trail.iter().any(|(action, data)| action == "member.joined" && data["by"] == "sso"), "{trail:?}");
    assert_eq!(browser.get(&back).await.to(), "/login?note=provider-late", "once");
    // The assertion is used up, also for a browser that began again.
    let again = post(&scene, &house, &xml, &sent.state).await;
    assert!(again.status == 403 && again.body.contains("was used before"), "{}", again.body);

    // Known by the name from now on, with the role of now, whatever the address there.
    let mut other = Browser::new(&scene.app);
    assert_eq!(by_saml(&scene, &mut other, &house, "nina", &["admins"]).await.to(), home);
    assert_eq!(scene.role(&house, &email).await, Some(Role::Admin));
    let sent = asked(other.get(&start).await.to());
    let mut moved = self::says(&scene, &house, &request_of(&sent), "nina", &[]);
    moved.attributes[0].1 = vec!["somebody@elsewhere.example".into()];
    let back = post(&scene, &house, &moved.signed(&KEY), &sent.state).await.to().to_owned();
    assert_eq!(other.get(&back).await.to(), home, "the account is known");

    // Removed, and not brought back.
    let user = scene.world.identity.user_by_email(&email).await.unwrap().unwrap();
    scene.tenancy.remove_member(&house.caller, user.id, &scene.world.visit()).await.unwrap();
    let answer = by_saml(&scene, &mut Browser::new(&scene.app), &house, "nina", &["admins"]).await;
    assert!(answer.status == 403 && answer.body.contains("You were removed"), "{}", answer.body);
}

#[tokio::test]
async fn answers_that_nobody_here_asked_for() {
    let scene = Scene::new().await;
    let (house, beta) = (ready(&scene, &[]).await, ready(&scene, &[]).await);
    let start = format!("/login/sso/{}", house.tenant.slug);
    let mut browser = Browser::new(&scene.app);
    let mine = asked(browser.get(&start).await.to());
    let refused = async |xml: &str, state: &str, text: &str| {
        let answer = post(&scene, &house, xml, state).await;
        assert!(
            answer.status == 403 && answer.body.contains(text),
            "{text}: {} {}",
            answer.status,
            answer.body
        );
    };
    // Begun at the provider.
    let free = says(&scene, &house, "x", "nina", &[]);
    let free = free.twisted(&KEY, |xml| xml.replace(" InResponseTo=\"x\"", ""));
    refused(&free, &mine.state, "log-ins that begin at the provider are not accepted").await;
    let good = says(&scene, &house, &request_of(&mine), "nina", &[]);
    refused(&good.signed(&KEY), "", "RelayState").await;
    refused(&good.signed(&OTHER), &mine.state, "not signed by a certificate of the metadata").await;
    refused(&good.signed(&KEY).replace(">nina<", ">boss<"), &mine.state, "changed after it was signed").await;
    refused("no xml", &mine.state, "not well-formed").await;
    // Of the same provider, for another organisation.
    let theirs = says(&scene, &beta, &request_of(&mine), "nina", &[]);
    refused(&theirs.signed(&KEY), &mine.state, "meant for").await;
    // Another person's request: the attacker's answer under the state of somebody else, and the other way round.
    let mut attacker = Browser::new(&scene.app);
    let attackers = asked(attacker.get(&start).await.to());
    let answer = says(&scene, &house, &request_of(&attackers), "mallory", &[]).signed(&KEY);
    let back = post(&scene, &house, &answer, &mine.state).await.to().to_owned();
    assert_eq!(browser.get(&back).await.to(), "/login?note=provider", "not what this browser asked for");
    assert!(browser.cookie("__Host-session").is_none());
    let mut browser = Browser::new(&scene.app);
    browser.get(&start).await;
    let answer = says(&scene, &house, &request_of(&attackers), "mallory", &[]).signed(&KEY);
    let back = post(&scene, &house, &answer, &attackers.state).await.to().to_owned();
    assert_eq!(browser.get(&back).await.to(), "/login?note=provider-late", "another browser's state");
    assert_eq!(attacker.get(&back).await.to(), format!("/o/{}/", house.tenant.slug), "its own");
    // Two values of a field are none; no field is a mistake of the provider's.
    let path = format!("{start}/acs");
    let two = [("SAMLResponse", "a"), ("SAMLResponse", "b")];
    assert_eq!(Browser::new(&scene.app).post_without_csrf(&path, &two).await.status, 400);
    let long = "A".repeat(600 << 10);
    assert_eq!(
        Browser::new(&scene.app).post_without_csrf(&path, &[("SAMLResponse", &long)]).await.status,
        413
    );
    // Too late: the flow is over, then the assertion itself.
    let mut slow = Browser::new(&scene.app);
    let sent = asked(slow.get(&start).await.to());
    let answer = says(&scene, &house, &request_of(&sent), "slow", &[]).signed(&KEY);
    scene.world.pass(jiff::SignedDuration::from_mins(7));
    refused(&answer, &sent.state, "has expired").await;
}

/// A provider that names people by their address gives an address to the next one who has the name.
#[tokio::test]
async fn an_address_that_somebody_else_has_now_is_somebody_else() {
    let scene = Scene::new().await;
    let house = ready(&scene, &[]).await;
    let home = format!("/o/{}/", house.tenant.slug);
    let alice = format!("alice@{}", house.domain);
    for format in ["urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress", "urn:x:unspecified"] {
        let enter = async || {
            let mut browser = Browser::new(&scene.app);
            let sent = asked(browser.get(&format!("/login/sso/{}", house.tenant.slug)).await.to());
            let says = says(&scene, &house, &request_of(&sent), "alice", &[]);
            let xml = says.twisted(&KEY, |xml| {
                xml.replace("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", format)
                    .replace(">alice</saml:NameID>", &format!(">{alice}</saml:NameID>"))
            });
            let back = post(&scene, &house, &xml, &sent.state).await.to().to_owned();
            assert_eq!(browser.get(&back).await.to(), home);
            scene.world.identity.user_by_email(&alice).await.unwrap().unwrap().id
        };
        let first = enter().await;
        assert_eq!(enter().await, first, "known");
        let married =
            format!("{}@{}", scene.world.random.token().to_lowercase().replace('-', "x"), house.domain);
        scene.world.db.global_execute(&RENAME, &[&first.uuid(), &married]).await.unwrap();
        let second = enter().await;
        assert_ne!(second, first, "{format}");
        assert_eq!(enter().await, second, "and known from then on");
        // For the other format: nobody has it.
        let gone =
            format!("{}@{}", scene.world.random.token().to_lowercase().replace('-', "x"), house.domain);
        scene.world.db.global_execute(&RENAME, &[&second.uuid(), &gone]).await.unwrap();
    }
}

#[tokio::test]
async fn whose_address_and_which_rule() {
    let scene = Scene::new().await;
    let house =
        ready(&scene, &[("default_role", ""), ("role_claim", "groups"), ("role_map", "staff = editor")])
            .await;
    let home = format!("/o/{}/", house.tenant.slug);
    let start = format!("/login/sso/{}", house.tenant.slug);
    let victim = scene.world.person("Victim").await;
    let mut browser = Browser::new(&scene.app);
    let sent = asked(browser.get(&start).await.to());
    let mut says = says(&scene, &house, &request_of(&sent), "mallory", &["staff"]);
    says.attributes[0].1 = vec![victim.email.clone()];
    let back = post(&scene, &house, &says.signed(&KEY), &sent.state).await.to().to_owned();
    let answer = browser.get(&back).await;
    assert!(answer.status == 403 && answer.body.contains("can’t speak for it"), "{}", answer.body);
    let answer = by_saml(&scene, &mut Browser::new(&scene.app), &house, "stranger", &["visitors"]).await;
    assert!(answer.status == 403 && answer.body.contains("gives you no role"), "{}", answer.body);

    // Tried out by the owner, then the only way in, but for owners.
    let member = scene.colleague(&house, Role::Editor).await;
    let (mut before, mut owner) = (scene.log_in(&member).await, scene.log_in(&house.owner).await);
    let path = format!("{home}security/sso");
    owner.get(&path).await;
    let early = owner.post(&format!("{path}/rule"), &[("sso", "required")]).await;
    assert!(early.status == 409 && early.body.contains("try out a log-in first"), "{}", early.body);
    let leave = owner.post(&format!("{path}/trial"), &[]).await;
    let (_, rest) = leave.body.split_once("content=\"0; url=").unwrap();
    let to = rest.split_once('"').unwrap().0.replace("&amp;", "&").replace("&#x2f;", "/");
    let sent = asked(&to);
    let xml = self::says(&scene, &house, &request_of(&sent), "boss", &["staff"]).signed(&KEY);
    let back = post(&scene, &house, &xml, &sent.state).await.to().to_owned();
    assert_eq!(owner.get(&back).await.to(), format!("{path}?note=tried"));
    assert!(owner.get(&path).await.body.contains(&format!("boss@{} as editor", house.domain)));
    let boss = format!("boss@{}", house.domain);
    assert!(scene.world.identity.user_by_email(&boss).await.unwrap().is_none(), "nothing changed");
    assert_eq!(
        owner.post(&format!("{path}/rule"), &[("sso", "required")]).await.to(),
        format!("{path}?note=required")
    );
    assert!(before.get(&home).await.to().starts_with(&start));
    assert_eq!(scene.log_in(&house.owner).await.get(&home).await.status, 200);
    let name = member.email.split('@').next().unwrap().to_owned();
    assert_eq!(by_saml(&scene, &mut before, &house, &name, &["staff"]).await.to(), home);
    assert_eq!(before.get(&home).await.status, 200);

    // Another attribute for the lasting id is another person, joined by the address to the same account.
    scene
        .tenancy
        .save_sso(&house.caller, &typed(&[("subject_attribute", "number")]), &scene.world.visit())
        .await
        .unwrap();
    let mut browser = Browser::new(&scene.app);
    let sent = asked(browser.get(&start).await.to());
    let missing = self::says(&scene, &house, &request_of(&sent), &name, &[]);
    let answer = post(&scene, &house, &missing.signed(&KEY), &sent.state).await;
    assert!(answer.status == 403 && answer.body.contains("lasting id"), "{}", answer.body);
    let mut numbered = missing.clone();
    numbered.id.push('2');
    numbered.attributes.push(("number", vec!["7".into()]));
    let back = post(&scene, &house, &numbered.signed(&KEY), &sent.state).await.to().to_owned();
    assert_eq!(browser.get(&back).await.to(), home);
    assert_eq!(scene.role(&house, &member.email).await, Some(Role::Editor));
}
