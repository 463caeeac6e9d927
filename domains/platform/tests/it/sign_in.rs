//! Set-up links, sign-in, sessions, and who may reach the portal at all.

use crate::world::{PASSWORD, World};
use http::StatusCode;
use jiff::SignedDuration;
use platform::audit::{Action, Filter};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_link_makes_one_account_and_burns() {
    let world = World::own(&[]).await;
    let link = world.admin.first_setup_link().await.unwrap().unwrap();
    let second = world.admin.first_setup_link().await.unwrap().unwrap();
    let (path, unused) = (link.split(":8080").nth(1).unwrap(), second.split(":8080").nth(1).unwrap());
    let token = path.split("token=").nth(1).unwrap();
    let mut browser = world.browser();

    let page = browser.get(path).await;
    assert_eq!(page.status, StatusCode::OK);
    let form = |password: &'static str| {
        [
            ("token", token.to_owned()),
            ("email", "Ada@Example.com".into()),
            ("name", "Ada".into()),
            ("password", password.into()),
        ]
    };
    let send = |form: [(&'static str, String); 4]| form.map(|(name, value)| (name, value));
    let weak = send(form("short"));
    let weak: Vec<_> = weak.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = browser.post("/setup", &weak).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        answer.text.contains("value=\"Ada@Example.com\"") && !answer.text.contains("short\""),
        "{}",
        answer.text
    );

    // Of two requests at once with one link, one wins.
    let good = send(form(PASSWORD));
    let good: Vec<_> = good.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut other = world.browser();
    other.get(path).await;
    let (one, two) = tokio::join!(browser.post("/setup", &good), other.post("/setup", &good));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 422]);

    for burnt in [path, unused] {
        assert_eq!(world.browser().get(burnt).await.status, StatusCode::NOT_FOUND, "{burnt}");
    }
    assert_eq!(world.admin.first_setup_link().await.unwrap(), None);
    let mut winner = if one.status == StatusCode::SEE_OTHER { browser } else { other };
    let overview = winner.get("/").await;
    assert_eq!(overview.status, StatusCode::OK);
    assert!(overview.text.contains("Ada") && overview.text.contains("Sign-ups a day"), "{}", overview.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_open_the_portal_and_end() {
    let world = World::own(&[]).await;
    let mut browser = world.staff_browser("Ada").await;
    for path in ["/", "/tenants", "/audit", "/staff", "/audit/check", "/audit.csv"] {
        assert_eq!(browser.get(path).await.status, StatusCode::OK, "{path}");
        let outside = world.browser().get(path).await;
        assert_eq!((outside.status, outside.location()), (StatusCode::SEE_OTHER, "/login"), "{path}");
    }
    let cookie = browser.cookies["__Host-staff"].clone();
    assert_eq!(cookie.len(), 43);

    let mut idle = world.browser();
    idle.cookies = browser.cookies.clone();
    world.clock.advance(SignedDuration::from_mins(59));
    assert_eq!(idle.get("/staff").await.status, StatusCode::OK);
    world.clock.advance(SignedDuration::from_mins(60));
    assert_eq!(idle.get("/staff").await.location(), "/login");

    let email = world.admin.staff.all().await.unwrap()[0].email.clone();
    browser.get("/login").await;
    let wrong = browser.post("/login", &[("email", &email), ("password", "seven copper kettle")]).await;
    let unknown = browser.post("/login", &[("email", "nobody@example.com"), ("password", PASSWORD)]).await;
    assert_eq!((wrong.status, unknown.status), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    assert!(wrong.text.contains("not right") && !wrong.text.contains("kettle"), "{}", wrong.text);
    let right = browser.post("/login", &[("email", &email.to_uppercase()), ("password", PASSWORD)]).await;
    assert_eq!((right.status, right.location()), (StatusCode::SEE_OTHER, "/"));
    browser.get("/").await;
    assert_eq!(browser.post("/logout", &[]).await.location(), "/login");
    assert_eq!(browser.get("/").await.location(), "/login");

    let filter = Filter { action: Some(Action::SignInRefused), ..Filter::default() };
    let refused = world.admin.audit.page(&filter, None, 10).await.unwrap();
    let actors: Vec<_> = refused.iter().map(|entry| entry.event.actor.as_str()).collect();
    assert_eq!(actors, ["nobody@example.com", email.as_str()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_is_slowed_and_forms_need_their_token() {
    let world = World::own(&[]).await;
    let mut browser = world.browser();
    browser.get("/login").await;
    let forged = browser.post_bare("/login", &[("email", "a@b.de"), ("password", "x")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let mut statuses = Vec::new();
    for _ in 0..9 {
        statuses
            .push(browser.post("/login", &[("email", "a@b.de"), ("password", "x")]).await.status.as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 401, 401, 401, 429]);
    world.clock.advance(SignedDuration::from_secs(60));
    assert_eq!(browser.post("/login", &[("email", "a@b.de"), ("password", "x")]).await.status.as_u16(), 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outside_the_staffs_networks_there_is_nothing() {
    let world =
        World::own(&[("NCLC_DEVELOPMENT", "false"), ("NCLC_SECURITY_STAFF_NETWORKS", "10.0.0.0/8")]).await;
    assert!(!world.settings.development);
    for path in ["/", "/login", "/setup?token=x", "/tenants"] {
        let answer = world.browser().get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!answer.text.to_lowercase().contains("staff"), "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_account_is_out_at_once() {
    let world = World::own(&[]).await;
    let mut ada = world.staff_browser("Ada").await;
    let mut bob = world.staff_browser("Bob").await;
    let all = world.admin.staff.all().await.unwrap();
    let (ada_id, bob_id) = (all[0].id, all[1].id);
    ada.get("/staff").await;
    assert_eq!(ada.post(&format!("/staff/{ada_id}/close"), &[]).await.status, StatusCode::CONFLICT);
    assert_eq!(bob.get("/").await.status, StatusCode::OK);
    ada.get("/staff").await;
    assert_eq!(ada.post(&format!("/staff/{bob_id}/close"), &[]).await.location(), "/staff");
    assert_eq!(bob.get("/").await.location(), "/login");
    bob.get("/login").await;
    let answer = bob.post("/login", &[("email", &all[1].email), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}
