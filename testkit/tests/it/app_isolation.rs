//! The app's pages of an organisation, for somebody who is signed in and belongs to another one: 404 on every path, with the
//! other's slug and with the other's ids under one's own slug.

use crate::app_cases::ALL;
use crate::world::World;
use identity::Visit;
use kernel_core::Scope;
use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use tenancy::oauth::NewApp;
use testkit::run;

/// The organisation's paths as the sources declare them.
fn declared(folder: &Path, out: &mut BTreeSet<(String, String)>) {
    for entry in fs::read_dir(folder).expect("the sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            declared(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).expect("a source file");
            // From one `.route(` to the next; a path ends on its line, its handlers may go on.
            for rest in source.split(".route(\"").skip(1).filter(|rest| rest.starts_with("/o/{slug}")) {
                let (pattern, handlers) = rest.split_once('"').expect("a path ends");
                let handlers = handlers.split(['\n', ';']).next().expect("a first line");
                let methods: Vec<&str> = [
                    ("GET", "get("),
                    ("POST", "post("),
                    ("PUT", "put("),
                    ("PATCH", "patch("),
                    ("DELETE", "delete("),
                ]
                .into_iter()
                .filter(|(_, call)| {
                    handlers.contains(&format!(" {call}")) || handlers.contains(&format!(".{call}"))
                })
                .map(|(method, _)| method)
                .collect();
                out.insert((methods.join(" "), pattern.to_owned()));
            }
        }
    }
}

#[test]
fn every_path_of_an_organisation_has_a_case() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut found = BTreeSet::new();
    for folder in ["domains", "bin"] {
        declared(&root.join(folder), &mut found);
    }
    let cases: BTreeSet<_> =
        ALL.iter().map(|(methods, path)| ((*methods).to_owned(), (*path).to_owned())).collect();
    assert_eq!(found, cases, "paths in the sources (left) and cases of this test (right)");
}

#[test]
fn another_organisations_pages_are_not_there() {
    run(async |system| {
        let (ours, theirs) = (system.fresh_tenant().await?, system.fresh_tenant().await?);
        let world = World::of(system, &ours).await?;
        let token = system.system.tenancy.tokens(&ours.owner.caller).await?[0].id.to_string();
        let mut owner = system.browser(&ours.owner);
        let own = format!("/o/{}", ours.slug);
        let after = |text: &str, mark: &str| -> String {
            let (_, rest) = text.split_once(mark).unwrap_or_else(|| panic!("no {mark} in {text}"));
            rest.chars().take_while(char::is_ascii_alphanumeric).collect()
        };
        let form = format!("{own}/sites/new");
        let theme = after(&owner.open(&form).await?.text, "name=\"theme\" value=\"");
        let fields = [("name", "Ours"), ("theme", theme.as_str()), ("base", &world.base)];
        owner.submit(&form, &format!("{own}/sites"), &fields).await?.expect(303)?;
        let site = format!("sit_{}", after(&owner.open(&format!("{own}/sites")).await?.text, "/sites/sit_"));
        let page =
            format!("pag_{}", after(&owner.open(&format!("{own}/sites/{site}")).await?.text, "/pages/pag_"));
        let user = ours.owner.user.to_string();
        let new = NewApp {
            name: "kept secret".into(),
            redirects: "https://stock.example/back".into(),
            scopes: [Scope::Read].into_iter().collect(),
            ..NewApp::default()
        };
        let visit = Visit {
            address: IpAddr::V4(Ipv4Addr::new(10, 205, 0, 1)),
            agent: "isolation".to_owned(),
            request_id: String::new(),
        };
        let app = system.system.tenancy.create_app(&ours.owner.caller, &new, &visit).await?.id.to_string();
        let filled = |pattern: &str, slug: &str| {
            pattern
                .replace("{slug}", slug)
                .replace("{token}", &token)
                .replace("{app}", &app)
                .replace("{connection}", "con_0000000000000000000000")
                .replace("{user}", &user)
                .replace("{subject}", &user)
                .replace("{link}", "lnk_0000000000000000000000")
                .replace("{invite}", "inv_0000000000000000000000")
                .replace("{base}", &world.base)
                .replace("{table}", &world.table)
                .replace("{view}", &world.view)
                .replace("{site}", &site)
                .replace("{page}", &page)
        };
        let before = world.state(system, &ours.token).await?;
        let fields: &[(&str, &str)] = &[
            ("name", "Taken"),
            ("label", "Taken"),
            ("read", "on"),
            ("emails", "x@strangers.example"),
            ("role", "viewer"),
            ("title", "Taken"),
            ("path", "/taken"),
            ("days", "7"),
            ("number", "1"),
            ("action", "settings"),
            ("base", ""),
            ("theme", ""),
        ];
        let mut stranger = system.browser(&theirs.owner);
        let form = format!("/o/{}/bases", theirs.slug);
        let mut wrong = Vec::new();
        for (methods, pattern) in ALL {
            // With the other's slug; then the other's ids under one's own slug, where the path has ids.
            let ids = pattern.matches('{').count() > 1;
            for slug in [Some(&ours.slug), ids.then_some(&theirs.slug)].into_iter().flatten() {
                let path = filled(pattern, slug);
                for method in methods.split(' ') {
                    let answer = if method == "GET" {
                        stranger.open(&path).await?
                    } else {
                        stranger.submit(&form, &path, fields).await?
                    };
                    if answer.status != 404 || answer.text.contains("kept secret") {
                        wrong.push(format!("{method} {pattern} as {slug}: {}", answer.status));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "not 404:\n{}", wrong.join("\n"));
        assert_eq!(world.state(system, &ours.token).await?, before);
        // The same paths are there for the owner: the walk can fail.
        for pattern in [
            "/o/{slug}/",
            "/o/{slug}/sites/{site}",
            "/o/{slug}/sites/{site}/pages/{page}",
            "/o/{slug}/b/{base}/{table}/{view}",
        ] {
            let answer = owner.open(&filled(pattern, &ours.slug)).await?;
            assert_eq!(answer.status, 200, "{pattern}");
        }
        Ok(())
    });
}
