//! Planted secrets: a person's whole way through the product with passwords, tokens, codes and links that are known here.
//! Afterwards none of them is in any row of the four databases, in what the program logs, or in a file of its folder.
//!
//! Two places hold links on purpose and are left out: the development mailbox, which stands for the person's own mail
//! program, and jobs, where a mail waits for a moment (they are empty when the search begins).

use crate::oauth_world;
use anyhow::Context as _;
use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD, HEXLOWER};
use identity::factors::totp;
use kernel_core::Clock;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;
use testkit::{Browser, TestSystem, eventually, run};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt as _;

/// What the program logs, at a level that it has in no installation: everything of ours, and warnings of others.
const LEVELS: &str = "trace,hyper=warn,hyper_util=warn,h2=warn,reqwest=warn,tokio_postgres=warn,mio=warn";

/// Everything that was logged since it was first asked for.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("the log")).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("the log").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The log of this process.
pub fn captured() -> Log {
    static LOG: LazyLock<Log> = LazyLock::new(|| {
        let log = Log::default();
        nclc::log::lines(tracing_subscriber::EnvFilter::new(LEVELS), log.clone()).init();
        log
    });
    LOG.clone()
}

fn between(text: &str, start: &str, end: &str) -> anyhow::Result<String> {
    let (_, rest) = text.split_once(start).with_context(|| format!("no {start}"))?;
    Ok(rest.split_once(end).with_context(|| format!("no {end}"))?.0.trim().to_owned())
}

/// Every secret of the walk by name, as text.
type Planted = BTreeMap<String, String>;

/// An OAuth app that the person lets act: its secret, the code, and the tokens.
async fn app_walk(
    system: &'static TestSystem,
    browser: &mut Browser,
) -> anyhow::Result<Vec<(&'static str, String)>> {
    let page = "/o/planted/apps";
    let fields = [("name", "Planted app"), ("redirects", oauth_world::BACK), ("read", "on"), ("write", "on")];
    let made = browser.submit(page, page, &fields).await?.expect(201)?;
    let client = between(&made.text, "id=\"app-client\">", "<")?;
    let secret = between(&made.text, "id=\"app-secret\">", "<")?;
    let app = oauth_world::App { id: String::new(), client, secret: Some(secret.clone()) };
    let (_, location) = oauth_world::answered(browser, &oauth_world::request(&app, &[]), &[]).await?;
    let code = oauth_world::parameter(&location, "code").context("no code")?;
    let tokens = oauth_world::exchange(system, &app, &code).await?.expect(200)?.json();
    let access = oauth_world::text(&tokens, "access_token");
    system.api().get("/v1/bases").token(&access).send().await?.expect(200)?;
    let refresh = oauth_world::text(&tokens, "refresh_token");
    Ok(vec![("app's secret", secret), ("code", code), ("access token", access), ("refresh token", refresh)])
}

