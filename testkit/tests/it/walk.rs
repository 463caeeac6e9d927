//! Every page and every reading operation, asked as somebody who may: nothing changes by it, every answer says what it is
//! and who may keep it, nothing is loaded from elsewhere, and logging out is always in sight.

use crate::app_cases;
use crate::cases::{self, Body};
use crate::secrets::table_rows;
use crate::world::World;
use anyhow::Context as _;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use testkit::{Answer, Browser, Tenant, TestSystem, eventually, run};

/// What reading may note: that somebody was there, and which organisation comes first next time.
const NOTED: [&str; 6] =
    ["last_seen_at", "last_used_at", "last_used_from", "last_tenant", "address", "loaded_at"];
/// Tables that a read may write to: counts of calls; the seed that waits until a code of it is typed, and is nobody's before.
const COUNTED: [&str; 3] = ["control.token_usage", "control.totp_setups", "control.schedules"];

/// Everything that is stored, by table.
async fn stored(system: &TestSystem) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    eventually("no job waits", Duration::from_secs(20), async || {
        let mut waiting = 0_i64;
        for database in ["control", "billing", "data", "logs"] {
            let sql = system.sql(database, "nclc_platform").await?;
            let count =
                format!("select count(*) from {database}.jobs where run_at < now() + interval '1 minute'");
            waiting += sql.query_one(&count, &[]).await?.get::<_, i64>(0);
        }
        Ok((waiting == 0).then_some(()))
    })
    .await?;
    let mut out = BTreeMap::<String, Vec<String>>::new();
    for database in ["control", "billing", "data", "logs"] {
        for (table, row) in table_rows(system, database, &NOTED).await? {
            if !COUNTED.contains(&table.as_str()) && !table.ends_with(".jobs") {
                out.entry(table).or_default().push(row);
            }
        }
    }
    Ok(out)
}

fn after(text: &str, mark: &str) -> anyhow::Result<String> {
    let (_, rest) = text.split_once(mark).with_context(|| format!("no {mark}"))?;
    Ok(rest.chars().take_while(char::is_ascii_alphanumeric).collect())
}

/// What the walk needs besides the [`World`]: a site with a page that is published, a group.
struct Walk {
    world: World,
    site: String,
    page: String,
    slug: String,
    group: String,
    shared: String,
}

