//! Setting it up: what is typed, what is refused, what has to be proven.

use crate::idp::{CLIENT, ISSUER, SECRET};
use crate::scene::Scene;
use kernel_core::Role;
use kernel_db::statements;
use std::sync::atomic::Ordering;

statements! {
    platform Control KEPT_SECRET = "select client_secret from control.sso where tenant_id = $1";
}

fn typed<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("issuer", ISSUER),
        ("client_id", CLIENT),
        ("client_secret", SECRET),
        ("default_role", "viewer"),
        ("role_claim", "groups"),
        ("role_map", "admins = admin"),
    ];
    for (name, value) in changes {
        fields.iter_mut().find(|(field, _)| field == name).unwrap().1 = value;
    }
    fields
}

#[tokio::test]
async fn a_provider_is_set_up_and_its_secret_sealed() {
    let scene = Scene::new().await;
    let house = scene.house("Acme").await;
    let mut owner = scene.log_in(&house.owner).await;
    let path = format!("/o/{}/security/sso", house.tenant.slug);
    let page = owner.get(&path).await;
    assert!(page.status == 200 && page.body.contains("/callback"), "{}", page.body);
    for (change, text) in [
        (("issuer", ""), "This is missing"),
        (("issuer", "login.acme.com"), "must begin with https://"),
        (("issuer", "https://evil.example"), "calls itself https://idp.example"),
        (("client_id", ""), "This is missing"),
        (("client_secret", ""), "This is missing"),
        (("default_role", "owner"), "none of the roles"),
        (("role_map", "admins: admin"), "write a value"),
        (("role_claim", ""), "This is missing"),
    ] {
        let wrong = owner.post(&path, &typed(&[change])).await;
        assert!(
            wrong.status == 422 && wrong.body.contains(text),
            "{change:?}: {} {}",
            wrong.status,
            wrong.body
        );
        assert!(change.0 == "client_id" || wrong.body.contains(CLIENT), "what was typed stays");
        assert!(!wrong.body.contains(SECRET), "the secret does not");
    }
    assert_eq!(owner.post(&path, &typed(&[])).await.to(), format!("{path}?note=saved"));
    let page = owner.get(&format!("{path}?note=saved")).await;
    assert!(page.body.contains("admins = admin") && !page.body.contains(SECRET));
    let id = house.tenant.id.uuid();
    let row = scene.world.db.platform(&KEPT_SECRET, &[&id]).await.unwrap().remove(0);
    let kept: Vec<u8> = row.get(0);
    assert!(!kept.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()));
    // Without a secret the kept one stays, but not for another provider.
    assert_eq!(owner.post(&path, &typed(&[("client_secret", "")])).await.to(), format!("{path}?note=saved"));
    scene.idp.metadata.lock().unwrap().insert("issuer".into(), "https://other.example".into());
    let moved =
        owner.post(&path, &typed(&[("client_secret", ""), ("issuer", "https://other.example")])).await;
    assert!(moved.status == 422 && moved.body.contains("needed again for another issuer"), "{}", moved.body);
    scene.idp.metadata.lock().unwrap().clear();
    assert_eq!(owner.post(&format!("{path}/try"), &[]).await.to(), format!("{path}?note=there"));
    scene.idp.instead.lock().unwrap().insert("keys".into(), (500, String::new()));
    scene.world.pass(jiff::SignedDuration::from_mins(1));
    let wrong = owner.post(&format!("{path}/try"), &[]).await;
    assert!(wrong.status == 422 && wrong.body.contains("answered 500"), "{}", wrong.body);
    let trail = scene.trail(&house, "sso.changed").await;
    assert!(!format!("{trail:?}").contains(SECRET), "{trail:?}");
    assert_eq!(owner.post(&format!("{path}/remove"), &[]).await.to(), format!("{path}?note=removed"));
    assert_eq!(owner.post(&format!("{path}/remove"), &[]).await.status, 404);
    assert_eq!(owner.post(&format!("{path}/try"), &[]).await.status, 404);
}

