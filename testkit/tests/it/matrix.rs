//! Role × route: every operation of `/v1` and every page of an organisation, with each role, with a suspended organisation, a
//! removed member, and a token without the scope. An operation or page without its line fails. (Without a token, and with
//! another organisation's: `isolation.rs`, `app_isolation.rs`.)

use crate::app_cases;
use crate::cases;
use crate::world::World;
use identity::Visit;
use kernel_core::{Role, Scope, Scopes};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use tenancy::NewToken;
use tenancy::oauth::{AppText, NewApp};
use testkit::run;

const ROLES: [Role; 6] =
    [Role::Client, Role::Viewer, Role::Commenter, Role::Editor, Role::Admin, Role::Owner];

/// The weakest role that an operation of `/v1` needs, and the scope that a token does.
const API: &[(&str, Role, Scope)] = &[
    ("GET /v1/records", Role::Viewer, Scope::Read),
    ("POST /v1/records", Role::Editor, Scope::Write),
    ("PATCH /v1/records", Role::Editor, Scope::Write),
    ("DELETE /v1/records", Role::Editor, Scope::Delete),
    ("PUT /v1/records", Role::Editor, Scope::Write),
    ("POST /v1/records/query", Role::Viewer, Scope::Read),
    ("GET /v1/tables/{table}/search", Role::Viewer, Scope::Read),
    ("GET /v1/bases/{base}/search", Role::Viewer, Scope::Read),
    ("GET /v1/fields/{field}/values", Role::Viewer, Scope::Read),
    ("GET /v1/records/{record}", Role::Viewer, Scope::Read),
    ("PATCH /v1/records/{record}", Role::Editor, Scope::Write),
    ("DELETE /v1/records/{record}", Role::Editor, Scope::Delete),
    ("POST /v1/tables/{table}/restore", Role::Editor, Scope::Delete),
    ("GET /v1/records/{record}/comments", Role::Viewer, Scope::Read),
    ("POST /v1/records/{record}/comments", Role::Commenter, Scope::Write),
    ("PATCH /v1/records/{record}/comments/{comment}", Role::Commenter, Scope::Write),
    ("DELETE /v1/records/{record}/comments/{comment}", Role::Commenter, Scope::Write),
    ("GET /v1/records/{record}/history", Role::Viewer, Scope::Read),
    ("POST /v1/tables/{table}/window", Role::Viewer, Scope::Read),
    ("POST /v1/tables/{table}/aggregates", Role::Viewer, Scope::Read),
    ("POST /v1/tables/{table}/position", Role::Viewer, Scope::Read),
    ("POST /v1/tables/{table}/groups", Role::Viewer, Scope::Read),
    ("GET /v1/tables/{table}/export.csv", Role::Viewer, Scope::Read),
    ("GET /v1/tables/{table}/export.tsv", Role::Viewer, Scope::Read),
    ("GET /v1/tables/{table}/export.json", Role::Viewer, Scope::Read),
    ("GET /v1/tables/{table}/export.ndjson", Role::Viewer, Scope::Read),
    ("GET /v1/tables/{table}/export.xlsx", Role::Viewer, Scope::Read),
    ("GET /v1/bases/{base}/export.json", Role::Viewer, Scope::Read),
    ("GET /v1/bases/{base}/export.xlsx", Role::Viewer, Scope::Read),
    ("GET /v1/bases", Role::Viewer, Scope::Read),
    ("POST /v1/bases", Role::Admin, Scope::Schema),
    ("GET /v1/bases/{base}", Role::Viewer, Scope::Read),
    ("PATCH /v1/bases/{base}", Role::Admin, Scope::Schema),
    ("DELETE /v1/bases/{base}", Role::Admin, Scope::Schema),
    ("POST /v1/bases/{base}/restore", Role::Admin, Scope::Schema),
    ("GET /v1/bases/{base}/people", Role::Viewer, Scope::Read),
    ("GET /v1/bases/{base}/trash", Role::Viewer, Scope::Read),
    ("POST /v1/bases/{base}/trash/{item}/restore", Role::Admin, Scope::Schema),
    ("GET /v1/bases/{base}/schema/versions", Role::Admin, Scope::Read),
    ("GET /v1/bases/{base}/schema/versions/{version}/diff", Role::Viewer, Scope::Read),
    ("POST /v1/bases/{base}/schema/versions/{version}/validate", Role::Admin, Scope::Schema),
    ("POST /v1/bases/{base}/schema/versions/{version}/restore", Role::Admin, Scope::Schema),
    ("GET /v1/bases/{base}/snapshots", Role::Viewer, Scope::Read),
    ("POST /v1/bases/{base}/snapshots", Role::Admin, Scope::Schema),
    ("DELETE /v1/bases/{base}/snapshots/{snapshot}", Role::Admin, Scope::Schema),
    ("POST /v1/bases/{base}/snapshots/{snapshot}/restore", Role::Admin, Scope::Schema),
    ("GET /v1/bases/{base}/restores/{restore}", Role::Admin, Scope::Read),
    ("GET /v1/bases/{base}/activity", Role::Admin, Scope::Read),
    ("GET /v1/bases/{base}/activity.csv", Role::Admin, Scope::Read),
    // Of somebody else's change; an own one needs no more than making it did.
    ("POST /v1/bases/{base}/changes/{version}/undo", Role::Admin, Scope::Write),
    ("GET /v1/bases/{base}/events", Role::Viewer, Scope::Read),
    ("POST /v1/tables", Role::Admin, Scope::Schema),
    ("GET /v1/tables/{table}", Role::Viewer, Scope::Read),
    ("PATCH /v1/tables/{table}", Role::Admin, Scope::Schema),
    ("DELETE /v1/tables/{table}", Role::Admin, Scope::Schema),
    ("POST /v1/tables/{table}/fields", Role::Admin, Scope::Schema),
    ("PATCH /v1/fields/{field}", Role::Admin, Scope::Schema),
    ("POST /v1/fields/{field}/conversion", Role::Admin, Scope::Schema),
    ("DELETE /v1/fields/{field}", Role::Admin, Scope::Schema),
    ("POST /v1/tables/{table}/views", Role::Editor, Scope::Schema),
    ("PATCH /v1/views/{view}", Role::Editor, Scope::Schema),
    ("DELETE /v1/views/{view}", Role::Editor, Scope::Schema),
    ("GET /v1/views/{view}/shares", Role::Admin, Scope::Schema),
    ("POST /v1/views/{view}/shares", Role::Admin, Scope::Schema),
    ("PATCH /v1/views/{view}/shares/{share}", Role::Admin, Scope::Schema),
    ("DELETE /v1/views/{view}/shares/{share}", Role::Admin, Scope::Schema),
    ("POST /v1/uploads", Role::Editor, Scope::Write),
    ("GET /v1/uploads/{upload}", Role::Editor, Scope::Write),
    ("PATCH /v1/uploads/{upload}", Role::Editor, Scope::Write),
    ("POST /v1/uploads/{upload}/finish", Role::Editor, Scope::Write),
    ("DELETE /v1/uploads/{upload}", Role::Editor, Scope::Write),
    ("POST /v1/files", Role::Editor, Scope::Write),
    ("POST /v1/records/{record}/files", Role::Editor, Scope::Write),
    ("POST /v1/imports", Role::Editor, Scope::Write),
    ("POST /v1/imports/{import}/preview", Role::Editor, Scope::Write),
    ("POST /v1/imports/{import}/start", Role::Editor, Scope::Write),
    ("GET /v1/imports/{import}", Role::Viewer, Scope::Read),
    ("POST /v1/imports/{import}/cancel", Role::Editor, Scope::Write),
];