impl Walk {
    async fn of(system: &TestSystem, ours: &Tenant, browser: &mut Browser) -> anyhow::Result<Self> {
        let world = World::of(system, ours).await?;
        let own = format!("/o/{}", ours.slug);
        let slug = format!("walk-{}", ours.slug);
        let fields = [("name", "Walk"), ("address", slug.as_str()), ("theme", "crust"), ("base", "")];
        browser.submit(&format!("{own}/sites/new"), &format!("{own}/sites"), &fields).await?.expect(303)?;
        let site =
            format!("sit_{}", after(&browser.open(&format!("{own}/sites")).await?.text, "/sites/sit_")?);
        let page = format!(
            "pag_{}",
            after(&browser.open(&format!("{own}/sites/{site}")).await?.text, "/pages/pag_")?
        );
        let at = format!("{own}/sites/{site}/publish");
        let shown = browser.open(&at).await?.text;
        let (_, drafts) = shown.split_once("name=\"drafts\" value=\"").context("nothing to publish")?;
        let drafts = drafts.split('"').next().unwrap_or_default().to_owned();
        browser.submit(&at, &at, &[("drafts", &drafts)]).await?.expect(303)?;
        let permissions = format!("{own}/team/permissions");
        let made =
            browser.submit(&permissions, &format!("{permissions}/groups"), &[("name", "Sales")]).await?;
        let group = made.header("location").rsplit('/').next().unwrap_or_default().to_owned();
        let share = system.api().post(&format!("/v1/views/{}/shares", world.view)).token(&ours.token);
        let share = share.json(&json!({})).send().await?.expect(201)?.json();
        let shared =
            share["url"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
        Ok(Self { world, site, page, slug, group, shared })
    }

    /// Pages of the organisation, then those of the account and of nobody.
    fn pages(&self, ours: &Tenant) -> Vec<String> {
        let world = &self.world;
        let of_organisation = app_cases::ALL
            .iter()
            .filter(|(methods, path)| methods.starts_with("GET") && !path.contains("/apps/"))
            .map(|(_, path)| {
                path.replace("{slug}", &ours.slug)
                    .replace("{subject}", &self.group)
                    .replace("{base}", &world.base)
                    .replace("{table}", &world.table)
                    .replace("{view}", &world.view)
                    .replace("{site}", &self.site)
                    .replace("{page}", &self.page)
            });
        let others = [
            "/",
            "/account",
            "/account/security",
            "/account/password",
            "/account/email",
            "/account/close",
            "/account/apps",
            "/account/security/app",
            "/account/security/passkeys/add",
            "/onboarding",
            "/login",
            "/signup",
            "/signup/sent",
            "/forgot",
            "/login/link",
            "/login/sso",
            "/login/code",
            "/confirm",
            "/verify?token=x",
            "/reset?token=x",
            "/link?token=x",
            "/email?token=x",
            "/invite?token=x",
            "/join?token=x",
            "/nothing",
            "/favicon.svg",
        ];
        let shared = [format!("/shared/{}", self.shared), format!("/shared/{}.csv", self.shared)];
        of_organisation.chain(others.map(str::to_owned)).chain(shared).collect()
    }
}

/// One answer of the walk.
struct Seen {
    host: &'static str,
    path: String,
    answer: Answer,
}

async fn walk(system: &TestSystem, ours: &Tenant, walk: &Walk) -> anyhow::Result<Vec<Seen>> {
    let mut seen = Vec::new();
    let mut browser = system.browser(&ours.owner);
    for path in walk.pages(ours) {
        let answer = browser.open(&path).await?;
        seen.push(Seen { host: "app", path, answer });
    }
    let api = system.api();
    for case in cases::all(&walk.world) {
        let reads = case.operation.starts_with("GET ")
            || ["query", "window", "aggregates", "position", "conversion"]
                .iter()
                .any(|word| case.operation.ends_with(&format!("/{word}")));
        if reads {
            let answer = case.request(&api, &walk.world).token(&ours.token).send().await?;
            seen.push(Seen { host: "api", path: case.path, answer });
        }
    }
    let v0 = format!("/v0/{}/{}", walk.world.base, walk.world.table);
    for path in [
        "/",
        "/openapi.json",
        "/v0/meta/whoami",
        "/v0/meta/bases",
        &v0,
        "/nothing",
        "/favicon.svg",
        "/.well-known/jwks.json",
        "/.well-known/oauth-authorization-server",
    ] {
        let answer = api.get(path).token(&ours.token).send().await?;
        seen.push(Seen { host: "api", path: path.to_owned(), answer });
    }
    let mut www = vec![
        "/",
        "/pricing",
        "/docs",
        "/changelog",
        "/robots.txt",
        "/sitemap.xml",
        "/nothing",
        "/favicon.svg",
    ];
    let sitemap = system.portal("www").get("/sitemap.xml").send().await?.text;
    www.extend(sitemap.split("/docs/").skip(1).filter_map(|rest| rest.split('<').next()));
    for path in www {
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/docs/{path}") };
        let answer = system.portal("www").get(&path).header("accept", "text/html").send().await?;
        seen.push(Seen { host: "www", path, answer });
    }
    for path in ["/", "/login", "/setup?token=x", "/tenants", "/favicon.svg"] {
        let answer = system.portal("admin").get(path).header("accept", "text/html").send().await?;
        seen.push(Seen { host: "admin", path: path.to_owned(), answer });
    }
    let site = system.portal(&format!("{}.sites", walk.slug));
    for path in ["/", "/robots.txt", "/sitemap.xml", "/nothing"] {
        let answer = site.get(path).header("accept", "text/html").send().await?;
        seen.push(Seen { host: "sites", path: path.to_owned(), answer });
    }
    // What pages bring along: sheets, scripts, drawings.
    let mut brought = Vec::new();
    for Seen { host, answer, .. } in seen.iter().filter(|seen| seen.host != "sites" && is_html(&seen.answer))
    {
        for rest in answer.text.split("\"/static/").skip(1) {
            let path = format!("/static/{}", rest.split('"').next().unwrap_or_default());
            if !brought.iter().any(|(_, known)| *known == path) {
                brought.push((*host, path));
            }
        }
    }
    for (host, path) in brought {
        let answer = system.portal(host).get(&path).send().await?;
        seen.push(Seen { host, path, answer });
    }
    Ok(seen)
}

fn is_html(answer: &Answer) -> bool {
    answer.status == 200 && answer.header("content-type").starts_with("text/html")
}

#[test]
fn reading_changes_nothing() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let way = Walk::of(system, &ours, &mut system.browser(&ours.owner)).await?;
        // Whoever asks for the keys of a new installation first makes the first one be made; that is no change of anybody's.
        system.api().get("/.well-known/jwks.json").send().await?.expect(200)?;
        let before = stored(system).await?;
        let seen = walk(system, &ours, &way).await?;
        let fine = seen.iter().filter(|seen| seen.answer.status == 200).count();
        assert!(fine > 90, "the walk has seen the product: {fine} pages of {}", seen.len());
        for Seen { host, path, answer } in &seen {
            assert!(!answer.status.is_server_error(), "{host}{path}: {}", answer.status);
        }
        let now = stored(system).await?;
        for (table, rows) in &now {
            let known = before.get(table).map(Vec::as_slice).unwrap_or_default();
            let new: Vec<_> = rows.iter().filter(|row| !known.contains(row)).collect();
            assert!(new.is_empty(), "{table} has rows of a walk that only read: {new:#?}");
        }
        assert_eq!(before, now);
        // The comparison sees a change: one field of one record.
        let body = json!({"fields": {"Name": "changed"}});
        let record = format!("/v1/records/{}", way.world.record);
        system.api().patch(&record).token(&ours.token).json(&body).send().await?.expect(200)?;
        assert_ne!(stored(system).await?, now);
        Ok(())
    });
}

