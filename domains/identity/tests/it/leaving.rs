//! A copy of one's data, and the end of an account.

use crate::browser::Browser;
use crate::factors::Guarded;
use crate::pages::app;
use crate::world::{PASSWORD, World};
use flate2::read::GzDecoder;
use identity::leaving::{Later, Tie, Ties};
use jiff::SignedDuration;
use kernel_core::{Code, Result, UserId};
use kernel_db::statements;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::io::Read as _;
use std::sync::Arc;

statements! {
    global Control EVERYTHING_OF = "select
        (select count(*) from control.sessions where user_id = $1) + (select count(*) from control.totp where user_id = $1)
        + (select count(*) from control.recovery_codes where user_id = $1) + (select count(*) from control.devices where user_id = $1)
        + (select count(*) from control.passkeys where user_id = $1) + (select count(*) from control.avatars where user_id = $1)
        + (select count(*) from control.data_exports where user_id = $1) as rows,
        (select u.email || ' ' || u.name || ' ' || u.email_key || coalesce(u.password_hash, '') from control.users u where u.id = $1) as left_over";
    global Logs EVENTS_OF = "select action from logs.account_events where user_id = $1 order by at";
}

/// One organisation that everybody is in.
struct Town {
    sole_owner: Mutex<bool>,
    left: Mutex<Vec<UserId>>,
}

impl Town {
    fn of(sole_owner: bool) -> Arc<Self> {
        Arc::new(Self { sole_owner: Mutex::new(sole_owner), left: Mutex::default() })
    }
}

impl Ties for Town {
    fn of(&self, _: UserId) -> Later<'_, Vec<Tie>> {
        let tie = Tie { name: "Acme & Co".into(), slug: "acme".into(), sole_owner: *self.sole_owner.lock() };
        Box::pin(async move { Ok(vec![tie]) })
    }
    fn export(&self, _: UserId) -> Later<'_, Vec<(&'static str, Value)>> {
        Box::pin(async { Ok(vec![("organisations", json!([{"name": "Acme & Co"}]))]) })
    }
    fn leave(&self, user: UserId) -> Later<'_, ()> {
        self.left.lock().push(user);
        Box::pin(async { Result::Ok(()) })
    }
}

async fn logged_in(world: &World, email: &str) -> Browser {
    let mut browser = Browser::new(&app(world));
    browser.get("/login").await;
    assert_eq!(browser.post("/login", &[("email", email), ("password", PASSWORD)]).await.to(), "/");
    browser
}