/// The weakest role that a page of an organisation needs, by method.
const PAGES: &[(&str, &str, Role)] = &[
    ("GET", "/o/{slug}/", Role::Client),
    ("POST", "/o/{slug}/api-token", Role::Client),
    ("GET", "/o/{slug}/tokens", Role::Editor),
    ("POST", "/o/{slug}/tokens", Role::Editor),
    ("GET", "/o/{slug}/tokens/history", Role::Editor),
    ("POST", "/o/{slug}/tokens/{token}/revoke", Role::Admin),
    ("GET", "/o/{slug}/apps", Role::Admin),
    ("POST", "/o/{slug}/apps", Role::Admin),
    ("GET", "/o/{slug}/apps/authorize", Role::Client),
    ("POST", "/o/{slug}/apps/authorize", Role::Client),
    ("GET", "/o/{slug}/apps/{app}", Role::Admin),
    ("POST", "/o/{slug}/apps/{app}", Role::Admin),
    ("POST", "/o/{slug}/apps/{app}/secret", Role::Admin),
    ("POST", "/o/{slug}/apps/{app}/delete", Role::Admin),
    ("POST", "/o/{slug}/apps/{app}/connections/{connection}/end", Role::Admin),
    ("GET", "/o/{slug}/second-factor", Role::Client),
    ("GET", "/o/{slug}/security", Role::Viewer),
    ("POST", "/o/{slug}/security", Role::Admin),
    ("GET", "/o/{slug}/security/sso", Role::Admin),
    ("POST", "/o/{slug}/security/sso", Role::Owner),
    ("POST", "/o/{slug}/security/sso/domains", Role::Admin),
    ("POST", "/o/{slug}/security/sso/domains/{domain}/check", Role::Admin),
    ("POST", "/o/{slug}/security/sso/domains/{domain}/remove", Role::Admin),
    ("POST", "/o/{slug}/security/sso/remove", Role::Admin),
    ("POST", "/o/{slug}/security/sso/renew", Role::Owner),
    ("POST", "/o/{slug}/security/sso/rule", Role::Admin),
    ("POST", "/o/{slug}/security/sso/scim", Role::Owner),
    ("POST", "/o/{slug}/security/sso/scim/{token}/revoke", Role::Admin),
    ("POST", "/o/{slug}/security/sso/trial", Role::Admin),
    ("POST", "/o/{slug}/security/sso/try", Role::Admin),
    ("GET", "/o/{slug}/team", Role::Viewer),
    ("POST", "/o/{slug}/team/invite", Role::Admin),
    ("POST", "/o/{slug}/team/name", Role::Admin),
    ("POST", "/o/{slug}/team/leave", Role::Client),
    ("POST", "/o/{slug}/team/members/{user}/role", Role::Owner),
    ("POST", "/o/{slug}/team/members/{user}/remove", Role::Owner),
    ("POST", "/o/{slug}/team/members/{user}/transfer", Role::Owner),
    ("POST", "/o/{slug}/team/members/{user}/log-out", Role::Owner),
    ("POST", "/o/{slug}/team/links", Role::Admin),
    ("POST", "/o/{slug}/team/links/{link}/revoke", Role::Admin),
    ("POST", "/o/{slug}/team/invites/{invite}/resend", Role::Admin),
    ("POST", "/o/{slug}/team/invites/{invite}/revoke", Role::Admin),
    ("GET", "/o/{slug}/team/audit", Role::Admin),
    ("POST", "/o/{slug}/team/audit/export", Role::Admin),
    ("GET", "/o/{slug}/team/permissions", Role::Admin),
    ("POST", "/o/{slug}/team/permissions/groups", Role::Admin),
    ("POST", "/o/{slug}/team/permissions/roles", Role::Admin),
    ("GET", "/o/{slug}/team/permissions/{subject}", Role::Admin),
    ("POST", "/o/{slug}/team/permissions/{subject}", Role::Admin),
    ("POST", "/o/{slug}/team/permissions/{subject}/settings", Role::Admin),
    ("POST", "/o/{slug}/team/permissions/{subject}/delete", Role::Admin),
    ("GET", "/o/{slug}/bases", Role::Viewer),
    ("POST", "/o/{slug}/bases", Role::Admin),
    ("POST", "/o/{slug}/bases/{base}/rename", Role::Admin),
    ("POST", "/o/{slug}/bases/{base}/delete", Role::Admin),
    ("POST", "/o/{slug}/bases/{base}/restore", Role::Admin),
    ("GET", "/o/{slug}/b/{base}", Role::Viewer),
    ("GET", "/o/{slug}/b/{base}/{table}", Role::Viewer),
    ("GET", "/o/{slug}/b/{base}/{table}/{view}", Role::Viewer),
    ("GET", "/o/{slug}/sites", Role::Viewer),
    ("POST", "/o/{slug}/sites", Role::Admin),
    ("GET", "/o/{slug}/sites/new", Role::Admin),
    ("GET", "/o/{slug}/sites/{site}", Role::Viewer),
    ("POST", "/o/{slug}/sites/{site}", Role::Admin),
    ("POST", "/o/{slug}/sites/{site}/pages", Role::Editor),
    ("GET", "/o/{slug}/sites/{site}/publish", Role::Viewer),
    ("POST", "/o/{slug}/sites/{site}/publish", Role::Admin),
    ("POST", "/o/{slug}/sites/{site}/delete", Role::Admin),
    ("POST", "/o/{slug}/sites/{site}/restore", Role::Admin),
    ("GET", "/o/{slug}/sites/{site}/pages/{page}", Role::Viewer),
    ("POST", "/o/{slug}/sites/{site}/pages/{page}", Role::Editor),
    ("GET", "/o/{slug}/sites/{site}/pages/{page}/canvas", Role::Viewer),
    ("POST", "/o/{slug}/sites/{site}/pages/{page}/unpublish", Role::Admin),
    ("POST", "/o/{slug}/sites/{site}/pages/{page}/delete", Role::Editor),
    ("POST", "/o/{slug}/sites/{site}/pages/{page}/restore", Role::Editor),
];

