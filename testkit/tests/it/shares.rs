//! Links to views: what they show and what not, passwords, ends, feeds, and that they end at once on every process.

use crate::permissions::{Office, field_key, grant, table_no, visit};
use crate::views::{ask, person, text};
use crate::world::small_table;
use kernel_core::access::TableGrant;
use kernel_core::{Clock, FieldLevel, Grants, Role};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testkit::{Browser, Server, Tenant, TestSystem, run};

/// A link to a view of a plan with days; its path on `app.`.
struct Plan {
    tenant: Tenant,
    table: String,
    view: String,
    share: String,
    path: String,
}

impl Plan {
    async fn of(system: &TestSystem, settings: Value) -> anyhow::Result<Self> {
        let tenant = system.fresh_tenant().await?;
        let (base, _) = small_table(system, &tenant).await?;
        let token = tenant.token.clone();
        let fields = json!([
            {"name": "Name", "type": "text"}, {"name": "Begin", "type": "date"}, {"name": "End", "type": "date"},
            {"name": "Cost", "type": "number", "options": {"precision": 2}}, {"name": "Secret", "type": "text"},
            {"name": "State", "type": "select", "options": {"choices": [{"name": "Open"}, {"name": "Done"}]}}
        ]);
        let body = json!({"base": base, "name": "Plan", "fields": fields});
        let table = ask(system, &token, "POST", "/v1/tables", body).await?.expect(201)?.json();
        let field = |at: usize| text(&table["fields"][at]["id"]);
        let id = text(&table["id"]);
        let records: Vec<Value> = (0..120)
            .map(|day| {
                let name = format!("Job {day:03} <b>&");
                let fields = json!({"Name": name, "Begin": "2026-11-21", "End": "2026-11-23", "Cost": 1234.5,
                    "Secret": format!("hidden-{day}"), "State": if day < 110 { "Open" } else { "Done" }});
                json!({"fields": fields})
            })
            .collect();
        for some in records.chunks(100) {
            let body = json!({"table": id, "records": some});
            ask(system, &token, "POST", "/v1/records", body).await?.expect(201)?;
        }
        let config = json!({
            "where": {"field": field(5), "op": "is", "value": "Open"}, "hidden": [field(4)],
            "sort": [{"field": field(4), "desc": true}], "calendar": {"field": field(1), "end": field(2)}
        });
        let body = json!({"name": "Open jobs", "type": "calendar", "config": config});
        let view =
            ask(system, &token, "POST", &format!("/v1/tables/{id}/views"), body).await?.expect(201)?.json();
        let view = text(&view["id"]);
        let made = ask(system, &token, "POST", &format!("/v1/views/{view}/shares"), settings)
            .await?
            .expect(201)?
            .json();
        let url = text(&made["url"]);
        let path = url[url.find("/shared/").expect("a path")..].to_owned();
        Ok(Self { tenant, table: id, view, share: text(&made["id"]), path })
    }

    fn at(&self) -> String {
        format!("/v1/views/{}/shares/{}", self.view, self.share)
    }
}

async fn open(server: &Server, path: &str) -> anyhow::Result<testkit::Answer> {
    Browser::new(server.portal("app")).open(path).await
}

#[test]
fn a_link_shows_the_view_and_nothing_else() {
    run(async |system| {
        let plan = Plan::of(system, json!({})).await?;
        let page = open(system, &plan.path).await?.expect(200)?;
        for there in [
            "Open jobs",
            "110 records",
            "Job 099 &lt;b&gt;&amp;",
            "1,234.50",
            ">Open</span>",
            "shown as a table",
        ] {
            assert!(page.text.contains(there), "{there}: {}", page.text);
        }
        for absent in
            ["hidden-", "Secret", ">Done<", "Job 115", "<b>&", ".csv", ".ics", "tbl", "viw", &plan.share]
        {
            assert!(!page.text.contains(absent), "{absent}");
        }
        assert_eq!(page.header("x-robots-tag"), "noindex, nofollow");
        assert_eq!(
            (page.header("referrer-policy"), page.header("cache-control")),
            ("same-origin", "no-store")
        );
        assert!(page.text.contains("name=\"robots\" content=\"noindex"), "{}", page.text);
        // The page after it: sorted by the hidden field, which no address says.
        let next =
            page.text.split("?after=").nth(1).and_then(|rest| rest.split('"').next()).expect("a next page");
        let last = open(system, &format!("{}?after={next}", plan.path)).await?.expect(200)?;
        assert!(last.text.contains("101 to 110 of 110") && !last.text.contains("?after="), "{}", last.text);
        for odd in ["?after=rec", "?after=%00", "?after=recZZZZZZZZZZZZZZ"] {
            let first = open(system, &format!("{}{odd}", plan.path)).await?.expect(200)?;
            assert!(first.text.contains("1 to 100 of 110"), "{odd}");
        }
        // What the view shows changes with the view.
        let body = json!({"config": {"where": {"field": "Name", "op": "is", "value": "none"}}});
        ask(system, &plan.tenant.token, "PATCH", &format!("/v1/views/{}", plan.view), body)
            .await?
            .expect(200)?;
        assert!(open(system, &plan.path).await?.expect(200)?.text.contains("Nothing here at the moment"));
        Ok(())
    });
}

