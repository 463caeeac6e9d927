//! SCIM against a real database: what Okta and Entra send, what becomes of memberships and groups, and who sees nothing.

use crate::scene::{House, Scene};
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Method, Request, header};
use http_body_util::BodyExt as _;
use identity::User;
use kernel_core::{Role, Scopes};
use kernel_db::statements;
use serde_json::{Value, json};
use std::net::SocketAddr;
use tenancy::NewToken;
use tower::ServiceExt as _;

statements! {
    /// Another address, as the person would have changed it.
    global Control RENAME = "update control.users set email = $2, email_key = $2 where id = $1";
    /// What was kept before owners were out of a directory's reach.
    tenant Control KEPT_AS_OWNER = "update control.scim_users set kept = jsonb_set(kept, '{role}', '\"owner\"') where tenant_id = $1 and user_id = $2";
    /// What is kept of somebody.
    tenant Control KEPT = "select kept is null and kept_groups = '{}' as nothing from control.scim_users where tenant_id = $1 and user_id = $2";
}

/// A directory with its token.
struct Directory<'a> {
    scene: &'a Scene,
    token: String,
}

struct Said {
    status: u16,
    etag: String,
    media: String,
    body: Value,
}

impl Said {
    fn id(&self) -> String {
        assert!(self.status < 300, "{} {}", self.status, self.body);
        self.body["id"].as_str().unwrap().to_owned()
    }

    /// Status, `scimType` and a part of the sentence.
    fn refused(&self, status: u16, kind: Option<&str>, part: &str) {
        let found = (self.status, self.body["scimType"].as_str());
        assert_eq!(found, (status, kind), "{}", self.body);
        assert_eq!(self.body["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error");
        assert_eq!(self.body["status"], status.to_string());
        assert!(self.body["detail"].as_str().unwrap().contains(part), "{}", self.body);
    }
}

impl<'a> Directory<'a> {
    async fn of(scene: &'a Scene, house: &House) -> Self {
        let token = scene.tenancy.make_scim_token(&house.caller, &scene.world.visit()).await.unwrap();
        Self { scene, token: token.text.expose().to_owned() }
    }

    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Said {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/scim/v2{path}"))
            .header(header::HOST, "api.nclc.localhost:8080")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/scim+json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let mut request = request.body(body).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 9], 40_000))));
        let answer = self.scene.app.clone().oneshot(request).await.unwrap();
        let header = |name: &str| {
            answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let (status, etag, media) = (answer.status().as_u16(), header("etag"), header("content-type"));
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        Said { status, etag, media, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }

    async fn get(&self, path: &str) -> Said {
        self.ask(Method::GET, path, &[], None).await
    }
    async fn post(&self, path: &str, body: Value) -> Said {
        self.ask(Method::POST, path, &[], Some(body)).await
    }
    async fn put(&self, path: &str, body: Value) -> Said {
        self.ask(Method::PUT, path, &[], Some(body)).await
    }
    async fn patch(&self, path: &str, operations: Value) -> Said {
        self.ask(Method::PATCH, path, &[], Some(json!({ "Operations": operations }))).await
    }
    async fn delete(&self, path: &str) -> Said {
        self.ask(Method::DELETE, path, &[], None).await
    }

    async fn found(&self, filter: &str) -> Vec<String> {
        let query: String = form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        let list = self.get(&format!("/Users?filter={query}")).await;
        assert_eq!(list.status, 200, "{filter}: {}", list.body);
        let ids = list.body["Resources"].as_array().unwrap().iter();
        ids.map(|one| one["userName"].as_str().unwrap().to_owned()).collect()
    }
}

fn ada(house: &House) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": format!("ada@{}", house.domain), "externalId": "00u1", "active": true,
        "name": {"givenName": "Ada", "familyName": "Lovelace"}, "title": "Countess",
        "emails": [{"primary": true, "type": "work", "value": format!("ada@{}", house.domain)}],
    })
}

