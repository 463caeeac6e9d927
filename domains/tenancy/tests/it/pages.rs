//! The pages as a browser sees them.

use crate::browser::Browser;
use crate::town::Town;
use crate::world::PASSWORD;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use identity::User;
use kernel_core::{Caller, Code, Error, Role, SiteId};
use kernel_web::{Page, Portals, WebError};
use tenancy::{
    BaseDirectory, BaseName, FieldName, HomeView, Later, Member, SiteDirectory, SiteName, TableName, Tenancy,
};

/// Two bases, whoever asks.
struct Shelves;

impl BaseDirectory for Shelves {
    fn bases<'a>(&'a self, _: &'a Caller) -> Later<'a, Vec<BaseName>> {
        let base = |number, id: &str, name: &str| BaseName { number, id: id.into(), name: name.into() };
        Box::pin(async move { Ok(vec![base(8, "app2", "Staff"), base(7, "app1", "Warehouse")]) })
    }
    fn tables<'a>(&'a self, _: &'a Caller, _: u64) -> Later<'a, Vec<TableName>> {
        let field = |number, name: &str| FieldName { number, name: name.into(), primary: number == 1 };
        let fields = vec![field(1, "Name"), field(2, "Salary")];
        Box::pin(async move { Ok(vec![TableName { number: 3, name: "People".into(), fields }]) })
    }
    fn rows_to_store<'a>(&'a self, _: &'a Caller, _: (u64, u64), filter: &'a str) -> Later<'a, String> {
        Box::pin(async move {
            if filter.contains("no such") {
                return Err(Error::field("/filter", Code::BadFilter, "names a field that is not there"));
            }
            Ok(filter.to_owned())
        })
    }
    fn rows_to_show<'a>(&'a self, _: &'a Caller, _: (u64, u64), filter: &'a str) -> Later<'a, String> {
        Box::pin(async move { Ok(filter.to_owned()) })
    }
}

impl SiteDirectory for Shelves {
    fn sites<'a>(&'a self, _: &'a Caller) -> Later<'a, Vec<SiteName>> {
        let site = SiteName { id: SiteId::from_uuid(uuid::Uuid::from_u128(9)), name: "Shop".into() };
        Box::pin(async move { Ok(vec![site]) })
    }
}

async fn home(State(tenancy): State<Tenancy>, page: Page, member: Member) -> Result<Response, WebError> {
    let members = tenancy.members(&member.caller).await?.len();
    Ok(page.render(&HomeView::new(&member, members, Vec::new(), Vec::new())))
}

pub fn app(town: &Town) -> Router {
    let routes = tenancy::with_switcher(identity::routes(&town.world.identity), &town.tenancy)
        .merge(tenancy::routes(&town.tenancy, std::sync::Arc::new(Shelves), std::sync::Arc::new(Shelves)))
        .merge(Router::new().route("/o/{slug}/", get(home)).with_state(town.tenancy.clone()));
    kernel_web::by_host(&town.world.web, Portals { app: Some(routes), ..Portals::default() })
}

pub async fn logged_in(app: &Router, user: &User) -> Browser {
    let mut browser = Browser::new(app);
    browser.get("/login").await;
    let login = browser.post("/login", &[("email", user.email.as_str()), ("password", PASSWORD)]).await;
    assert_eq!(login.to(), "/");
    browser
}

#[tokio::test]
async fn templates_are_sound() {
    let town = Town::new().await;
    assert_eq!(town.world.web.check_templates(), Vec::<(String, String)>::new());
}

#[tokio::test]
async fn onboarding_leads_to_the_first_base() {
    let town = Town::new().await;
    let user = town.world.person("Olga Owner").await;
    let app = app(&town);
    let mut browser = logged_in(&app, &user).await;
    assert_eq!(browser.get("/").await.to(), "/onboarding");
    browser.get("/onboarding").await;
    let wrong =
        browser.post("/onboarding", &[("name", "My firm"), ("slug", "admin"), ("start", "site")]).await;
    assert_eq!(wrong.status, 409);
    assert!(wrong.body.contains("My firm") && wrong.body.contains("This is reserved"), "{}", wrong.body);
    assert!(wrong.body.contains("value=\"site\" checked"));
    let slug = format!("firm-{}", &town.world.address("x")[2..14]);
    let made = browser.post("/onboarding", &[("name", "My firm"), ("slug", &slug), ("start", "csv")]).await;
    assert_eq!(made.to(), format!("/o/{slug}/bases?new=csv"));
    assert_eq!(browser.get("/").await.to(), format!("/o/{slug}/"));
    let home = browser.get(&format!("/o/{slug}/")).await;
    assert!(home.status == 200 && home.body.contains("Import a CSV file"), "{}", home.body);
}