#[test]
fn a_link_ends_at_once_everywhere() {
    run(async |system| {
        let plan = Plan::of(system, json!({"downloads": true})).await?;
        let other = system.another_server().await?;
        let token = &plan.tenant.token;
        open(&other, &plan.path).await?.expect(200)?;
        // Taken back.
        let second = json!({"downloads": true, "expires_at": Clock::System.now().checked_add(jiff::SignedDuration::from_secs(3600))?});
        let second = ask(system, token, "POST", &format!("/v1/views/{}/shares", plan.view), second)
            .await?
            .expect(201)?
            .json();
        let listed = ask(system, token, "GET", &format!("/v1/views/{}/shares", plan.view), Value::Null)
            .await?
            .expect(200)?;
        assert_eq!(listed.json()["data"].as_array().map(Vec::len), Some(2));
        assert!(!listed.text.contains("/shared/"), "the address is told once: {}", listed.text);
        ask(system, token, "DELETE", &plan.at(), Value::Null).await?.expect(204)?;
        for server in [system, &other] {
            for path in [plan.path.clone(), format!("{}.csv", plan.path), format!("{}.ics", plan.path)] {
                let gone = open(server, &path).await?;
                assert!(
                    gone.status == 410 && gone.text.contains("This link has ended"),
                    "{path}: {}",
                    gone.status
                );
            }
        }
        // What never was looks the same.
        let never = open(system, &format!("/shared/{}", "0".repeat(65))).await?;
        assert_eq!(never.status, 410);
        open(system, "/shared/x").await?.expect(410)?;
        open(system, "/shared/x.exe").await?.expect(404)?;
        // Over: the end is moved to what is past by now.
        let url = text(&second["url"]);
        let path = &url[url.find("/shared/").expect("a path")..];
        open(&other, path).await?.expect(200)?;
        let at = format!("/v1/views/{}/shares/{}", plan.view, text(&second["id"]));
        let past = ask(system, token, "PATCH", &at, json!({"expires_at": "2020-01-01T00:00:00Z"})).await?;
        assert_eq!(
            (past.status.as_u16(), past.json()["errors"][0]["pointer"].as_str()),
            (422, Some("#/expires_at"))
        );
        let sql = system.sql("data", "nclc_platform").await?;
        sql.execute(
            "update data.shares set expires_at = now() - interval '1 second' where id = $1",
            &[&text(&second["id"])],
        )
        .await?;
        open(&other, path).await?.expect(410)?;
        ask(system, token, "PATCH", &at, json!({"expires_at": null})).await?.expect(200)?;
        open(&other, path).await?.expect(200)?;
        // A view that goes takes its links along.
        ask(system, token, "DELETE", &format!("/v1/views/{}", plan.view), Value::Null).await?.expect(204)?;
        open(system, path).await?.expect(410)?;
        Ok(())
    });
}