async fn walk(system: &'static TestSystem) -> anyhow::Result<Planted> {
    let mut planted = Planted::new();
    let mut plant = |name: &str, value: &str| {
        assert!(value.len() >= 6, "{name} is too short to be looked for: {value:?}");
        planted.insert(name.to_owned(), value.to_owned());
        value.to_owned()
    };
    let email = "planted.person@secrets.example";
    let first = plant("first password", "planted-Okapi-quartz-ladder-1");
    let wrong = plant("wrong password", "planted-Wombat-violin-harbour-2");
    let changed = plant("changed password", "planted-Narwhal-copper-saddle-3");
    let mut browser = Browser::new(system.portal("app"));
    let fields = [("name", "Planted Person"), ("email", email), ("password", first.as_str())];
    browser.submit("/signup", "/signup", &fields).await?.expect(303)?;
    let confirm = plant("confirmation link", &TestSystem::token_of(&system.mail(email, "Confirm").await?)?);
    let page = format!("/verify?token={confirm}");
    browser.submit(&page, "/verify", &[("token", &confirm)]).await?.expect(303)?;
    plant("first session", browser.cookie("__Host-session").context("no session")?);
    plant("csrf cookie", browser.cookie("__Host-csrf").context("no csrf")?);

    let fields = [("email", email), ("password", wrong.as_str())];
    let mut second = Browser::new(system.portal("app"));
    second.submit("/login", "/login", &fields).await?.expect(401)?;
    // A secret where it does not belong: a password in a path and a query, a token in a field for names.
    second.open(&format!("/login?next=/&password={wrong}")).await?;
    let odd = [("email", wrong.as_str()), ("password", email)];
    let odd = second.submit("/login", "/login", &odd).await?;
    anyhow::ensure!(odd.status == 401 || odd.status == 422, "{}", odd.status);

    browser
        .submit("/onboarding", "/onboarding", &[("name", "Planted"), ("slug", "planted"), ("start", "base")])
        .await?
        .expect(303)?;
    let fields = [("label", "walk"), ("read", "on"), ("write", "on"), ("reach", "all"), ("days", "30")];
    let made = browser.submit("/o/planted/tokens", "/o/planted/tokens", &fields).await?.expect(201)?;
    let token = plant(
        "API token",
        between(&made.text, "id=\"token-text\"", "</")?.split('>').next_back().unwrap_or(""),
    );
    let api = system.api();
    api.get("/v1/bases").token(&token).send().await?.expect(200)?;
    api.get(&format!("/v1/bases?token={token}")).send().await?.expect(401)?;
    api.post("/v1/records")
        .token(&token)
        .json(&serde_json::json!({"table": token, "password": wrong}))
        .send()
        .await?;
    api.get("/v1/bases").token(&format!("{token}x")).send().await?.expect(401)?;
    let jwt = browser.submit("/o/planted/tokens", "/o/planted/api-token", &[]).await?.expect(200)?;
    let jwt = plant("JWT", jwt.json()["token"].as_str().context("no JWT")?);
    api.get("/v1/bases").token(&jwt).send().await?.expect(200)?;

    // A link to a view with a password: the address, what is typed, what the browser keeps.
    let base = api.post("/v1/bases").token(&jwt).json(&serde_json::json!({"name": "Shared"}));
    let base = base.send().await?.expect(201)?.json()["id"].clone();
    let table = serde_json::json!({"base": base, "name": "Shared"});
    let table = api.post("/v1/tables").token(&jwt).json(&table).send().await?.expect(201)?.json();
    let view = table["views"][0]["id"].as_str().context("no view")?.to_owned();
    let opens = plant("password of a link", "planted-Pangolin-saffron-anvil-4");
    let share = api.post(&format!("/v1/views/{view}/shares")).token(&jwt);
    let share = share.json(&serde_json::json!({"password": opens})).send().await?.expect(201)?.json();
    let url = share["url"].as_str().context("no address")?;
    let link = plant("link to a view", url.rsplit('/').next().unwrap_or_default());
    let page = format!("/shared/{link}");
    let mut guest = Browser::new(system.portal("app"));
    guest.submit(&page, &page, &[("password", &wrong)]).await?.expect(422)?;
    guest.submit(&page, &page, &[("password", &opens)]).await?.expect(303)?;
    guest.open(&page).await?.expect(200)?;
    let kept = format!("__Host-{}", share["id"].as_str().unwrap_or_default());
    plant("unlocked link", guest.cookie(&kept).context("no cookie")?);
    for (name, value) in app_walk(system, &mut browser).await? {
        plant(name, &value);
    }

    let setup = browser.open("/account/security/app").await?.expect(200)?;
    let seed = plant(
        "seed of the app",
        &between(&setup.text, "id=\"seed\" aria-labelledby=\"seed-l\">", "<")?.replace(' ', ""),
    );
    let bytes = BASE32_NOPAD.decode(seed.as_bytes())?;
    let code = totp::shown(&bytes, Clock::System.now());
    let page = "/account/security/app";
    let codes = browser.submit(page, page, &[("code", &code)]).await?.expect(200)?;
    let recovery = plant("recovery code", &between(&codes.text, "<li>", "\n")?);
    plant("recovery code as hashed", &recovery.replace('-', ""));
    second.submit("/login", "/login", &[("email", email), ("password", &first)]).await?.expect(303)?;
    plant("second step", second.cookie("__Host-signin").context("no step")?);
    second
        .submit("/login/code", "/login/code", &[("code", &recovery), ("recovery", "1")])
        .await?
        .expect(303)?;
    plant("second session", second.cookie("__Host-session").context("no session")?);
    plant("browser", second.cookie("__Host-device").context("no device")?);

    let mut third = Browser::new(system.portal("app"));
    third.submit("/login/link", "/login/link", &[("email", email)]).await?.expect(303)?;
    plant("asking browser", third.cookie("__Host-link").context("no link")?);
    let link = plant("log-in link", &TestSystem::token_of(&system.mail(email, "Log in to").await?)?);
    third.submit(&format!("/link?token={link}"), "/link", &[("token", &link)]).await?.expect(303)?;
    third.submit("/forgot", "/forgot", &[("email", email)]).await?.expect(303)?;
    let reset = plant("reset link", &TestSystem::token_of(&system.mail(email, "new password").await?)?);
    let page = format!("/reset?token={reset}");
    third.submit(&page, "/reset", &[("token", &reset), ("password", &changed)]).await?.expect(303)?;

    let (options, asker) = system.system.identity.passkey_sign_in_request(&visit()).await?;
    plant("challenge", &options.challenge);
    plant("challenge's browser", asker.expose());
    let invite = [("emails", "invited@secrets.example"), ("role", "viewer")];
    let mut owner = Browser::new(system.portal("app"));
    owner.submit("/login", "/login", &[("email", email), ("password", &changed)]).await?.expect(303)?;
    let codes: Vec<String> = codes
        .text
        .split("<li>")
        .skip(2)
        .filter_map(|rest| Some(rest.lines().next()?.trim().to_owned()))
        .collect();
    let next = codes.first().context("one more code")?;
    owner.submit("/login/code", "/login/code", &[("code", next), ("recovery", "1")]).await?.expect(303)?;
    owner.submit("/o/planted/team", "/o/planted/team/invite", &invite).await?.expect(303)?;
    let mail = system.mail("invited@secrets.example", "").await?;
    plant("invitation", &TestSystem::token_of(&mail)?);
    Ok(planted)
}