fn unpacked(file: &[u8]) -> Value {
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn a_copy_has_everything_but_secrets_and_is_the_persons_alone() {
    let world = World::new().await;
    world.identity.tie(Town::of(false));
    let alex = Guarded::new(&world).await;
    world.identity.ask_for_export(&alex.who, &world.visit()).await.unwrap();
    let twice = world.identity.ask_for_export(&alex.who, &world.visit()).await;
    if let Err(error) = twice {
        assert_eq!(error.code(), Code::Conflict, "one at a time");
    }
    let mails = world.mails(&alex.user.email, 3).await;
    assert!(mails[2].0.contains("copy of your"), "{mails:?}");
    let export = world.identity.latest_export(alex.user.id).await.unwrap().unwrap();
    assert_eq!((export.done, export.ready_at.is_some()), (export.parts, true));
    assert!(mails[2].1.contains(&format!("/account/export/{}", export.id)));
    let file = world.identity.export_file(&alex.who, export.id, &world.visit()).await.unwrap();
    let copy = unpacked(&file);
    assert_eq!(copy["profile"]["email"], alex.user.email);
    assert_eq!(copy["organisations"][0]["name"], "Acme & Co");
    assert_eq!(copy["log_in"]["recovery_codes_left"], 10);
    assert_eq!(copy["sessions"]["live"][0]["with"][0], "password");
    let actions: Vec<&str> =
        copy["access_log"].as_array().unwrap().iter().filter_map(|row| row["action"].as_str()).collect();
    assert!(actions.contains(&"account.created"), "{actions:?}");
    let text = copy.to_string();
    let seed = data_encoding::BASE32_NOPAD.encode(&alex.seed);
    for secret in [PASSWORD, "argon2", seed.as_str(), &alex.codes[0]] {
        assert!(!text.contains(secret), "{secret}");
    }
    let sam = Guarded::new(&world).await;
    let stranger = world.identity.export_file(&sam.who, export.id, &world.visit()).await.unwrap_err();
    assert_eq!(stranger.code(), Code::NotFound);
    world.pass(SignedDuration::from_hours(24 * 7 + 1));
    let late = world.identity.export_file(&alex.who, export.id, &world.visit()).await.unwrap_err();
    assert_eq!(late.code(), Code::NotFound);
    assert!(world.identity.latest_export(alex.user.id).await.unwrap().is_none());
}

#[tokio::test]
async fn closing_asks_for_the_address_and_logging_in_keeps_the_account() {
    let world = World::new().await;
    world.identity.tie(Town::of(false));
    let user = world.person("Alex").await;
    let mut browser = logged_in(&world, &user.email).await;
    let page = browser.get("/account/close").await;
    assert!(
        page.body.contains("Your place in Acme &amp; Co") && page.body.contains("1 session"),
        "{}",
        page.body
    );
    for (typed, text) in [("", "This is not"), ("somebody@else.example", "somebody@else.example")] {
        let wrong = browser.post("/account/close", &[("confirm", typed)]).await;
        assert!(wrong.status == 422 && wrong.body.contains(text), "{typed:?} {}", wrong.body);
    }
    assert_eq!(browser.post_without_csrf("/account/close", &[("confirm", &user.email)]).await.status, 403);
    let shouted = user.email.to_uppercase();
    assert_eq!(browser.post("/account/close", &[("confirm", &shouted)]).await.to(), "/login?note=closing");
    assert!(browser.cookie("__Host-session").is_none());
    assert!(world.identity.sessions(user.id).await.unwrap().is_empty(), "everywhere");
    assert!(browser.get("/login?note=closing").await.body.contains("closed in 14 days"));
    world.pass(SignedDuration::from_hours(24 * 14 - 1));
    assert_eq!(world.identity.close_due_accounts().await.unwrap(), 0, "not yet");
    logged_in(&world, &user.email).await;
    // And one about the other browser.
    let mails = world.mails(&user.email, 4).await;
    assert!(mails[1].0.contains("will be closed"), "{mails:?}");
    assert!(mails[2..].iter().any(|(subject, _)| subject.contains("stays")), "{mails:?}");
    world.pass(SignedDuration::from_hours(24 * 3));
    assert_eq!(world.identity.close_due_accounts().await.unwrap(), 0);
    logged_in(&world, &user.email).await;
}

#[tokio::test]
async fn what_is_left_of_a_closed_account_is_a_pseudonym() {
    let world = World::new().await;
    let town = Town::of(false);
    world.identity.tie(Arc::clone(&town) as Arc<dyn Ties>);
    let alex = Guarded::new(&world).await;
    world.identity.close_account(&alex.who, &alex.user.email, &world.visit()).await.unwrap();
    world.pass(SignedDuration::from_hours(24 * 14 + 1));
    assert_eq!(world.identity.close_due_accounts().await.unwrap(), 1);
    assert_eq!(*town.left.lock(), [alex.user.id]);
    let mails = world.mails(&alex.user.email, 4).await;
    assert!(mails[3].0.contains("is closed"), "{mails:?}");
    let rows = world.db.global(&EVERYTHING_OF, &[&alex.user.id.uuid()]).await.unwrap();
    let left: String = rows[0].get("left_over");
    assert_eq!(rows[0].get::<_, i64>("rows"), 0);
    assert_eq!(left, format!("closed account Closed account closed:{}", alex.user.id.uuid()));
    world.jobs.drain().await.unwrap();
    let events = world.db.global(&EVENTS_OF, &[&alex.user.id.uuid()]).await.unwrap();
    let events: Vec<String> = events.iter().map(|row| row.get("action")).collect();
    assert!(events.iter().all(|action| action == "account.closed"), "{events:?}");
    let refused = world.identity.sign_in(&alex.user.email, PASSWORD, None, &world.visit()).await.unwrap_err();
    assert_eq!(refused.code(), Code::BadCredentials);
    assert_eq!(world.identity.close_due_accounts().await.unwrap(), 0, "once");
    // The address is free again.
    world.identity.create_account("Alex", &alex.user.email, PASSWORD).await.unwrap();
}

#[tokio::test]
async fn nobody_leaves_an_organisation_without_an_owner() {
    let world = World::new().await;
    let town = Town::of(true);
    world.identity.tie(Arc::clone(&town) as Arc<dyn Ties>);
    let user = world.person("Alex").await;
    let mut browser = logged_in(&world, &user.email).await;
    let page = browser.get("/account/close").await;
    assert!(page.body.contains("/o/acme/team") && !page.body.contains("name=\"confirm\""), "{}", page.body);
    let refused = browser.post("/account/close", &[("confirm", &user.email)]).await;
    assert!(refused.status == 422 && refused.body.contains("Acme &amp; Co"));
    *town.sole_owner.lock() = false;
    assert_eq!(browser.post("/account/close", &[("confirm", &user.email)]).await.to(), "/login?note=closing");
    // The other owner leaves within the grace.
    *town.sole_owner.lock() = true;
    world.pass(SignedDuration::from_hours(24 * 14 + 1));
    assert_eq!(world.identity.close_due_accounts().await.unwrap(), 0);
    assert!(town.left.lock().is_empty());
    let mails = world.mails(&user.email, 3).await;
    assert!(mails[2].0.contains("could not be closed") && mails[2].1.contains("Acme & Co"), "{mails:?}");
    logged_in(&world, &user.email).await;
}

#[tokio::test]
async fn the_account_page_exports_and_shows_pictures() {
    let world = World::new().await;
    let user = world.person("Alex").await;
    let mut browser = logged_in(&world, &user.email).await;
    let account = browser.get("/account").await;
    assert!(account.body.contains("Export my data") && account.body.contains("German: 21.11.2026"));
    let fields = [("name", "Alex"), ("time_zone", "Europe/Berlin"), ("theme", "dark"), ("locale", "de")];
    assert_eq!(browser.post("/account", &fields).await.to(), "/account");
    let german = browser.get("/account").await;
    assert!(german.body.contains("<option value=\"de\" selected>"), "{}", german.body);
    assert_eq!(browser.post("/account/export", &[]).await.to(), "/account?note=export");
    world.mails(&user.email, 2).await;
    let ready = browser.get("/account").await;
    assert!(ready.body.contains("Fetch it") && ready.body.contains("CET"), "times in the person's zone");
    let at = ready.body.find("/account/export/exp_").unwrap();
    let path = ready.body[at..].split('"').next().unwrap().to_owned();
    let mut stranger = logged_in(&world, &world.person("Sam").await.email).await;
    assert_eq!(stranger.get(&path).await.status, 404);
    assert_eq!(stranger.get("/account/export/exp_0").await.status, 404);
    assert!(Browser::new(&app(&world)).get(&path).await.to().starts_with("/login?next="));

    let picture = png();
    let wrong = browser.upload("/account/picture", "picture", b"GIF89a").await;
    assert!(wrong.status == 422 && wrong.body.contains("choose a PNG"), "{}", wrong.body);
    assert_eq!(browser.upload("/account/picture", "other", &picture).await.status, 422, "no file");
    let huge = vec![0; 6 << 20];
    assert_eq!(browser.upload("/account/picture", "picture", &huge).await.status, 400);
    assert_eq!(browser.upload("/account/picture", "picture", &picture).await.to(), "/account?note=picture");
    let account = browser.get("/account").await;
    let at = account.body.find("/people/usr_").unwrap();
    let address = account.body[at..].split('"').next().unwrap().to_owned();
    let shown = browser.get_bytes(&address).await;
    assert_eq!((shown.0, shown.1.get("content-type").unwrap().to_str().unwrap()), (200, "image/png"));
    assert!(shown.1.get("content-security-policy").unwrap().to_str().unwrap().contains("sandbox"));
    let guessed = format!("{}/{}", address.rsplit_once('/').unwrap().0, "0".repeat(32));
    assert_eq!(browser.get(&guessed).await.status, 404);
    assert!(Browser::new(&app(&world)).get(&address).await.to().starts_with("/login?next="));
    assert_eq!(browser.post("/account/picture/remove", &[]).await.to(), "/account?note=picture-removed");
    assert_eq!(browser.get(&address).await.status, 404);
}

fn png() -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(40, 30).write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner()
}