#[tokio::test]
async fn the_team_page_invites_changes_and_removes() {
    let town = Town::new().await;
    let (tenant, owner) = town.organisation("Acme").await;
    let mina = town.join(&tenant, &owner, "Mina", Role::Editor).await;
    let app = app(&town);
    let mut browser = logged_in(&app, &owner.user).await;
    let team = format!("/o/{}/team", tenant.slug);
    let page = browser.get(&team).await;
    assert!(page.body.contains("Mina") && page.body.contains("The last owner can’t leave"), "{}", page.body);
    let wrong = browser
        .post(&format!("{team}/invite"), &[("emails", "new@x.example, nobody"), ("role", "editor")])
        .await;
    assert!(wrong.status == 422 && wrong.body.contains("new@x.example, nobody"), "what was typed stays");
    let email = town.world.address("new");
    let invited = browser.post(&format!("{team}/invite"), &[("emails", &email), ("role", "viewer")]).await;
    assert_eq!(invited.to(), format!("{team}?note=invited"));
    assert!(browser.get(&team).await.body.contains(&email));
    let member = format!("{team}/members/{}", mina.user.id);
    browser.post(&format!("{member}/role"), &[("role", "admin")]).await.to();
    assert_eq!(town.caller(&tenant, &mina.user).await.role, Role::Admin);
    let nonsense = browser.post(&format!("{member}/role"), &[("role", "king")]).await;
    assert_eq!(nonsense.status, 422);
    browser.post(&format!("{member}/remove"), &[]).await.to();
    let mut removed = logged_in(&app, &mina.user).await;
    assert_eq!(removed.get(&team).await.status, 404);
    assert_eq!(removed.get("/").await.to(), "/onboarding");
    let leave = browser.post(&format!("{team}/leave"), &[]).await;
    assert!(leave.status == 409 && leave.body.contains("Make somebody else an owner first"));
}

#[tokio::test]
async fn an_invitation_is_accepted_by_its_person() {
    let town = Town::new().await;
    let (tenant, owner) = town.organisation("Acme").await;
    let (mina, sam) = (town.world.person("Mina").await, town.world.person("Sam").await);
    town.tenancy.invite(&owner.caller, &mina.email, Role::Editor, &town.world.visit()).await.unwrap();
    let token = town.world.link(&mina.email, 2).await;
    let path = format!("/invite?token={token}");
    let app = app(&town);
    let out = Browser::new(&app).get(&path).await;
    assert!(out.status == 200 && out.body.contains("Create an account") && out.body.contains("Join Acme"));
    let mut other = logged_in(&app, &sam).await;
    assert!(other.get(&path).await.body.contains("You are logged in as"));
    assert_eq!(other.post("/invite", &[("token", &token)]).await.status, 403);
    let mut browser = logged_in(&app, &mina).await;
    browser.get(&path).await;
    assert_eq!(browser.post("/invite", &[("token", &token)]).await.to(), format!("/o/{}/", tenant.slug));
    assert_eq!(browser.get(&path).await.status, 410);
}