fn visit() -> identity::Visit {
    identity::Visit { address: [10, 9, 9, 9].into(), agent: "testkit".into(), request_id: String::new() }
}

/// Each row of each table of a database, as text.
async fn rows(system: &TestSystem, database: &str) -> anyhow::Result<Vec<(String, String)>> {
    table_rows(system, database, &[]).await
}

/// The same without some columns.
pub async fn table_rows(
    system: &TestSystem,
    database: &str,
    without: &[&str],
) -> anyhow::Result<Vec<(String, String)>> {
    let sql = system.sql(database, "nclc_platform").await?;
    let tables = sql
        .query("select tablename::text from pg_tables where schemaname = $1 order by 1", &[&database])
        .await?;
    let mut found = Vec::new();
    for table in tables.iter().map(|row| row.get::<_, String>(0)) {
        if ["migrations", "dev_mailbox"].contains(&table.as_str()) {
            continue;
        }
        let (shown, left_out) =
            (if without.is_empty() { "t" } else { "to_jsonb(t) - $1::text[]" }, without.to_vec());
        let statement = format!("select ({shown})::text from {database}.{table} t order by 1");
        let params: &[&(dyn tokio_postgres::types::ToSql + Sync)] = &[&left_out];
        let rows = sql
            .query(&statement, if without.is_empty() { &[] } else { params })
            .await
            .with_context(|| format!("{database}.{table}"))?;
        found.extend(rows.iter().map(|row| (format!("{database}.{table}"), row.get(0))));
    }
    Ok(found)
}

/// Files of the data folder that are no tables: logs, uploads, the audit's head.
fn files(folder: &Path, out: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            // Pages of tables and the write-ahead log have rows that are dead already; rows are searched above.
            if !["base", "global", "pg_wal", "pg_xact", "pg_stat", "pg_multixact", "pg_subtrans"]
                .contains(&name.as_str())
            {
                files(&path, out);
            }
        } else if name != "secret.key"
            && let Ok(bytes) = std::fs::read(&path)
        {
            out.push((path.display().to_string(), bytes));
        }
    }
}

/// Whatever the case: what is kept in lower case is kept all the same. `haystack` is in lower case already.
fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(haystack, &needle.to_ascii_lowercase()).is_some()
}

#[test]
fn no_secret_is_stored_or_logged() {
    let log = captured();
    run(async |system| {
        let planted = walk(system).await?;
        assert!(planted.len() >= 20, "{}", planted.len());
        eventually("no job waits", Duration::from_secs(20), async || {
            let mut waiting = 0_i64;
            for database in ["control", "billing", "data", "logs"] {
                let sql = system.sql(database, "nclc_platform").await?;
                let count = format!("select count(*) from {database}.jobs");
                waiting += sql.query_one(&count, &[]).await.map_or(0, |row| row.get::<_, i64>(0));
            }
            Ok((waiting == 0).then_some(()))
        })
        .await?;
        let mut places: Vec<(String, Vec<u8>)> = Vec::new();
        for database in ["control", "billing", "data", "logs"] {
            places.extend(
                rows(system, database).await?.into_iter().map(|(table, row)| (table, row.into_bytes())),
            );
        }
        let logged = log.0.lock().expect("the log").to_ascii_lowercase();
        places.push(("the program's log".to_owned(), logged.clone()));
        files(system.folder(), &mut places);
        places.iter_mut().for_each(|(_, bytes)| bytes.make_ascii_lowercase());

        // The search finds what is there: the address, and a request of the walk.
        let known = |text: &str| places.iter().filter(|(_, bytes)| contains(bytes, text.as_bytes())).count();
        assert!(known("planted.person@secrets.example") >= 2);
        assert!(contains(&logged, b"/login/code") && contains(&logged, b"/v1/bases"), "requests are logged");
        assert!(places.iter().any(|(name, _)| name == "control.api_tokens"));

        let mut hits = Vec::new();
        for (name, secret) in &planted {
            // As it is, and as bytea shows its bytes: of the text, and of what the text stands for.
            let mut forms =
                vec![secret.clone().into_bytes(), HEXLOWER.encode(secret.as_bytes()).into_bytes()];
            let decoded =
                BASE64URL_NOPAD.decode(secret.as_bytes()).or_else(|_| BASE32_NOPAD.decode(secret.as_bytes()));
            if let Ok(raw) = decoded
                && raw.len() >= 16
            {
                forms.push(HEXLOWER.encode(&raw).into_bytes());
            }
            for (place, bytes) in &places {
                if forms.iter().any(|form| contains(bytes, form)) {
                    hits.push(format!("{name} in {place}"));
                }
            }
        }
        hits.dedup();
        assert!(hits.is_empty(), "found:\n{}", hits.join("\n"));
        Ok(())
    });
}
