//! What stays shut: numbers beyond every range, files that are nobody's business, conveniences of development in
//! production, and everything when a database is not there.

use crate::world::World;
use serde_json::json;
use std::os::unix::fs::PermissionsExt as _;
use testkit::{Browser, Server, run};
use tokio::net::TcpListener;

const PORTALS: [&str; 5] = ["www", "app", "api", "admin", "no-such-site.sites"];

#[test]
fn numbers_beyond_their_range_are_refused_and_never_wrapped() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let World { base, table, record, view, .. } = World::of(system, &ours).await?;
        let api = system.api();
        let before = api.get(&format!("/v1/records/{record}")).token(&ours.token).send().await?.text;
        for number in ["1e400", "-1e400", "1e99999999999"] {
            let body = format!("{{\"fields\":{{\"Count\":{number}}}}}");
            let sent = api.patch(&format!("/v1/records/{record}")).token(&ours.token);
            let answer = sent.json_text(body).send().await?;
            assert!(answer.status.is_client_error(), "{number}: {} {}", answer.status, answer.text);
        }
        let now = api.get(&format!("/v1/records/{record}")).token(&ours.token).send().await?.text;
        assert_eq!(now, before);
        for number in
            ["18446744073709551615", "18446744073709551616", "9223372036854775808", "-1", "4294967296"]
        {
            for path in [
                format!("/v1/records?table={table}&limit={number}"),
                format!("/v1/tables/{table}/search?q=x&limit={number}"),
                format!("/v1/bases/{base}/activity?limit={number}"),
                format!("/v1/bases/{base}/changes/{number}/undo"),
            ] {
                let method = if path.ends_with("/undo") { "POST" } else { "GET" };
                let request = api.request(method.parse()?, &path).token(&ours.token);
                let answer = request.send().await?;
                assert!(answer.status.is_client_error(), "{path}: {} {}", answer.status, answer.text);
            }
            for (offset, limit) in [(number, "100"), ("0", number), (number, number)] {
                let body = format!("{{\"view\":\"{view}\",\"offset\":{offset},\"limit\":{limit}}}");
                let sent = api.post(&format!("/v1/tables/{table}/window")).token(&ours.token);
                let answer = sent.json_text(body.clone()).send().await?;
                let empty = answer.status == 200 && answer.json()["rows"] == json!([]);
                assert!(
                    answer.status.is_client_error() || empty,
                    "{body}: {} {}",
                    answer.status,
                    answer.text
                );
            }
        }
        Ok(())
    });
}

#[test]
fn documented_limits_begin_where_they_say() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let World { base, table, record, .. } = World::of(system, &ours).await?;
        let api = system.api();
        let long = |length: usize| "x".repeat(length);
        let field = |name: String| json!({"name": name, "type": "text"});
        let records = |count: usize| json!({"table": table, "records": vec![json!({"fields": {}}); count]});
        for (path, fits, beyond) in [
            ("/v1/bases".to_owned(), json!({"name": long(100)}), json!({"name": long(101)})),
            (format!("/v1/tables/{table}/fields"), field(long(100)), field(long(101))),
            (
                "/v1/tables".to_owned(),
                json!({"base": base, "name": long(100)}),
                json!({"base": base, "name": long(101)}),
            ),
            (
                "/v1/records".to_owned(),
                json!({"table": table, "fields": {"Name": long(10_000)}}),
                json!({"table": table, "fields": {"Name": long(10_001)}}),
            ),
            ("/v1/records".to_owned(), records(1_000), records(1_001)),
            (
                format!("/v1/records/{record}/comments"),
                json!({"text": long(10_000)}),
                json!({"text": long(10_001)}),
            ),
        ] {
            let ask =
                async |body: &serde_json::Value| api.post(&path).token(&ours.token).json(body).send().await;
            let refused = ask(&beyond).await?;
            assert_eq!(refused.status, 422, "{path}: {}", refused.text);
            let taken = ask(&fits).await?;
            assert!(taken.status.is_success(), "{path}: {} {}", taken.status, taken.text);
        }
        Ok(())
    });
}

#[test]
fn nothing_of_the_sources_or_the_machine_is_served() {
    run(async |system| {
        for portal in PORTALS {
            for path in [
                "/.git/HEAD",
                "/.git/config",
                "/.svn/entries",
                "/.env",
                "/nclc.toml",
                "/Cargo.toml",
                "/secret.key",
                "/static/",
                "/static/../secret.key",
                "/static/.vite/manifest.json",
                "/static/%2e%2e/%2e%2e/Cargo.toml",
                "/metrics",
                "/healthz",
                "/debug/pprof",
            ] {
                let answer = system.portal(portal).get(path).send().await?;
                assert_eq!(answer.status, 404, "{portal}{path}: {}", answer.text);
            }
        }
        Ok(())
    });
}