fn visit() -> Visit {
    Visit {
        address: IpAddr::V4(Ipv4Addr::new(10, 200, 0, 1)),
        agent: "matrix".to_owned(),
        request_id: String::new(),
    }
}

#[test]
fn every_route_has_its_line() {
    let document = serde_json::to_value(bases::document("http://api.test")).unwrap();
    let mut operations = BTreeSet::new();
    let paths = document["paths"].as_object().unwrap().iter().filter(|(path, _)| path.starts_with("/v1/"));
    for (path, methods) in paths {
        for method in methods.as_object().unwrap().keys() {
            operations.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let mut lines: BTreeSet<String> = API.iter().map(|(operation, ..)| (*operation).to_owned()).collect();
    lines.extend(cases::PUBLIC.map(str::to_owned));
    assert_eq!(operations, lines, "operations of the document (left) and lines of this test (right)");
    let pages: BTreeSet<(String, String)> = app_cases::ALL
        .iter()
        .flat_map(|(methods, path)| methods.split(' ').map(|method| (method.to_owned(), (*path).to_owned())))
        .collect();
    let lines: BTreeSet<_> =
        PAGES.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(pages, lines, "paths of the app (left) and lines of this test (right)");
}

#[test]
fn each_role_reaches_what_its_line_says_and_nothing_else() {
    run(async |system| {
        let lines: BTreeMap<&str, Role> =
            API.iter().map(|(operation, role, _)| (*operation, *role)).collect();
        let api = system.api();
        let mut wrong = Vec::new();
        for role in ROLES {
            let ours = system.fresh_tenant().await?;
            let world = World::of(system, &ours).await?;
            let token = match role {
                Role::Owner => ours.token.clone(),
                role => system.join(&ours, role).await?.token,
            };
            let before = world.state(system, &ours.token).await?;
            // Those that are refused first: they must change nothing.
            let (allowed, refused): (Vec<_>, Vec<_>) =
                cases::all(&world).into_iter().partition(|case| role >= lines[case.operation]);
            for case in refused {
                let answer = case.request(&api, &world).token(&token).send().await?;
                // Whoever sees no base at all is not told which ones there are.
                let hidden = role == Role::Client && answer.status == 404;
                if answer.status != 403 && !hidden {
                    wrong.push(format!("{role} {}: {} {}", case.operation, answer.status, answer.text));
                }
            }
            assert_eq!(world.state(system, &ours.token).await?, before, "{role}");
            for case in allowed {
                let answer = case.request(&api, &world).token(&token).send().await?;
                // What an earlier case deleted may be gone; somebody else's comment stays theirs.
                let theirs = case.operation.contains("{comment}");
                if (answer.status == 403 && !theirs)
                    || answer.status == 401
                    || answer.status.is_server_error()
                {
                    wrong.push(format!("{role} {}: {} {}", case.operation, answer.status, answer.text));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    });
}

#[test]
fn each_role_opens_the_pages_of_its_lines() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let world = World::of(system, &ours).await?;
        let mut owner = system.browser(&ours.owner);
        let own = format!("/o/{}", ours.slug);
        let after = |text: &str, mark: &str| -> String {
            let (_, rest) = text.split_once(mark).unwrap_or_else(|| panic!("no {mark}"));
            rest.chars().take_while(char::is_ascii_alphanumeric).collect()
        };
        let form = format!("{own}/sites/new");
        let theme = after(&owner.open(&form).await?.text, "name=\"theme\" value=\"");
        let fields = [("name", "Ours"), ("theme", theme.as_str()), ("base", &world.base)];
        owner.submit(&form, &format!("{own}/sites"), &fields).await?.expect(303)?;
        let site = format!("sit_{}", after(&owner.open(&format!("{own}/sites")).await?.text, "/sites/sit_"));
        let page =
            format!("pag_{}", after(&owner.open(&format!("{own}/sites/{site}")).await?.text, "/pages/pag_"));
        let token = system.system.tenancy.tokens(&ours.owner.caller).await?[0].id.to_string();
        let group = system.system.tenancy.create_group(&ours.owner.caller, "Sales", &visit()).await?;
        let scopes = [Scope::Read].into_iter().collect();
        let new = NewApp {
            name: "Stock app".into(),
            redirects: "https://stock.example/back".into(),
            scopes,
            ..NewApp::default()
        };
        let app = system.system.tenancy.create_app(&ours.owner.caller, &new, &visit()).await?.id;
        let client = AppText { tenant: ours.summary.id, app }.compose();
        let asked = format!(
            "/apps/authorize?client_id={client}&redirect_uri=https%3A%2F%2Fstock.example%2Fback&response_type=code"
        );
        let filled = |pattern: &str| {
            pattern
                .replace("{slug}", &ours.slug)
                .replace("/apps/authorize", &asked)
                .replace("{app}", &app.to_string())
                .replace("{connection}", "con_0000000000000000000000")
                .replace("{token}", &token)
                .replace("{user}", &ours.owner.user.to_string())
                .replace("{domain}", "acme.example")
                .replace("{link}", "lnk_0000000000000000000000")
                .replace("{invite}", "inv_0000000000000000000000")
                .replace("{subject}", &group.to_string())
                .replace("{base}", &world.base)
                .replace("{table}", &world.table)
                .replace("{view}", &world.view)
                .replace("{site}", &site)
                .replace("{page}", &page)
        };
        let fields: &[(&str, &str)] = &[
            ("name", ""),
            ("label", ""),
            ("role", "viewer"),
            ("emails", ""),
            ("title", ""),
            ("action", "x"),
        ];
        let before = world.state(system, &ours.token).await?;
        let mut wrong = Vec::new();
        for role in [Role::Client, Role::Viewer, Role::Commenter, Role::Editor, Role::Admin] {
            let member = system.join(&ours, role).await?;
            let mut browser = system.browser(&member);
            let home = format!("{own}/");
            for (method, pattern, needed) in PAGES {
                if pattern.ends_with("/leave") {
                    continue;
                }
                let path = filled(pattern);
                let may = role >= *needed;
                let answer = match *method {
                    "GET" => browser.open(&path).await?,
                    // What is allowed is asked for elsewhere; here only that the others are refused.
                    _ if may => continue,
                    _ => browser.submit(&home, &path, fields).await?,
                };
                let hidden = answer.status == 404
                    && (role == Role::Client || (pattern.contains("{invite}") || pattern.contains("{link}")));
                // A page may lead on; it is not refused.
                let opened = answer.status == 200 || answer.status == 303;
                let as_expected = if may { opened } else { answer.status == 403 || hidden };
                if !as_expected {
                    wrong.push(format!("{role} {method} {pattern}: {}", answer.status));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert_eq!(world.state(system, &ours.token).await?, before);
        Ok(())
    });
}

#[test]
fn a_suspended_organisation_a_removed_member_and_a_token_without_the_scope() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let world = World::of(system, &ours).await?;
        let api = system.api();
        let (gone, stays) = (system.join(&ours, Role::Admin).await?, system.join(&ours, Role::Admin).await?);
        let tenancy = &system.system.tenancy;
        let mut narrow = BTreeMap::new();
        for scope in Scope::ALL {
            // Read goes with everything else; without it there is nothing a token may be made for.
            let scopes: Scopes = [Scope::Read, scope].into_iter().collect();
            let new = NewToken { label: scope.name().into(), scopes, ..NewToken::default() };
            let token = tenancy.create_token(&ours.owner.caller, &new, &visit()).await?;
            narrow.insert(scope, token.text.expose().to_owned());
        }
        let before = world.state(system, &ours.token).await?;
        let needs: BTreeMap<&str, Scope> =
            API.iter().map(|(operation, _, scope)| (*operation, *scope)).collect();
        let mut wrong = Vec::new();
        for case in cases::all(&world) {
            let needed = needs[case.operation];
            for (scope, token) in
                narrow.iter().filter(|(scope, _)| **scope != needed && needed != Scope::Read)
            {
                let answer = case.request(&api, &world).token(token).send().await?;
                if (answer.status.as_u16(), answer.code().as_str()) != (403, "missing_scope") {
                    wrong.push(format!("{} with {} only: {}", case.operation, scope.name(), answer.status));
                }
            }
        }
        tenancy.remove_member(&ours.owner.caller, gone.user, &visit()).await?;
        for case in cases::all(&world) {
            let answer = case.request(&api, &world).token(&gone.token).send().await?;
            if answer.status != 401 {
                wrong.push(format!("{} of a removed member: {}", case.operation, answer.status));
            }
        }
        assert_eq!(world.state(system, &ours.token).await?, before);
        tenancy.suspend(ours.summary.id, "unpaid").await?;
        for case in cases::all(&world) {
            let answer = case.request(&api, &world).token(&stays.token).send().await?;
            if (answer.status.as_u16(), answer.code().as_str()) != (403, "tenant_suspended") {
                wrong.push(format!("{} of a suspended organisation: {}", case.operation, answer.status));
            }
        }
        let mut browser = system.browser(&stays);
        for (_, pattern, _) in PAGES.iter().filter(|(method, ..)| *method == "GET") {
            if pattern.matches('{').count() == 1 {
                let answer = browser.open(&pattern.replace("{slug}", &ours.slug)).await?;
                if answer.status != 403 {
                    wrong.push(format!("{pattern} of a suspended organisation: {}", answer.status));
                }
            }
        }
        tenancy.resume(ours.summary.id).await?;
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert_eq!(world.state(system, &ours.token).await?, before);
        Ok(())
    });
}