#[test]
fn a_password_is_asked_and_can_not_be_guessed() {
    run(async |system| {
        let plan = Plan::of(system, json!({"password": "seven copper kettles", "downloads": true})).await?;
        let app = system.portal("app");
        let mut browser = Browser::new(system.portal("app"));
        let locked = browser.open(&plan.path).await?;
        assert!(
            locked.status == 401 && !locked.text.contains("Job") && !locked.text.contains("Open jobs"),
            "{}",
            locked.text
        );
        let wrong = browser.submit(&plan.path, &plan.path, &[("password", "seven copper kettle")]).await?;
        assert!(wrong.status == 422 && !wrong.text.contains("Job"), "{}", wrong.status);
        // Without the form's token nothing is tried.
        app.post(&plan.path)
            .header("cookie", "")
            .form("password=seven%20copper%20kettles".into())
            .send()
            .await?
            .expect(403)?;
        browser.submit(&plan.path, &plan.path, &[("password", "seven copper kettles")]).await?.expect(303)?;
        assert!(browser.open(&plan.path).await?.expect(200)?.text.contains("Job 099"));
        // Feeds by the browser, and by programs that send the password.
        assert!(browser.open(&format!("{}.csv", plan.path)).await?.expect(200)?.text.contains("Job 099"));
        let ics = format!("{}.ics", plan.path);
        let asked = app.get(&ics).send().await?;
        assert!(
            asked.status == 401 && asked.header("www-authenticate").starts_with("Basic "),
            "{}",
            asked.status
        );
        let basic = |password: &str| {
            format!("Basic {}", data_encoding::BASE64.encode(format!("any:{password}").as_bytes()))
        };
        app.get(&ics).header("authorization", &basic("seven copper kettles")).send().await?.expect(200)?;
        // Another password ends what was unlocked by the first.
        let weak = ask(system, &plan.tenant.token, "PATCH", &plan.at(), json!({"password": "short"})).await?;
        assert_eq!(
            (weak.status.as_u16(), weak.json()["errors"][0]["code"].as_str()),
            (422, Some("weak_password"))
        );
        let changed = json!({"password": "nine silver spoons"});
        let changed = ask(system, &plan.tenant.token, "PATCH", &plan.at(), changed).await?.expect(200)?;
        assert!(changed.json()["password"] == true && !changed.text.contains("spoons"), "{}", changed.text);
        assert_eq!(browser.open(&plan.path).await?.status, 401);
        // Guessing runs into the limit, for the right one as well.
        let mut limited = false;
        for guess in 0..12 {
            let answer = app
                .get(&ics)
                .header("authorization", &basic(&format!("guess number {guess}")))
                .send()
                .await?;
            limited |= answer.status == 429;
        }
        assert!(limited);
        assert_eq!(
            app.get(&ics).header("authorization", &basic("nine silver spoons")).send().await?.status,
            429
        );
        // Without one the link opens.
        ask(system, &plan.tenant.token, "PATCH", &plan.at(), json!({"password": null})).await?.expect(200)?;
        open(system, &plan.path).await?.expect(200)?;
        Ok(())
    });
}

#[test]
fn feeds_only_if_the_link_gives_them() {
    run(async |system| {
        let plan = Plan::of(system, json!({})).await?;
        let app = system.portal("app");
        let (csv, ics) = (format!("{}.csv", plan.path), format!("{}.ics", plan.path));
        for path in [&csv, &ics] {
            app.get(path).send().await?.expect(404)?;
        }
        ask(system, &plan.tenant.token, "PATCH", &plan.at(), json!({"downloads": true}))
            .await?
            .expect(200)?;
        let table = app.get(&csv).send().await?.expect(200)?;
        assert!(table.text.starts_with("\u{feff}Name,Begin,End,Cost,State\n"), "{}", &table.text[..80]);
        assert_eq!(table.text.lines().count(), 111);
        let calendar = app.get(&ics).send().await?.expect(200)?;
        assert_eq!(calendar.header("content-type"), "text/calendar; charset=utf-8");
        assert_eq!(calendar.text.matches("BEGIN:VEVENT\r\n").count(), 110);
        assert!(
            calendar.text.contains("DTSTART;VALUE=DATE:20261121\r\nDTEND;VALUE=DATE:20261124\r\n"),
            "{}",
            &calendar.text[..600]
        );
        for answer in [&table, &calendar] {
            assert!(!answer.text.contains("hidden-") && !answer.text.contains("Job 115"));
        }
        // Who has it already is told so, until something changes.
        for (path, tag) in [(&csv, table.header("etag")), (&ics, calendar.header("etag"))] {
            assert!(!tag.is_empty(), "{path}");
            app.get(path).header("if-none-match", tag).send().await?.expect(304)?;
        }
        let body =
            json!({"table": plan.table, "fields": {"Name": "New", "Begin": "2026-12-01", "State": "Open"}});
        ask(system, &plan.tenant.token, "POST", "/v1/records", body).await?.expect(201)?;
        for (path, tag) in [(&csv, table.header("etag")), (&ics, calendar.header("etag"))] {
            app.get(path).header("if-none-match", tag).send().await?.expect(200)?;
        }
        Ok(())
    });
}