#[tokio::test]
async fn a_token_is_shown_once() {
    let town = Town::new().await;
    let (tenant, owner) = town.organisation("Acme").await;
    let app = app(&town);
    let mut browser = logged_in(&app, &owner.user).await;
    let tokens = format!("/o/{}/tokens", tenant.slug);
    assert!(browser.get(&tokens).await.body.contains("No token yet"));
    let wrong = browser.post(&tokens, &[("label", "Kiosk"), ("days", "30")]).await;
    assert!(
        wrong.status == 422 && wrong.body.contains("Kiosk") && wrong.body.contains("choose at least one")
    );
    let made =
        browser.post(&tokens, &[("label", "Kiosk"), ("read", "on"), ("write", "on"), ("days", "30")]).await;
    assert_eq!(made.status, 201);
    let text = made.body.split("id=\"token-text\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert!(town.tenancy.authenticate(&text).await.is_ok());
    let list = browser.get(&tokens).await;
    assert!(list.body.contains("Kiosk") && list.body.contains("Read, write") && !list.body.contains(&text));
    let listed = town.tenancy.tokens(&owner.caller).await.unwrap();
    assert_eq!(listed[0].bases, None, "all bases, when nothing is said");
    let id = listed[0].id;
    browser.post(&format!("{tokens}/{id}/revoke"), &[]).await.to();
    assert!(town.tenancy.authenticate(&text).await.is_err());
}

#[tokio::test]
async fn a_token_is_limited_to_the_ticked_bases() {
    let town = Town::new().await;
    let (tenant, owner) = town.organisation("Acme").await;
    let app = app(&town);
    let mut browser = logged_in(&app, &owner.user).await;
    let tokens = format!("/o/{}/tokens", tenant.slug);
    let form = browser.get(&tokens).await.body;
    assert!(form.contains("Warehouse") && form.contains("Staff"));
    let some = [("label", "Kiosk"), ("read", "on"), ("days", "30"), ("reach", "some")];
    let none_ticked = browser.post(&tokens, &some).await;
    assert!(none_ticked.status == 422 && none_ticked.body.contains("has no base ticked"));
    let unknown = [&some[..], &[("base.app9", "on")]].concat();
    assert_eq!(
        browser.post(&tokens, &unknown).await.status,
        422,
        "a base of somebody else counts for nothing"
    );
    let made = browser.post(&tokens, &[&some[..], &[("base.app2", "on")]].concat()).await;
    assert!(made.status == 201 && made.body.contains("Staff only"), "{}", made.body);
    let listed = town.tenancy.tokens(&owner.caller).await.unwrap();
    assert_eq!((listed.len(), listed[0].bases.as_deref()), (1, Some(&[8][..])));
    // Without the choice made, ticks mean nothing.
    let all = [&some[..3], &[("reach", "all"), ("base.app2", "on")]].concat();
    assert_eq!(browser.post(&tokens, &all).await.status, 201);
    assert_eq!(
        town.tenancy
            .tokens(&owner.caller)
            .await
            .unwrap()
            .iter()
            .filter(|token| token.bases.is_none())
            .count(),
        1
    );
}

#[tokio::test]
async fn the_app_gets_a_jwt_for_its_calls() {
    let town = Town::new().await;
    let (tenant, owner) = town.organisation("Acme").await;
    let app = app(&town);
    let mut browser = logged_in(&app, &owner.user).await;
    browser.get(&format!("/o/{}/team", tenant.slug)).await;
    let path = format!("/o/{}/api-token", tenant.slug);
    assert_eq!(browser.post_without_csrf(&path, &[]).await.status, 403);
    let answer = browser.post(&path, &[]).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body["expires_in"], 300);
    assert!(town.tenancy.authenticate(body["token"].as_str().unwrap()).await.is_ok());
}

#[tokio::test]
async fn the_account_page_keeps_the_switcher() {
    let town = Town::new().await;
    let (tenant, owner) = town.organisation("Acme").await;
    let mut browser = logged_in(&app(&town), &owner.user).await;
    let account = browser.get("/account").await;
    assert!(
        account.status == 200 && account.body.contains(&format!("/o/{}/team", tenant.slug)),
        "{}",
        account.body
    );
    assert_eq!(browser.get("/login").await.to(), "/");
}

#[tokio::test]
async fn suspended_and_foreign_organisations() {
    let town = Town::new().await;
    let (tenant, owner) = town.organisation("Acme").await;
    let (other, _) = town.organisation("Beta").await;
    let app = app(&town);
    let mut browser = logged_in(&app, &owner.user).await;
    for path in ["", "team", "tokens"] {
        assert_eq!(browser.get(&format!("/o/{}/{path}", other.slug)).await.status, 404, "{path}");
    }
    town.tenancy.suspend(tenant.id, "Unpaid").await.unwrap();
    let closed = browser.get(&format!("/o/{}/team", tenant.slug)).await;
    assert!(
        closed.status == 403 && closed.body.contains("Acme") && closed.body.contains("suspended"),
        "{}",
        closed.body
    );
    assert!(!closed.body.contains("Unpaid"), "the reason is for staff");
}
