//! What guards every portal: reports of the Content-Security-Policy, security.txt.

use kernel_core::Role;
use kernel_web::CspReport;
use serde_json::json;
use std::time::Duration;
use testkit::{Server, TestSystem, eventually, run};
use tokio::net::TcpListener;

const PORTALS: [&str; 5] = ["www", "app", "api", "admin", "no-such-site.sites"];

fn report(host: &str, directive: &str, blocked: &str) -> serde_json::Value {
    json!({"csp-report": {
        "document-uri": format!("http://{host}/page?token=planted"),
        "effective-directive": directive,
        "blocked-uri": blocked,
    }})
}

async fn kept(system: &TestSystem, directive: &str) -> anyhow::Result<Vec<(String, String, i64)>> {
    let sql = system.sql("logs", "nclc_platform").await?;
    let statement = "select portal, page, times from logs.csp_reports where directive = $1 order by portal";
    let rows = sql.query(statement, &[&directive]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect())
}

#[test]
fn every_portal_takes_reports_and_counts_them() {
    run(async |system| {
        for portal in PORTALS {
            let client = system.portal(portal);
            let page = client.get("/").send().await?;
            let policy = page.header("content-security-policy").to_owned();
            anyhow::ensure!(policy.contains("report-uri /csp-report; report-to csp"), "{portal}: {policy}");
            anyhow::ensure!(page.header("reporting-endpoints") == "csp=\"/csp-report\"", "{portal}");
            let host = client.origin().replace("http://", "");
            for _ in 0..2 {
                let body = report(&host, "x-test-counted", "https://evil.example/a.js?secret=planted");
                let sent = client.post("/csp-report").header("content-type", "application/csp-report");
                sent.header("content-type", "application/csp-report")
                    .json(&body)
                    .send()
                    .await?
                    .expect(204)?;
            }
        }
        let rows = eventually("ten reports in five rows", Duration::from_secs(10), async || {
            let rows = kept(system, "x-test-counted").await?;
            let times: i64 = rows.iter().map(|row| row.2).sum();
            Ok((times == 10).then_some(rows))
        })
        .await?;
        assert_eq!(rows.len(), PORTALS.len(), "{rows:?}");
        assert!(rows.iter().all(|row| row.1 == "/page"), "without the query: {rows:?}");
        // Too old ones go, the others stay.
        let sql = system.sql("logs", "nclc_platform").await?;
        sql.execute(
            "update logs.csp_reports set day = day - 40 where directive = 'x-test-counted' and portal = 'api'",
            &[],
        )
        .await?;
        system.system.admin.reports.clear().await?;
        assert_eq!(kept(system, "x-test-counted").await?.len(), PORTALS.len() - 1);
        Ok(())
    });
}

#[test]
fn what_is_no_report_is_refused_or_left_out() {
    run(async |system| {
        let client = system.portal("www");
        let host = client.origin().replace("http://", "");
        let post = |body: String, kind: &str| client.post("/csp-report").form(body).header("x-kind", kind);
        assert_eq!(post("a=b".into(), "").send().await?.status, 415);
        let json = |text: &serde_json::Value| client.post("/csp-report").json(text);
        let huge = json!({"csp-report": {"document-uri": "x".repeat(20_000)}});
        assert_eq!(json(&huge).send().await?.status, 413);
        json(&report("other.example", "x-test-foreign", "inline")).send().await?.expect(204)?;
        json(&json!([1, "x", null])).send().await?.expect(204)?;
        assert_eq!(client.get("/csp-report").send().await?.status, 405);
        json(&report(&host, "x-test-after", "inline")).send().await?.expect(204)?;
        eventually("the last one is kept", Duration::from_secs(10), async || {
            Ok((kept(system, "x-test-after").await?.len() == 1).then_some(()))
        })
        .await?;
        assert!(kept(system, "x-test-foreign").await?.is_empty(), "a page of another host");
        let mut refused = false;
        for _ in 0..40 {
            refused |= json(&report(&host, "x-test-flood", "inline")).send().await?.status == 429;
        }
        assert!(refused, "from one address, not without end");
        Ok(())
    });
}

#[test]
fn a_day_has_room_for_so_many_places() {
    run(async |system| {
        let sql = system.sql("logs", "nclc_platform").await?;
        let most = platform_most();
        sql.execute(
            "insert into logs.csp_reports select (now() at time zone 'UTC')::date, int8send(n), 'www', 'h', '/', 'x-test-full', '', '', 0, 1, now()
             from generate_series(1, $1::bigint) n",
            &[&most],
        )
        .await?;
        let one = |page: &str| CspReport {
            portal: "www",
            host: "h".into(),
            page: page.into(),
            directive: "x-test-beyond".into(),
            blocked: String::new(),
            source: String::new(),
            line: 0,
        };
        system.system.admin.reports.keep(&[one("/a"), one("/b")]).await?;
        assert!(kept(system, "x-test-beyond").await?.is_empty());
        sql.execute("delete from logs.csp_reports where directive = 'x-test-full'", &[]).await?;
        system.system.admin.reports.keep(&[one("/a"), one("/a")]).await?;
        assert_eq!(kept(system, "x-test-beyond").await?, [("www".to_owned(), "/a".to_owned(), 2)]);
        Ok(())
    });
}

const fn platform_most() -> i64 {
    platform::reports::MOST_A_DAY
}

#[test]
fn security_txt_is_on_every_portal_if_somebody_is_to_be_written_to() {
    run(async |system| {
        for portal in PORTALS {
            assert_eq!(system.portal(portal).get("/.well-known/security.txt").send().await?.status, 404);
        }
        let contacts = ("NCLC_SECURITY_CONTACTS", "mailto:security@acme.example".to_owned());
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let server = Server::start_with(system.folder(), listener, &[contacts]).await?;
        for portal in PORTALS {
            let answer = server.portal(portal).get("/.well-known/security.txt").send().await?.expect(200)?;
            assert!(answer.header("content-type").starts_with("text/plain"), "{portal}");
            assert!(answer.text.starts_with("Contact: mailto:security@acme.example\nExpires: "), "{portal}");
        }
        Ok(())
    });
}

#[test]
fn an_organisation_has_a_limit_over_all_its_tokens() {
    run(async |system| {
        let (ours, theirs) = (system.fresh_tenant().await?, system.fresh_tenant().await?);
        let colleague = system.join(&ours, Role::Editor).await?;
        // A sixth of it at once: two.
        let limit = ("NCLC_HTTP_TENANT_CALLS_PER_MINUTE", "12".to_owned());
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let api = Server::start_with(system.folder(), listener, &[limit]).await?.api();
        let ask = async |token: &str| api.get("/v1/bases").token(token).send().await;
        ask(&ours.token).await?.expect(200)?;
        ask(&colleague.token).await?.expect(200)?;
        let refused = ask(&colleague.token).await?.expect(429)?;
        assert_eq!(refused.code(), "rate_limited");
        let seconds: u32 = refused.header("retry-after").parse()?;
        assert!((1..=60).contains(&seconds), "{seconds}");
        ask(&theirs.token).await?.expect(200)?;
        Ok(())
    });
}