async fn account(scene: &Scene, email: &str) -> User {
    scene.world.identity.user_by_email(email).await.unwrap().unwrap()
}

#[tokio::test]
async fn okta_makes_changes_ends_and_brings_back_a_member() {
    let scene = Scene::new().await;
    let house = scene.ready("Acme", &[("default_role", "editor")]).await;
    let (okta, email) = (Directory::of(&scene, &house).await, format!("ada@{}", house.domain));
    assert!(okta.found(&format!("userName eq \"{email}\"")).await.is_empty());
    let made = okta.post("/Users", ada(&house)).await;
    assert_eq!((made.status, made.media.as_str()), (201, "application/scim+json"), "{}", made.body);
    let path = format!("/Users/{}", made.id());
    assert_eq!(made.body["meta"]["location"], format!("http://api.nclc.localhost:8080/scim/v2{path}"));
    assert_eq!((&made.body["meta"]["version"], made.body.get("title")), (&json!(made.etag), None));
    let person = account(&scene, &email).await;
    assert_eq!((person.name.as_str(), person.id.to_string()), ("Ada Lovelace", made.id()));
    assert_eq!(scene.role(&house, &email).await, Some(Role::Editor));
    okta.post("/Users", ada(&house)).await.refused(409, Some("uniqueness"), "knows as");
    assert_eq!(
        okta.found(&format!("userName eq \"{}\"", email.to_uppercase())).await,
        std::slice::from_ref(&email)
    );
    assert_eq!(okta.found("externalId eq \"00u1\" and active eq true").await, std::slice::from_ref(&email));
    assert!(okta.found("externalId eq \"00U1\"").await.is_empty());
    // Tokens end with the membership, and it comes back with the role and the groups that it had.
    let caller =
        kernel_core::Caller::with_role(house.tenant.id, kernel_core::Actor::User(person.id), Role::Editor);
    let new = NewToken { label: "x".into(), scopes: Scopes::all(), ..NewToken::default() };
    let token = scene.tenancy.create_token(&caller, &new, &scene.world.visit()).await.unwrap();
    assert!(scene.tenancy.authenticate(token.text.expose()).await.is_ok());
    scene.tenancy.change_role(&house.caller, person.id, Role::Admin, &scene.world.visit()).await.unwrap();
    let group =
        okta.post("/Groups", json!({"displayName": "Bakers", "members": [{"value": made.id()}]})).await.id();
    let off = okta.patch(&path, json!([{"op": "replace", "value": {"active": false}}])).await;
    assert_eq!((off.status, &off.body["active"]), (200, &json!(false)), "{}", off.body);
    assert_eq!(scene.role(&house, &email).await, None);
    assert!(scene.tenancy.authenticate(token.text.expose()).await.is_err());
    assert_eq!(okta.found("active eq false").await, std::slice::from_ref(&email));
    let inside = okta.get(&format!("/Groups/{group}")).await;
    assert_eq!(inside.body["members"][0]["value"], json!(made.id()), "{}", inside.body);
    let on = okta.put(&path, ada(&house)).await;
    assert_eq!(
        (on.status, &on.body["active"], &on.body["groups"][0]["display"]),
        (200, &json!(true), &json!("Bakers"))
    );
    assert_eq!(scene.role(&house, &email).await, Some(Role::Admin));
    // The account is this organisation's alone: name and address follow.
    let mut moved = ada(&house);
    let newer = format!("countess@{}", house.domain);
    moved["userName"] = json!(newer);
    moved["emails"][0]["value"] = json!(newer);
    moved["displayName"] = json!("The Countess");
    assert_eq!(okta.put(&path, moved).await.id(), made.id());
    let person = account(&scene, &newer).await;
    assert_eq!((person.name.as_str(), person.id.to_string()), ("The Countess", made.id()));
    assert_eq!(okta.delete(&path).await.status, 204);
    okta.get(&path).await.refused(404, None, "nothing here");
    assert_eq!(scene.role(&house, &newer).await, None);
    let trail = scene.trail(&house, "member.removed").await;
    let acts: Vec<&str> = trail.iter().map(|(act, _)| act.as_str()).collect();
    for act in [
        "scim.token_created",
        "member.provisioned",
        "member.deactivated",
        "member.reactivated",
        "group.created",
    ] {
        assert!(acts.contains(&act), "{act} in {acts:?}");
    }
    assert!(!format!("{trail:?}").contains(&okta.token));
}

