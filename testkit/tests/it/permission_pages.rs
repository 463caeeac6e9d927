//! Permissions as people meet them: a client with two sites, the page that changes and explains, and who may not.

use crate::permissions::{Office, base_no, field_key, grant, table_no};
use crate::world::World;
use kernel_core::{Grants, Level, Role, SiteId};
use serde_json::json;
use testkit::run;

#[test]
fn a_client_sees_the_assigned_sites_and_nothing_else() {
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
        let mut sites = Vec::new();
        for name in ["First", "Second", "Third"] {
            let address = format!("{}-{}", name.to_lowercase(), ours.slug);
            let fields = [("name", name), ("address", &address), ("theme", &theme), ("base", &world.base)];
            let made = owner.submit(&form, &format!("{own}/sites"), &fields).await?.expect(303)?;
            sites.push(format!("sit_{}", after(made.header("location"), "/sites/sit_")));
        }
        let client = system.join(&ours, Role::Client).await?;
        let id = |at: usize| sites[at].parse::<SiteId>().expect("a site's id");
        let assigned =
            Grants { site: [(id(0), Level::Edit), (id(1), Level::Publish)].into(), ..Grants::default() };
        grant(system, &ours, &client, &assigned).await?;
        let mut browser = system.browser(&client);
        let home = browser.open(&format!("{own}/")).await?.expect(200)?;
        let list = browser.open(&format!("{own}/sites")).await?.expect(200)?;
        for page in [&home.text, &list.text] {
            assert!(page.contains("First") && page.contains("Second"), "the assigned sites");
            assert!(!page.contains("Third") && !page.contains("Orders"), "and nothing else");
        }
        assert_eq!(browser.open(&format!("{own}/sites/{}", sites[0])).await?.status, 200);
        assert_eq!(browser.open(&format!("{own}/sites/{}", sites[2])).await?.status, 404);
        let page = after(&browser.open(&format!("{own}/sites/{}", sites[0])).await?.text, "/pages/pag_");
        let editor = format!("{own}/sites/{}/pages/pag_{page}", sites[0]);
        assert_eq!(browser.open(&editor).await?.status, 200);
        for (at, expected) in [(0, 403), (1, 422)] {
            let path = format!("{own}/sites/{}/publish", sites[at]);
            let status = browser.submit(&format!("{own}/sites"), &path, &[]).await?.status.as_u16();
            assert!(status == expected || (at == 1 && status != 403), "publishing site {at}: {status}");
        }
        for path in ["/bases", "/team", "/tokens", "/team/permissions", "/sites/new"] {
            assert_eq!(browser.open(&format!("{own}{path}")).await?.status, 403, "{path}");
        }
        let delete = format!("{own}/sites/{}/delete", sites[0]);
        assert_eq!(browser.submit(&format!("{own}/sites"), &delete, &[]).await?.status, 403);
        let api = system.api().get("/v1/bases").token(&client.token).send().await?;
        assert_eq!(api.status, 403);
        Ok(())
    });
}

#[test]
fn the_page_changes_explains_and_refuses() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let office = Office::of(system, &ours).await?;
        let kim = system.join(&ours, Role::Editor).await?;
        let admin = system.join(&ours, Role::Admin).await?;
        let all = format!("/o/{}/team/permissions", ours.slug);
        let page = format!("{all}/{}", kim.user);
        let mut owner = system.browser(&ours.owner);
        let base = format!("base.{}", base_no(&office.base));
        let saved = owner.submit(&page, &page, &[(&base, "read"), ("may.export_data", "no")]).await?;
        assert_eq!(saved.status, 303, "{}", saved.text);
        let shown = owner.open(&page).await?.expect(200)?;
        assert!(
            shown.text.contains("this base: Read") && shown.text.contains("This decides."),
            "{}",
            shown.text
        );
        assert!(owner.open(&all).await?.text.contains("2 exceptions"));
        // A table's rows and fields, with a mistake that is told and loses nothing.
        let inside = format!("{page}?base={}", office.base);
        let rows = format!("rows.{}", table_no(&office.people));
        let field = field_key(&office.salary);
        let salary = format!("field.{}.{}", field.table, field.field);
        let wrong = owner.submit(&inside, &inside, &[(&rows, "{Nobody} = 1"), (&salary, "hidden")]).await?;
        assert_eq!(wrong.status, 422);
        assert!(
            wrong.text.contains("{Nobody} = 1") && wrong.text.contains("can’t be asked"),
            "{}",
            wrong.text
        );
        let fine =
            owner.submit(&inside, &inside, &[(&rows, "{Team} = \"North\""), (&salary, "hidden")]).await?;
        assert_eq!(fine.status, 303, "{}", fine.text);
        let renamed = json!({"name": "Crew"});
        let table =
            system.api().get(&format!("/v1/tables/{}", office.people)).token(&ours.token).send().await?;
        let team = table.json()["fields"][2]["id"].as_str().unwrap_or_default().to_owned();
        let patch = system.api().patch(&format!("/v1/fields/{team}")).token(&ours.token).json(&renamed);
        patch.send().await?.expect(200)?;
        let list = format!("/v1/records?table={}", office.people);
        let list = system.api().get(&list).token(&kim.token).send().await?.expect(200)?;
        assert!(list.text.contains("Ann") && !list.text.contains("Bob"), "rows by field id: {}", list.text);
        assert!(owner.open(&inside).await?.text.contains("{Crew}"), "and shown by its name of today");
        // Who may not.
        let mut kims = system.browser(&kim);
        let own = kims.open(&page).await?.expect(200)?;
        assert!(!own.text.contains("Save permissions"));
        let home = format!("/o/{}/", ours.slug);
        assert_eq!(kims.submit(&home, &page, &[(&base, "manage")]).await?.status, 403);
        let owners = format!("{all}/{}", ours.owner.user);
        let mut admins = system.browser(&admin);
        assert_eq!(admins.submit(&all, &owners, &[("bases", "none")]).await?.status, 409);
        let self_page = format!("{all}/{}", admin.user);
        assert_eq!(admins.submit(&all, &self_page, &[("bases", "none")]).await?.status, 403);
        let limits = Grants { sites: Some(Level::Read), ..Grants::default() };
        grant(system, &ours, &admin, &limits).await?;
        let limited = admins.submit(&all, &page, &[(&base, "")]).await?;
        assert_eq!(limited.status, 403, "whoever is limited hands out nothing");
        // Bad input: a level that is none, a name that is missing, doubled, too long; a day that is none.
        let bad = owner.submit(&page, &page, &[(&base, "everything")]).await?;
        assert!(bad.status == 422 && bad.text.contains("is not one of the list"), "{}", bad.text);
        let groups = format!("{all}/groups");
        for (name, status) in [("", 422), (&*"x".repeat(101), 422), ("Sales", 303), ("sales", 409)] {
            assert_eq!(owner.submit(&all, &groups, &[("name", name)]).await?.status, status, "{name}");
        }
        let settings = format!("{page}/settings");
        for (day, status) in [("tomorrow", 422), ("2001-01-01", 422), ("2999-12-31", 303), ("", 303)] {
            assert_eq!(owner.submit(&page, &settings, &[("until", day)]).await?.status, status, "{day}");
        }
        Ok(())
    });
}