#[test]
fn in_production_there_is_no_mailbox_and_staff_come_from_their_networks() {
    run(async |system| {
        assert_eq!(system.portal("app").get("/dev/mailbox").send().await?.status, 200, "in development");
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let settings = [
            ("NCLC_DEVELOPMENT", "false".to_owned()),
            ("NCLC_SECURITY_STAFF_NETWORKS", "192.0.2.0/24".to_owned()),
        ];
        let server = Server::start_with(system.folder(), listener, &settings).await?;
        for path in ["/dev/mailbox", "/dev/mailbox/1", "/dev/mailbox/1/html"] {
            assert_eq!(server.portal("app").get(path).send().await?.status, 404, "{path}");
        }
        for path in ["/", "/login", "/setup?token=x"] {
            assert_eq!(server.portal("admin").get(path).send().await?.status, 404, "admin{path}");
        }
        assert_eq!(server.portal("app").get("/login").send().await?.status, 200);
        Ok(())
    });
}

#[test]
fn without_a_database_everything_is_refused_and_nothing_let_in() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let World { base, table, .. } = World::of(system, &ours).await?;
        // A process that knows nothing yet, and one that has let the same person in before.
        for warmed in [false, true] {
            let server = system.another_server().await?;
            let api = server.api();
            let mut browser = Browser::signed_in(server.portal("app"), &ours.owner.session);
            let home = format!("/o/{}/", ours.slug);
            if warmed {
                api.get("/v1/bases").token(&ours.token).send().await?.expect(200)?;
                browser.open(&home).await?.expect(200)?;
            }
            server.system.db.close();
            let body = json!({"table": table, "fields": {"Name": "by nobody"}});
            let written = api.post("/v1/records").token(&ours.token).json(&body).send().await?;
            assert!(written.status.is_server_error(), "{warmed}: {} {}", written.status, written.text);
            for stranger in ["nclc_nothing", &format!("{}x", ours.token)] {
                let read = api.get(&format!("/v1/bases/{base}")).token(stranger).send().await?;
                assert!(!read.status.is_success(), "{warmed} {stranger}: {}", read.status);
            }
            if !warmed {
                let read = api.get("/v1/bases").token(&ours.token).send().await?;
                assert!(read.status.is_server_error(), "{} {}", read.status, read.text);
            }
            // A session is looked up each time.
            let page = browser.open(&home).await?;
            assert!(page.status.is_server_error(), "{warmed}: {}", page.status);
            for answer in [&written, &page] {
                assert!(
                    !answer.text.contains("pool") && !answer.text.contains("postgres"),
                    "{}",
                    answer.text
                );
            }
            let mut visitor = Browser::new(server.portal("app"));
            let fields = [("email", ours.owner.email.as_str()), ("password", "grey herons over the weir")];
            let tried = visitor.submit("/login", "/login", &fields).await?;
            assert!(tried.status.is_server_error(), "{}", tried.status);
            assert_eq!(visitor.cookie("__Host-session"), None);
        }
        let names = crate::world::names(system, &ours.token, &table).await?;
        assert!(!names.iter().any(|(name, _)| name == "by nobody"));
        Ok(())
    });
}

#[test]
fn keys_and_sockets_are_for_the_program_alone() {
    run(async |system| {
        let folder = system.folder();
        let key = std::fs::metadata(folder.join("secret.key"))?;
        assert_eq!(key.permissions().mode() & 0o077, 0, "the key is the owner's");
        let text = std::fs::read_to_string(folder.join("secret.key"))?;
        assert!(text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()), "made at random");
        let sql = system.sql("control", "nclc_platform").await?;
        // Nothing listens on the network, and no role has a password that somebody could know.
        let addresses: String = sql.query_one("show listen_addresses", &[]).await?.get(0);
        assert_eq!(addresses, "");
        let mode: String = sql.query_one("show unix_socket_permissions", &[]).await?.get(0);
        assert_eq!(mode, "0700");
        let roles = "select count(*) from pg_roles where rolname like 'nclc%' and (rolsuper or rolbypassrls) and rolname <> 'nclc_owner'";
        let strong: i64 = sql.query_one(roles, &[]).await?.get(0);
        assert_eq!(strong, 0, "roles that serve requests are no superusers");
        // No account of the staff is there from the beginning.
        let staff: i64 = sql.query_one("select count(*) from control.staff", &[]).await?.get(0);
        assert_eq!(staff, 0);
        Ok(())
    });
}