#[tokio::test]
async fn entra_patches_in_its_own_way() {
    let scene = Scene::new().await;
    let house = scene.ready("Acme", &[]).await;
    let entra = Directory::of(&scene, &house).await;
    let body = json!({
        "userName": format!("kim@{}.onmicrosoft.example", house.tenant.slug), "active": true, "displayName": "Kim Roe",
        "emails": [{"type": "work", "value": format!("kim@{}", house.domain)}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Ovens"},
    });
    let id = entra.post("/Users", body).await.id();
    let path = format!("/Users/{id}");
    let patched = entra.patch(&path, json!([
        {"op": "Replace", "path": "displayName", "value": "Kim B. Roe"},
        {"op": "Add", "path": "name.givenName", "value": "Kim"},
        {"op": "Replace", "path": "emails[type eq \"work\"].value", "value": format!("roe@{}", house.domain)},
        {"op": "Add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "Shop"},
        {"op": "Replace", "path": "active", "value": "False"},
    ])).await;
    assert_eq!((patched.status, &patched.body["active"]), (200, &json!(false)), "{}", patched.body);
    assert_eq!(patched.body["emails"], json!([{"type": "work", "value": format!("roe@{}", house.domain)}]));
    assert_eq!(account(&scene, &format!("roe@{}", house.domain)).await.id.to_string(), id);
    let bakers = json!({"displayName": "Bakers", "externalId": "g-1"});
    let group = format!("/Groups/{}", entra.post("/Groups", bakers.clone()).await.id());
    entra.post("/Groups", bakers).await.refused(409, Some("uniqueness"), "another group");
    let add = entra.patch(&group, json!([{"op": "Add", "path": "members", "value": [{"value": id}]}])).await;
    assert_eq!(
        add.body["members"][0]["value"],
        json!(id),
        "who is not active now is in it later: {}",
        add.body
    );
    assert_eq!(
        entra.patch(&path, json!([{"op": "Replace", "path": "active", "value": "True"}])).await.status,
        200
    );
    assert_eq!(entra.get(&path).await.body["groups"][0]["display"], "Bakers");
    let without =
        entra.get("/Groups?excludedAttributes=members&filter=displayName%20eq%20%22bakers%22").await;
    assert_eq!(
        (&without.body["totalResults"], without.body["Resources"][0].get("members")),
        (&json!(1), None)
    );
    let gone = json!([{"op": "Remove", "path": "members", "value": [{"value": id}]}]);
    assert_eq!(entra.patch(&group, gone).await.body.get("members"), None);
    let renamed =
        entra.patch(&group, json!([{"op": "Replace", "path": "displayName", "value": "Ovens"}])).await;
    assert_eq!(renamed.body["displayName"], "Ovens");
    let stranger =
        json!([{"op": "Add", "path": "members", "value": [{"value": "usr_0000000000000000000000"}]}]);
    entra.patch(&group, stranger).await.refused(400, Some("invalidValue"), "which is no user");
    assert_eq!(entra.delete(&group).await.status, 204);
    entra.get(&group).await.refused(404, None, "");
}

#[tokio::test]
async fn what_is_refused() {
    let scene = Scene::new().await;
    let house = scene.ready("Acme", &[]).await;
    let directory = Directory::of(&scene, &house).await;
    let mut elsewhere = ada(&house);
    elsewhere["userName"] = json!("ada@elsewhere.example");
    elsewhere["emails"][0]["value"] = json!("ada@elsewhere.example");
    directory.post("/Users", elsewhere).await.refused(
        400,
        Some("invalidValue"),
        "no address in a domain that Acme has proven",
    );
    directory.post("/Users", json!({"active": true})).await.refused(
        400,
        Some("invalidValue"),
        "userName is missing",
    );
    directory.post("/Users", json!(["a"])).await.refused(400, Some("invalidValue"), "");
    directory.get("/Users?filter=shoe%20eq%205").await.refused(400, Some("invalidFilter"), "character 1");
    directory.get("/Users?count=many").await.refused(400, Some("invalidValue"), "count");
    directory.get("/Users/usr_x").await.refused(404, None, "");
    directory.get("/Shoes").await.refused(404, None, "");
    directory.post("/Schemas", json!({})).await.refused(405, None, "");
    directory.post("/Bulk", json!({})).await.refused(404, None, "");
    let made = directory.post("/Users", ada(&house)).await;
    let path = format!("/Users/{}", made.id());
    directory.patch(&path, json!([{"op": "replace", "path": "id", "value": "x"}])).await.refused(
        400,
        Some("mutability"),
        "id",
    );
    directory.patch(&path, json!([{"op": "replace", "path": "shoe", "value": "x"}])).await.refused(
        400,
        Some("invalidPath"),
        "shoe",
    );
    directory.patch(&path, json!([{"op": "remove"}])).await.refused(400, Some("noTarget"), "needs a path");
    // Versions.
    let stale =
        directory.ask(Method::PUT, &path, &[("if-match", "W/\"0000000000000000\"")], Some(ada(&house))).await;
    stale.refused(412, None, "changed since");
    let same = directory.ask(Method::GET, &path, &[("if-none-match", &made.etag)], None).await;
    assert_eq!((same.status, same.etag.as_str()), (304, made.etag.as_str()));
    let fresh = directory.ask(Method::PUT, &path, &[("if-match", &made.etag)], Some(ada(&house))).await;
    assert_eq!(fresh.status, 200, "{}", fresh.body);
    // The last owner, once the address is in a proven domain.
    let owner = format!("boss@{}", house.domain);
    let id = directory.post("/Users", json!({"userName": owner})).await.id();
    let user = account(&scene, &owner).await;
    let visit = scene.world.visit();
    scene.tenancy.transfer_ownership(&house.caller, user.id, &visit).await.unwrap();
    let boss = format!("/Users/{id}");
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    directory.patch(&boss, off.clone()).await.refused(409, None, "is an owner of Acme");
    directory.delete(&boss).await.refused(409, None, "is an owner of Acme");
    assert_eq!(scene.role(&house, &owner).await, Some(Role::Owner));
    // Nor one of several, and what an owner logs in by is the owner's.
    let ours =
        kernel_core::Caller::with_role(house.tenant.id, kernel_core::Actor::User(user.id), Role::Owner);
    scene.tenancy.change_role(&ours, house.owner.id, Role::Owner, &visit).await.unwrap();
    directory.patch(&boss, off).await.refused(409, None, "is an owner of Acme");
    directory.delete(&boss).await.refused(409, None, "is an owner of Acme");
    let taken = json!({"userName": format!("mallory@{}", house.domain), "displayName": "Mallory"});
    assert_eq!(directory.put(&boss, taken).await.status, 200);
    let after = account(&scene, &owner).await;
    assert_eq!((after.id, after.name), (user.id, user.name.clone()), "the account is what it was");
    assert_eq!(scene.role(&house, &owner).await, Some(Role::Owner));
    // Whom somebody removed by hand stays so; whom the directory ended does not come in by the provider or a link.
    let person = account(&scene, &format!("ada@{}", house.domain)).await;
    scene.tenancy.remove_member(&ours, person.id, &visit).await.unwrap();
    assert_eq!(directory.get(&path).await.body["active"], json!(false));
    directory.put(&path, ada(&house)).await.refused(409, None, "by an administrator");
    let kim = format!("kim@{}", house.domain);
    let id = directory.post("/Users", json!({"userName": kim, "active": "False"})).await.id();
    assert_eq!(scene.role(&house, &kim).await, None);
    scene.idp.is(&scene.world.random.token(), &kim, true);
    let mut browser = crate::browser::Browser::new(&scene.app);
    let refused = scene.by_sso(&mut browser, &house).await;
    assert!(refused.status == 403 && scene.role(&house, &kim).await.is_none(), "{}", refused.body);
    let on = json!([{"op": "replace", "path": "active", "value": true}]);
    assert_eq!(directory.patch(&format!("/Users/{id}"), on).await.status, 200);
    assert_eq!(scene.role(&house, &kim).await, Some(Role::Viewer));
    // The plan without single sign-on has no directory.
    scene.plans.0.store(false, std::sync::atomic::Ordering::Relaxed);
    directory.get("/Users").await.refused(403, None, "Business plan");
}

#[tokio::test]
async fn who_comes_back_by_the_directory_and_with_what() {
    let scene = Scene::new().await;
    let house = scene.ready("Acme", &[]).await;
    let (directory, visit) = (Directory::of(&scene, &house).await, scene.world.visit());
    let email = format!("ada@{}", house.domain);
    let path = format!("/Users/{}", directory.post("/Users", ada(&house)).await.id());
    let user = account(&scene, &email).await;
    let ids = [house.tenant.id.uuid(), user.id.uuid()];
    let group = directory
        .post("/Groups", json!({"displayName": "Bakers", "members": [{"value": user.id}]}))
        .await
        .id();
    let off = || json!([{"op": "replace", "path": "active", "value": false}]);
    // The trail says who was put into the group, and what was taken.
    assert_eq!(directory.patch(&path, off()).await.status, 200);
    let trail = scene.trail(&house, "member.deactivated").await;
    let said = |act: &str| trail.iter().find(|(found, _)| found == act).unwrap().1.clone();
    assert_eq!(said("group.created")["added"], json!([user.id]));
    assert_eq!(said("member.deactivated")["had"], json!({"role": "viewer", "groups": [group]}));
    // Unsaid, `active` stays what it was.
    let mut unsaid = ada(&house);
    unsaid.as_object_mut().unwrap().remove("active");
    assert_eq!(directory.put(&path, unsaid.clone()).await.body["active"], json!(false));
    assert_eq!(scene.role(&house, &email).await, None);
    // Whatever was kept: owners are made by owners.
    scene.world.db.write(house.tenant.id, &KEPT_AS_OWNER, &[&ids[0], &ids[1]]).await.unwrap();
    assert_eq!(directory.put(&path, ada(&house)).await.status, 200);
    assert_eq!(scene.role(&house, &email).await, Some(Role::Admin));
    assert_eq!(directory.put(&path, unsaid).await.status, 200);
    assert_eq!(scene.role(&house, &email).await, Some(Role::Admin), "as before");
    // An account with another address by now is not the organisation's to bring back.
    assert_eq!(directory.patch(&path, off()).await.status, 200);
    let private = scene.world.address("ada");
    scene.world.db.global_execute(&RENAME, &[&ids[1], &private]).await.unwrap();
    directory.put(&path, ada(&house)).await.refused(409, None, "no domain that Acme has proven");
    assert_eq!(scene.role(&house, &private).await, None);
    scene.world.db.global_execute(&RENAME, &[&ids[1], &email]).await.unwrap();
    // An invitation brings back with what it says, and nothing that was kept is left.
    scene.tenancy.invite(&house.caller, &email, Role::Commenter, &visit).await.unwrap();
    let token = scene.world.link(&email, 1).await;
    scene.tenancy.accept_invite(&user, &token, &visit).await.unwrap();
    let row = scene.world.db.read_opt(house.tenant.id, &KEPT, &[&ids[0], &ids[1]]).await.unwrap().unwrap();
    assert!(row.get::<_, bool>("nothing"));
    assert_eq!(directory.put(&path, ada(&house)).await.status, 200);
    assert_eq!(scene.role(&house, &email).await, Some(Role::Commenter));
    // Who leaves is not put back, under the old id or a new one, until an invitation is taken.
    let caller =
        kernel_core::Caller::with_role(house.tenant.id, kernel_core::Actor::User(user.id), Role::Commenter);
    scene.tenancy.leave(&caller, &visit).await.unwrap();
    directory.put(&path, ada(&house)).await.refused(404, None, "");
    directory.post("/Users", ada(&house)).await.refused(409, None, "has left it");
    scene.tenancy.invite(&house.caller, &email, Role::Viewer, &visit).await.unwrap();
    let token = scene.world.link(&email, 2).await;
    scene.tenancy.accept_invite(&user, &token, &visit).await.unwrap();
    assert_eq!(directory.post("/Users", ada(&house)).await.id(), user.id.to_string());
    // What one user may say is bounded.
    let mut long = ada(&house);
    long["userName"] = json!(format!("long@{}", house.domain));
    long["emails"] =
        (0..20).map(|at| json!({"value": format!("{at}{}@x.example", "x".repeat(900))})).collect();
    directory.post("/Users", long).await.refused(413, None, "16 KiB");
}

#[tokio::test]
async fn an_organisation_sees_its_own_people_alone() {
    let scene = Scene::new().await;
    let (house, other) = (scene.ready("Acme", &[]).await, scene.ready("Beta", &[]).await);
    let (ours, theirs) = (Directory::of(&scene, &house).await, Directory::of(&scene, &other).await);
    let user = format!("/Users/{}", ours.post("/Users", ada(&house)).await.id());
    let group = format!("/Groups/{}", ours.post("/Groups", json!({"displayName": "Bakers"})).await.id());
    let before = (ours.get(&user).await.body, ours.get(&group).await.body);
    for path in [&user, &group] {
        theirs.get(path).await.refused(404, None, "");
        theirs.put(path, ada(&other)).await.refused(404, None, "");
        theirs
            .patch(path, json!([{"op": "replace", "path": "displayName", "value": "x"}]))
            .await
            .refused(404, None, "");
        theirs.delete(path).await.refused(404, None, "");
    }
    let body = json!({"displayName": "Ours", "members": [{"value": user.trim_start_matches("/Users/")}]});
    theirs.post("/Groups", body).await.refused(400, Some("invalidValue"), "no user");
    theirs.post("/Users", ada(&house)).await.refused(400, Some("invalidValue"), "Beta has proven");
    for path in ["/Users", "/Groups"] {
        assert_eq!(theirs.get(path).await.body["totalResults"], 0, "{path}");
    }
    assert_eq!(theirs.post("/.search", json!({})).await.body["totalResults"], 0);
    assert_eq!(ours.post("/.search", json!({})).await.body["totalResults"], 2);
    assert_eq!((ours.get(&user).await.body, ours.get(&group).await.body), before);
    // An invited guest with a foreign address, and the owner, are not there; a colleague is, with the same id as everywhere.
    let colleague = scene.colleague(&house, Role::Editor).await;
    assert_eq!(ours.found("active eq true").await.len(), 2);
    let known = ours.get(&format!("/Users/{}", colleague.id)).await;
    assert_eq!(known.body["userName"], json!(colleague.email));
    let adopted = ours.post("/Users", json!({"userName": colleague.email, "externalId": "c"})).await;
    assert_eq!((adopted.status, adopted.id()), (201, colleague.id.to_string()));
    assert_eq!(scene.role(&house, &colleague.email).await, Some(Role::Editor), "as before");
    // Tokens of other kinds, none, a revoked one, a suspended organisation.
    let new = NewToken { label: "x".into(), scopes: Scopes::all(), ..NewToken::default() };
    let api = scene.tenancy.create_token(&house.caller, &new, &scene.world.visit()).await.unwrap();
    for token in ["", "x", api.text.expose()] {
        let stranger = Directory { scene: &scene, token: token.to_owned() };
        stranger.get("/Users").await.refused(401, None, "");
        stranger.get("/ServiceProviderConfig").await.refused(401, None, "");
    }
    assert!(scene.tenancy.authenticate(&ours.token).await.is_err(), "it opens nothing else");
    let second = Directory::of(&scene, &house).await;
    assert_eq!((ours.get("/Users").await.status, second.get("/Users").await.status), (200, 200));
    scene.world.pass(jiff::SignedDuration::from_hours(25));
    assert_eq!((ours.get("/Users").await.status, second.get("/Users").await.status), (401, 200));
    let tokens = scene.tenancy.scim_tokens(&house.caller).await.unwrap();
    assert!(tokens.len() == 1 && tokens[0].last_used_at.is_some(), "{tokens:?}");
    assert!(scene.tenancy.suspend(house.tenant.id, "unpaid").await.unwrap());
    second.get("/Users").await.refused(403, None, "suspended");
    scene.tenancy.resume(house.tenant.id).await.unwrap();
    scene.tenancy.revoke_scim_token(&house.caller, tokens[0].id, &scene.world.visit()).await.unwrap();
    second.get("/Users").await.refused(401, None, "revoked");
}

#[tokio::test]
async fn the_page_and_groups_that_are_not_edited_by_hand() {
    let scene = Scene::new().await;
    let house = scene.ready("Acme", &[]).await;
    let mut owner = scene.log_in(&house.owner).await;
    let path = format!("/o/{}/security/sso", house.tenant.slug);
    assert!(owner.get(&path).await.body.contains("/scim/v2"));
    let made = owner.post(&format!("{path}/scim"), &[]).await;
    let start = made.body.find("nclcscim_").unwrap();
    let token: String =
        made.body[start..].chars().take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect();
    let directory = Directory { scene: &scene, token };
    let group = directory.post("/Groups", json!({"displayName": "Bakers"})).await.id();
    assert!(!owner.get(&path).await.body.contains(&directory.token), "shown once");
    let page = format!("/o/{}/team/permissions/{group}", house.tenant.slug);
    assert!(owner.get(&page).await.body.contains("From your directory"));
    assert!(
        owner
            .get(&format!("/o/{}/team/permissions", house.tenant.slug))
            .await
            .body
            .contains("From your directory")
    );
    let named = owner.post(&format!("{page}/settings"), &[("name", "Mine")]).await;
    assert!(
        named.status == 409 && named.body.contains("Your directory manages this group"),
        "{}",
        named.status
    );
    assert_eq!(owner.post(&format!("{page}/delete"), &[]).await.status, 409);
    assert_eq!(owner.post(&page, &[("bases", "read")]).await.status, 303, "what it may do is decided here");
    let by_hand = scene.tenancy.create_group(&house.caller, "By hand", &scene.world.visit()).await.unwrap();
    directory.get(&format!("/Groups/{by_hand}")).await.refused(404, None, "");
    directory.post("/Groups", json!({"displayName": "by HAND"})).await.refused(
        409,
        Some("uniqueness"),
        "made by hand",
    );
    let id = scene.tenancy.scim_tokens(&house.caller).await.unwrap()[0].id;
    let revoked = owner.post(&format!("{path}/scim/{id}/revoke"), &[]).await;
    assert_eq!(revoked.to(), format!("{path}?note=scim-revoked"));
    assert_eq!(owner.post(&format!("{path}/scim/{id}/revoke"), &[]).await.status, 404);
    directory.get("/Users").await.refused(401, None, "");
    // Without a directory nobody else would edit it.
    assert_eq!(owner.post(&format!("{page}/settings"), &[("name", "Mine")]).await.status, 303);
}