#[test]
fn every_answer_says_what_it_is_and_who_may_keep_it() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let way = Walk::of(system, &ours, &mut system.browser(&ours.owner)).await?;
        let mut wrong = Vec::new();
        for Seen { host, path, answer } in walk(system, &ours, &way).await? {
            let kind = answer.header("content-type").to_ascii_lowercase();
            let words = kind.starts_with("text/") || kind.contains("/xml") || kind.contains("+xml");
            if !answer.bytes.is_empty() && (kind.is_empty() || (words && !kind.contains("charset=utf-8"))) {
                // A stream of events is UTF-8 by its own definition and has no such parameter.
                if !kind.starts_with("text/event-stream") {
                    wrong.push(format!("{host}{path}: content-type {kind:?}"));
                }
            }
            let caching = answer.header("cache-control");
            // Files of the product itself, the same for everybody.
            let everybodys = path.starts_with("/static/")
                || path == "/favicon.svg"
                || path.starts_with("/.well-known/")
                || (host, path.as_str()) == ("api", "/");
            let own = ["app", "api", "admin"].contains(&host) && !everybodys;
            if own && !caching.contains("no-store") && !caching.contains("private") {
                wrong.push(format!("{host}{path}: cache-control {caching:?}"));
            }
            if own && caching.contains("public") {
                wrong.push(format!("{host}{path}: {caching:?} of what is somebody's own"));
            }
            if !is_html(&answer) {
                continue;
            }
            // Nothing of a page comes from, or is told to, somebody else's server.
            for tag in ["<script", "<link", "<img", "<iframe", "<form", "<video", "<source"] {
                for rest in answer.text.split(tag).skip(1) {
                    let tag = rest.split('>').next().unwrap_or_default();
                    for mark in ["src=\"", "href=\"", "action=\""] {
                        let target = tag.split(mark).nth(1).and_then(|rest| rest.split('"').next());
                        let foreign = target.is_some_and(|target| {
                            (target.contains("://") || target.starts_with("//"))
                                && !target.contains(".nclc.localhost")
                        });
                        if foreign {
                            wrong.push(format!("{host}{path}: {tag}"));
                        }
                    }
                }
            }
            // Who is logged in can log out from wherever they are; what stands alone in a frame has the page around it.
            let framed = path.ends_with("/canvas") || path.starts_with("/shared/");
            let inside = host == "app" && (path.starts_with("/o/") || path.starts_with("/account"));
            if inside && !framed && !answer.text.contains("action=\"/logout\"") {
                wrong.push(format!("{host}{path}: no way to log out"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    });
}

#[test]
fn what_is_not_asked_for_is_refused() {
    run(async |system| {
        let (ours, theirs) = (system.fresh_tenant().await?, system.fresh_tenant().await?);
        let world = World::of(system, &ours).await?;
        let before = world.state(system, &ours.token).await?;
        let api = system.api();
        let mut wrong = Vec::new();
        let (mut bodies, mut queries) = (0, 0);
        for mut case in cases::all(&world) {
            // A member that an operation which writes does not know: what the product sets itself, or somebody else's.
            if let Body::Json(body) = &case.body
                && case.writes
            {
                for (name, value) in [
                    ("tenant_id", json!(theirs.summary.id.to_string())),
                    ("created_by", json!(theirs.owner.user.to_string())),
                    ("role", json!("owner")),
                ] {
                    let mut more = body.clone();
                    more[name] = value;
                    let mut asked = cases::all(&world);
                    let place = asked.iter().position(|other| other.operation == case.operation);
                    let mut asked = asked.swap_remove(place.context("the case")?);
                    asked.body = Body::Json(more);
                    let answer = asked.request(&api, &world).token(&ours.token).send().await?;
                    bodies += 1;
                    if answer.status != 422 || !answer.text.contains("unknown_field") {
                        wrong.push(format!(
                            "{} with {name}: {} {}",
                            case.operation, answer.status, answer.text
                        ));
                    }
                }
            }
            // A parameter that is there twice.
            if let Some((_, query)) = case.path.split_once('?') {
                let first = query.split('&').next().unwrap_or_default();
                case.path = format!("{}&{first}", case.path);
                let answer = case.request(&api, &world).token(&ours.token).send().await?;
                queries += 1;
                if answer.status != 422 {
                    wrong.push(format!("{}: {} {}", case.path, answer.status, answer.text));
                }
            }
        }
        assert!(bodies > 40 && queries > 5, "{bodies} bodies, {queries} queries");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert_eq!(world.state(system, &ours.token).await?, before);
        // A form takes its own fields; others of the same table are as they were.
        let mut owner = system.browser(&ours.owner);
        let sql = system.sql("control", "nclc_platform").await?;
        let person = "select to_jsonb(u) - array['name', 'theme', 'time_zone', 'locale', 'last_tenant'] from control.users u where id = $1";
        let tenant = "select to_jsonb(t) - 'name' from control.tenants t where id = $1";
        let rows = async || {
            let user =
                sql.query_one(person, &[&ours.owner.user.uuid()]).await?.get::<_, serde_json::Value>(0);
            let own = sql.query_one(tenant, &[&ours.summary.id.uuid()]).await?.get::<_, serde_json::Value>(0);
            anyhow::Ok((user, own))
        };
        let known = rows().await?;
        let more = [
            ("name", "Renamed"),
            ("email", "taken@evil.example"),
            ("email_key", "taken@evil.example"),
            ("password_hash", "x"),
            ("slug", "taken"),
            ("state", "suspended"),
            ("plan", "enterprise"),
            ("id", "00000000-0000-0000-0000-000000000000"),
        ];
        let team = format!("/o/{}/team", ours.slug);
        owner.submit(&team, &format!("{team}/name"), &more).await?.expect(303)?;
        let name: String = sql
            .query_one("select name from control.tenants where id = $1", &[&ours.summary.id.uuid()])
            .await?
            .get(0);
        assert_eq!(name, "Renamed", "the form was taken");
        owner.submit("/account", "/account", &more).await?;
        assert_eq!(rows().await?, known);
        Ok(())
    });
}
