//! The pages as a browser sees them.

use crate::browser::Browser;
use crate::world::{PASSWORD, World};
use axum::Router;
use kernel_web::Portals;

pub fn app(world: &World) -> Router {
    let portals = Portals { app: Some(identity::routes(&world.identity)), ..Portals::default() };
    kernel_web::by_host(&world.web, portals)
}

#[tokio::test]
async fn templates_are_sound() {
    let world = World::new().await;
    assert_eq!(world.web.check_templates(), Vec::<(String, String)>::new());
}

#[tokio::test]
async fn from_sign_up_to_log_out() {
    let world = World::new().await;
    let mut browser = Browser::new(&app(&world));
    assert_eq!(browser.get("/account").await.to(), "/login?next=%2Faccount");
    browser.get("/signup?next=/account").await;
    let email = world.address("alex");
    let wrong = browser
        .post(
            "/signup",
            &[("name", "Alex Doe"), ("email", "alex@acme"), ("password", "hush hush"), ("next", "/account")],
        )
        .await;
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.body.contains("Alex Doe") && wrong.body.contains("lacks an ending"),
        "what was typed stays"
    );
    assert!(!wrong.body.contains("hush hush"), "the password does not");
    let sent = browser
        .post(
            "/signup",
            &[("name", "Alex Doe"), ("email", &email), ("password", PASSWORD), ("next", "/account")],
        )
        .await;
    assert!(sent.to().starts_with("/signup/sent?email="));
    assert!(browser.get(sent.to()).await.body.contains("Check your mail"));
    let token = world.link(&email, 1).await;
    let link = browser.get(&format!("/verify?token={token}")).await;
    assert!(link.status == 200 && link.body.contains(&email));
    assert!(
        world.identity.user_by_email(&email).await.unwrap().is_none(),
        "opening the link changes nothing"
    );
    let confirmed = browser.post("/verify", &[("token", &token)]).await;
    assert_eq!(confirmed.to(), "/account");
    assert!(browser.cookie("__Host-session").is_some());
    assert_eq!(browser.get(&format!("/verify?token={token}")).await.status, 410);
    let account = browser.get("/account").await;
    assert!(account.status == 200 && account.body.contains(&email));
    let security = browser.get("/account/security").await;
    assert!(security.body.contains("Unknown browser"), "none was named");
    assert_eq!(account.header("cache-control"), "no-store");
    assert_eq!(browser.get("/login").await.to(), "/", "signed in already");
    browser.get("/account").await;
    let out = browser.post("/logout", &[]).await;
    assert_eq!(out.to(), "/login?note=out");
    assert!(out.header("clear-site-data").contains("storage"));
    assert!(browser.cookie("__Host-session").is_none());
    assert_eq!(browser.get("/account").await.status, 303);
}

#[tokio::test]
async fn known_and_unknown_addresses_get_the_same_pages() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let app = app(&world);
    let unknown = world.address("alex");
    let mut pages = Vec::new();
    for email in [&user.email, &unknown] {
        let mut browser = Browser::new(&app);
        browser.get("/login").await;
        let login = browser.post("/login", &[("email", email), ("password", "not the password")]).await;
        browser.get("/forgot").await;
        let forgot = browser.post("/forgot", &[("email", email)]).await;
        browser.get("/signup").await;
        let signup =
            browser.post("/signup", &[("name", "A"), ("email", email), ("password", PASSWORD)]).await;
        let words = |text: String| text.replace(email.as_str(), "EMAIL");
        let mut names: Vec<_> = signup.headers.keys().map(|name| name.as_str().to_owned()).collect();
        names.sort();
        pages.push((
            (login.status, words(login.normal())),
            (forgot.status, forgot.to().to_owned()),
            (
                signup.status,
                signup.to().replace('@', "%40").replace(&email.replace('@', "%40"), "EMAIL"),
                names,
            ),
        ));
    }
    assert_eq!(pages[0].0.0, 401);
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn a_form_without_its_token_is_refused_and_changes_nothing() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let mut browser = Browser::new(&app(&world));
    browser.get("/login").await;
    let login = [("email", user.email.as_str()), ("password", PASSWORD)];
    assert_eq!(browser.post_without_csrf("/login", &login).await.status, 403);
    assert!(browser.cookie("__Host-session").is_none());
    assert_eq!(browser.post("/login", &login).await.to(), "/");
    assert!(browser.cookie("__Host-session").is_some());
}

#[tokio::test]
async fn the_account_page_changes_what_it_shows() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let app = app(&world);
    let (mut browser, mut other) = (Browser::new(&app), Browser::new(&app));
    for browser in [&mut browser, &mut other] {
        browser.get("/login?next=//evil.example").await;
        let login = [("email", user.email.as_str()), ("password", PASSWORD), ("next", "//evil.example")];
        assert_eq!(browser.post("/login", &login).await.to(), "/", "no way to another host");
    }
    browser.get("/account").await;
    let wrong = browser.post("/account", &[("name", ""), ("time_zone", "UTC"), ("theme", "dark")]).await;
    assert!(wrong.status == 422 && wrong.body.contains("This is missing."));
    let saved = browser
        .post("/account", &[("name", "Alex Two"), ("time_zone", "Asia/Tokyo"), ("theme", "dark")])
        .await;
    assert_eq!((saved.to(), browser.cookie("theme")), ("/account", Some("dark")));
    assert!(browser.get("/account").await.body.contains("Alex Two"));
    let ended = browser.post("/account/sessions/end-others", &[]).await;
    assert_eq!(ended.to(), "/account/security?note=sessions");
    assert_eq!(other.get("/account").await.status, 303);
    let foreign = browser.post("/account/sessions/ses_0000000000000000000000/end", &[]).await;
    assert_eq!(foreign.status, 404);
    browser.get("/account/password").await;
    let wrong =
        browser.post("/account/password", &[("current", "no"), ("password", "nine silver spoons")]).await;
    assert!(wrong.status == 422 && wrong.body.contains("is not your current password"));
    let changed =
        browser.post("/account/password", &[("current", PASSWORD), ("password", "nine silver spoons")]).await;
    assert_eq!(changed.to(), "/account/security?note=password");
    assert_eq!(browser.get("/account").await.status, 200, "the renewed session is this browser's");
}

#[tokio::test]
async fn the_mailbox_shows_mails_with_links() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let mut browser = Browser::new(&app(&world));
    let list = browser.get("/dev/mailbox").await;
    assert!(list.body.contains(&user.email), "the newest mails are listed");
    let item = list.body.split("/dev/mailbox/").skip(1).find(|item| item.contains(&user.email)).unwrap();
    let id = item.split('"').next().unwrap();
    let mail = browser.get(&format!("/dev/mailbox/{id}")).await;
    assert!(
        mail.body.contains("<a class=\"t\" href=\"http://app.nclc.localhost:8080/verify?token="),
        "{}",
        mail.body
    );
    let html = browser.get(&format!("/dev/mailbox/{id}/html")).await;
    assert!(html.status == 200 && html.body.contains("Confirm address"));
    assert_eq!(browser.get("/dev/mailbox/999999999").await.status, 404);
}