#[tokio::test]
async fn only_those_who_manage_the_organisation_and_have_the_plan() {
    let scene = Scene::new().await;
    let house = scene.house("Acme").await;
    let other = scene.house("Beta").await;
    let path = format!("/o/{}/security/sso", house.tenant.slug);
    let posts = ["", "/trial", "/rule", "/remove", "/domains", "/try"].map(|end| format!("{path}{end}"));
    for role in [Role::Editor, Role::Viewer] {
        let user = scene.colleague(&house, role).await;
        let mut browser = scene.log_in(&user).await;
        assert_eq!(browser.get(&path).await.status, 403, "{role}");
        for post in &posts {
            let answer = browser.post(post, &[("domain", "acme.example"), ("sso", "required")]).await;
            assert_eq!(answer.status, 403, "{role} {post}");
        }
    }
    // Whom to believe is the owners' to say: it decides who can log in as whom.
    let admin = scene.colleague(&house, Role::Admin).await;
    let mut browser = scene.log_in(&admin).await;
    let page = browser.get(&path).await;
    assert!(page.status == 200 && page.body.contains("Owners choose the provider"), "{}", page.body);
    for end in ["", "/renew", "/scim"] {
        let answer = browser.post(&format!("{path}{end}"), &typed(&[])).await;
        assert_eq!(answer.status, 403, "{end}");
    }
    assert!(scene.tenancy.sso(&house.caller).await.unwrap().is_none());
    assert!(scene.tenancy.scim_tokens(&house.caller).await.unwrap().is_empty());
    let mut stranger = scene.log_in(&other.owner).await;
    stranger.get(&format!("/o/{}/security", other.tenant.slug)).await;
    assert_eq!(stranger.get(&path).await.status, 404);
    for post in &posts {
        assert_eq!(stranger.post(post, &[]).await.status, 404, "{post}");
    }
    scene.plans.0.store(false, Ordering::Relaxed);
    let mut owner = scene.log_in(&house.owner).await;
    let page = owner.get(&path).await;
    assert!(page.body.contains("part of the Business plan"));
    for (post, fields) in
        [(path.clone(), typed(&[])), (format!("{path}/domains"), vec![("domain", "acme.example")])]
    {
        let refused = owner.post(&post, &fields).await;
        assert!(refused.status == 422 && refused.body.contains("Business plan"), "{}", refused.body);
    }
}

#[tokio::test]
async fn a_domain_is_proven_by_one_organisation_at_a_time() {
    let scene = Scene::new().await;
    let (house, other) = (scene.house("Acme").await, scene.house("Beta").await);
    let path = format!("/o/{}/security/sso", house.tenant.slug);
    let mut owner = scene.log_in(&house.owner).await;
    owner.get(&path).await;
    for (domain, text) in [("", "This is missing"), ("acme", "not a domain"), ("10.0.0.1", "not a domain")] {
        let wrong = owner.post(&format!("{path}/domains"), &[("domain", domain)]).await;
        assert!(wrong.status == 422 && wrong.body.contains(text), "{domain}: {}", wrong.body);
    }
    let add = [("domain", house.domain.as_str())];
    assert_eq!(owner.post(&format!("{path}/domains"), &add).await.to(), format!("{path}?note=named"));
    assert!(owner.post(&format!("{path}/domains"), &add).await.body.contains("in the list already"));
    let page = owner.get(&path).await;
    assert!(page.body.contains(&format!("_nclc.{}", house.domain)) && page.body.contains("nclc-domain="));
    let check = format!("{path}/domains/{}/check", house.domain);
    let missing = owner.post(&check, &[]).await;
    assert!(missing.status == 409 && missing.body.contains("no TXT record"), "{}", missing.body);
    let record = format!("_nclc.{}", house.domain);
    scene.names.0.lock().unwrap().insert(record, vec!["nclc-domain=guessed".into()]);
    assert!(owner.post(&check, &[]).await.body.contains("says something else"));
    assert!(scene.tenancy.captured_by(&format!("x@{}", house.domain)).await.unwrap().is_none());
    scene.publish(&house).await;
    assert_eq!(owner.post(&check, &[]).await.to(), format!("{path}?note=proven"));
    let captured = scene.tenancy.captured_by(&format!("X@{}", house.domain.to_uppercase())).await.unwrap();
    assert_eq!(captured.unwrap().id, house.tenant.id);
    assert_eq!(owner.post(&format!("{path}/domains/silent.example/check"), &[]).await.status, 404);
    assert_eq!(owner.post(&format!("{path}/domains"), &[("domain", "silent.example")]).await.status, 303);
    let silent = owner.post(&format!("{path}/domains/silent.example/check"), &[]).await;
    assert!(silent.status == 409 && silent.body.contains("do not answer"), "{}", silent.body);
    // Another organisation may name it, even prove it, and gets it only when it is dropped here.
    let visit = scene.world.visit();
    let same = crate::scene::House { domain: house.domain.clone(), ..other };
    scene.tenancy.add_domain(&same.caller, &same.domain, &visit).await.unwrap();
    scene.publish(&same).await;
    let refused = scene.tenancy.check_domain_proof(&same.caller, &same.domain, &visit).await.unwrap_err();
    assert!(refused.message().contains("proven by another organisation"), "{refused}");
    let drop = format!("{path}/domains/{}/remove", house.domain);
    assert_eq!(owner.post(&drop, &[]).await.to(), format!("{path}?note=dropped"));
    assert_eq!(owner.post(&drop, &[]).await.status, 404);
    scene.tenancy.check_domain_proof(&same.caller, &same.domain, &visit).await.unwrap();
}