#[test]
fn a_link_shows_no_more_than_its_maker_sees() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let office = Office::of(system, &tenant).await?;
        let member = system.join(&tenant, Role::Editor).await?;
        let mine = person(system, &tenant, &member).await?;
        let views = format!("/v1/tables/{}/views", office.people);
        let view =
            ask(system, &mine, "POST", &views, json!({"name": "Everybody"})).await?.expect(201)?.json();
        let shares = format!("/v1/views/{}/shares", text(&view["id"]));
        // Somebody else's view, as an editor: no.
        let theirs =
            ask(system, &mine, "POST", &format!("/v1/views/{}/shares", office.view), json!({})).await?;
        assert_eq!(theirs.status, 403, "{}", theirs.text);
        let made = ask(system, &mine, "POST", &shares, json!({})).await?.expect(201)?.json();
        let url = text(&made["url"]);
        let path = &url[url.find("/shared/").expect("a path")..];
        assert!(open(system, path).await?.expect(200)?.text.contains("topsecret"));
        // A field is hidden from its maker: from the link as well, and a new one can't be made.
        let hidden = Grants {
            field: BTreeMap::from([(field_key(&office.salary), FieldLevel::Hidden)]),
            ..Grants::default()
        };
        grant(system, &tenant, &member, &hidden).await?;
        let page = open(system, path).await?.expect(200)?;
        assert!(
            !page.text.contains("topsecret") && !page.text.contains("Salary") && page.text.contains("Ann"),
            "{}",
            page.text
        );
        assert_eq!(ask(system, &mine, "POST", &shares, json!({})).await?.status, 403);
        // Rows outside the maker's condition are not there.
        let rows = TableGrant { rows: Some("{Team} = \"South\"".into()), ..TableGrant::default() };
        let rows = Grants { table: BTreeMap::from([(table_no(&office.people), rows)]), ..Grants::default() };
        grant(system, &tenant, &member, &rows).await?;
        let page = open(system, path).await?.expect(200)?;
        assert!(!page.text.contains("Ann"), "{}", page.text);
        // Nothing of it is left when its maker is gone.
        grant(system, &tenant, &member, &Grants::default()).await?;
        open(system, path).await?.expect(200)?;
        system.system.tenancy.remove_member(&tenant.owner.caller, member.user, &visit()).await?;
        open(system, path).await?.expect(410)?;
        Ok(())
    });
}

#[test]
fn what_somebody_does_not_see_stays_hidden_when_they_edit_a_shared_view() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let office = Office::of(system, &tenant).await?;
        let owner = person(system, &tenant, &tenant.owner).await?;
        let views = format!("/v1/tables/{}/views", office.people);
        let body = json!({"name": "Public", "config": {"hidden": [office.salary]}});
        let view = text(&ask(system, &owner, "POST", &views, body).await?.expect(201)?.json()["id"]);
        let made = ask(system, &owner, "POST", &format!("/v1/views/{view}/shares"), json!({}))
            .await?
            .expect(201)?
            .json();
        let url = text(&made["url"]);
        let path = &url[url.find("/shared/").expect("a path")..];
        let member = system.join(&tenant, Role::Editor).await?;
        let hidden = Grants {
            field: BTreeMap::from([(field_key(&office.salary), FieldLevel::Hidden)]),
            ..Grants::default()
        };
        grant(system, &tenant, &member, &hidden).await?;
        // They see no hidden field in the view, and send it back so.
        ask(system, &member.token, "PATCH", &format!("/v1/views/{view}"), json!({"config": {"hidden": []}}))
            .await?
            .expect(200)?;
        let page = open(system, path).await?.expect(200)?;
        assert!(!page.text.contains("topsecret") && page.text.contains("Ann"), "{}", page.text);
        Ok(())
    });
}

#[test]
fn links_stop_with_a_personal_view_and_a_suspended_organisation() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let (_, table) = small_table(system, &tenant).await?;
        let mine = person(system, &tenant, &tenant.owner).await?;
        let view = ask(system, &mine, "POST", &format!("/v1/tables/{table}/views"), json!({"name": "Ours"}))
            .await?
            .expect(201)?
            .json();
        let at = format!("/v1/views/{}", text(&view["id"]));
        let made = ask(system, &mine, "POST", &format!("{at}/shares"), json!({})).await?.expect(201)?.json();
        let url = text(&made["url"]);
        let path = &url[url.find("/shared/").expect("a path")..];
        open(system, path).await?.expect(200)?;
        ask(system, &mine, "PATCH", &at, json!({"access": "personal"})).await?.expect(200)?;
        open(system, path).await?.expect(410)?;
        ask(system, &mine, "PATCH", &at, json!({"access": "locked"})).await?.expect(200)?;
        open(system, path).await?.expect(200)?;
        system.system.tenancy.suspend(tenant.summary.id, "unpaid").await?;
        open(system, path).await?.expect(410)?;
        Ok(())
    });
}
