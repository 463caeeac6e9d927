//! Permissions end to end: hidden fields are nowhere, rows outside a condition are not there, levels of bases, tables and
//! sites hold on every route, and a change holds on every process within a second.

use crate::world::World;
use engine_base::{BaseId, FieldId, TableId};
use identity::Visit;
use kernel_core::access::TableGrant;
use kernel_core::{Ability, FieldKey, FieldLevel, Grants, Level, Role};
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};
use tenancy::permissions::Subject;
use testkit::{Answer, Member, Tenant, TestSystem, run};

pub fn visit() -> Visit {
    Visit {
        address: IpAddr::V4(Ipv4Addr::new(10, 201, 0, 1)),
        agent: "permissions".to_owned(),
        request_id: String::new(),
    }
}

pub async fn grant(
    system: &TestSystem,
    tenant: &Tenant,
    member: &Member,
    grants: &Grants,
) -> anyhow::Result<()> {
    let subject = Subject::Person(member.user);
    system.system.tenancy.set_grants(&tenant.owner.caller, subject, grants, &visit()).await?;
    Ok(())
}

pub fn base_no(id: &str) -> u64 {
    id.parse::<BaseId>().expect("a base's id").0
}
pub fn table_no(id: &str) -> u64 {
    id.parse::<TableId>().expect("a table's id").0.0
}
pub fn field_key(id: &str) -> FieldKey {
    let id: FieldId = id.parse().expect("a field's id");
    FieldKey { table: id.table.0, field: id.field.0 }
}

/// People with a salary that not everybody may see, and a table that links to them.
pub struct Office {
    pub base: String,
    pub people: String,
    pub salary: String,
    pub first: String,
    pub second: String,
    pub view: String,
}

const SECRET: &str = "topsecret";

impl Office {
    pub async fn of(system: &TestSystem, tenant: &Tenant) -> anyhow::Result<Self> {
        let api = system.api();
        let post = async |path: &str, body: Value| {
            anyhow::Ok(api.post(path).token(&tenant.token).json(&body).send().await?.expect(201)?.json())
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let base = text(&post("/v1/bases", json!({"name": "Office"})).await?["id"]);
        let fields = json!([
            {"name": "Name", "type": "text"}, {"name": "Salary", "type": "text"}, {"name": "Team", "type": "text"}
        ]);
        let table = post("/v1/tables", json!({"base": base, "name": "People", "fields": fields})).await?;
        let (people, salary) = (text(&table["id"]), text(&table["fields"][1]["id"]));
        let view = json!({"name": "Rich", "config": {
            "filter": "{Salary} != \"\"", "sort": [{"field": salary}], "hidden": [], "order": [salary],
            "group": [{"field": salary}], "totals": {(salary.clone()): "unique"}
        }});
        let view = text(&post(&format!("/v1/tables/{people}/views"), view).await?["id"]);
        let records = json!({"table": people, "records": [
            {"fields": {"Name": "Ann", "Salary": SECRET, "Team": "North"}},
            {"fields": {"Name": "Bob", "Salary": "other", "Team": "South"}},
        ]});
        let made = post("/v1/records", records).await?;
        let (first, second) = (text(&made["data"][0]["id"]), text(&made["data"][1]["id"]));
        let links = json!([
            {"name": "Title", "type": "text"}, {"name": "Who", "type": "link", "options": {"table": people}}
        ]);
        let tasks = post("/v1/tables", json!({"base": base, "name": "Tasks", "fields": links})).await?;
        post("/v1/records", json!({"table": tasks["id"], "fields": {"Title": "Call", "Who": [first]}}))
            .await?;
        Ok(Self { base, people, salary, first, second, view })
    }
}

#[test]
fn a_hidden_field_is_nowhere() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let office = Office::of(system, &ours).await?;
        let Office { base, people, salary, first, view, .. } = &office;
        let member = system.join(&ours, Role::Editor).await?;
        let hidden = Grants { field: [(field_key(salary), FieldLevel::Hidden)].into(), ..Grants::default() };
        grant(system, &ours, &member, &hidden).await?;
        let api = system.api();
        let get = async |path: String| api.get(&path).token(&member.token).send().await;
        let post =
            async |path: String, body: Value| api.post(&path).token(&member.token).json(&body).send().await;
        let window = |more: Value| {
            let mut body = json!({"view": view});
            body.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
            body
        };
        // What a workbook says, read by the one who sees everything.
        let unpacked = async |ours: &Tenant, base: &str, book: Answer| {
            let book = book.expect(200)?;
            let upload = api.post("/v1/imports").token(&ours.token).upload_file(base, "a.xlsx", &book.bytes);
            upload.send().await?.expect(201)
        };
        let asked: Vec<(&str, Answer)> = vec![
            ("base", get(format!("/v1/bases/{base}")).await?),
            ("table", get(format!("/v1/tables/{people}")).await?),
            ("list", get(format!("/v1/records?table={people}")).await?),
            ("list by id", get(format!("/v1/records?table={people}&keys=id&view={view}")).await?),
            ("record", get(format!("/v1/records/{first}")).await?),
            ("history", get(format!("/v1/records/{first}/history")).await?),
            ("export", get(format!("/v1/tables/{people}/export.csv?view={view}")).await?),
            ("export tsv", get(format!("/v1/tables/{people}/export.tsv")).await?),
            ("export json", get(format!("/v1/tables/{people}/export.json?view={view}")).await?),
            ("export ndjson", get(format!("/v1/tables/{people}/export.ndjson")).await?),
            ("export base", get(format!("/v1/bases/{base}/export.json")).await?),
            (
                "export xlsx",
                unpacked(&ours, base, get(format!("/v1/tables/{people}/export.xlsx")).await?).await?,
            ),
            (
                "export base xlsx",
                unpacked(&ours, base, get(format!("/v1/bases/{base}/export.xlsx")).await?).await?,
            ),
            ("window", post(format!("/v1/tables/{people}/window"), window(json!({}))).await?),
            // The view's own groups are by the hidden field.
            ("lines", post(format!("/v1/tables/{people}/window"), window(json!({"lines": true}))).await?),
            ("v0 list", get(format!("/v0/{base}/{people}")).await?),
            (
                "v0 text",
                get(format!("/v0/{base}/People?cellFormat=string&timeZone=UTC&userLocale=en")).await?,
            ),
            ("v0 record", get(format!("/v0/{base}/{people}/{first}")).await?),
            ("v0 schema", get(format!("/v0/meta/bases/{base}/tables?include=visibleFieldIds")).await?),
            (
                "update",
                api.patch(&format!("/v1/records/{first}"))
                    .token(&member.token)
                    .json(&json!({"fields": {"Team": "East"}}))
                    .send()
                    .await?,
            ),
            (
                "v0 replace",
                api.request("PUT".parse()?, &format!("/v0/{base}/{people}/{first}"))
                    .token(&member.token)
                    .json(&json!({"fields": {"Name": "Ann"}}))
                    .send()
                    .await?,
            ),
            (
                "create",
                post("/v1/records".into(), json!({"table": people, "fields": {"Name": "Cleo"}})).await?,
            ),
        ];
        let mut wrong = Vec::new();
        for (what, answer) in &asked {
            let tells = [SECRET, "Salary", salary.as_str()].iter().any(|word| answer.text.contains(word));
            if !answer.status.is_success() || tells {
                wrong.push(format!("{what}: {} {}", answer.status, answer.text));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        // As unknown as a field that never was; and no answer depends on its values.
        let searched =
            get(format!("/v1/records?table={people}&search={SECRET}&count=true")).await?.expect(200)?;
        assert_eq!(searched.json()["count"], 0, "a search looks where one may look");
        for (what, status, answer) in [
            ("fields", 422, get(format!("/v1/records?table={people}&fields=Salary")).await?),
            ("sort", 422, get(format!("/v1/records?table={people}&sort=Salary")).await?),
            ("sort by id", 422, get(format!("/v1/records?table={people}&sort=-{salary}")).await?),
            ("group", 422, get(format!("/v1/records?table={people}&group=Salary")).await?),
            (
                "group of a window",
                422,
                post(format!("/v1/tables/{people}/window"), window(json!({"group": [{"field": salary}]})))
                    .await?,
            ),
            (
                "groups",
                422,
                post(format!("/v1/tables/{people}/groups"), json!({"group": [{"field": "Salary"}]})).await?,
            ),
            (
                "totals of groups",
                422,
                post(
                    format!("/v1/tables/{people}/groups"),
                    json!({"group": [{"field": "Team"}], "totals": {"Salary": "unique"}}),
                )
                .await?,
            ),
            ("filter", 422, get(format!("/v1/records?table={people}&filter=%7BSalary%7D%3D%22x%22")).await?),
            (
                "filter by id",
                422,
                get(format!("/v1/records?table={people}&filter=%7B{salary}%7D%3D%22x%22")).await?,
            ),
            (
                "where",
                422,
                post(
                    format!("/v1/tables/{people}/window"),
                    window(json!({"where": {"field": salary, "op": "is", "value": SECRET}})),
                )
                .await?,
            ),
            (
                "aggregate",
                422,
                post(format!("/v1/tables/{people}/aggregates"), json!({"fields": {"Salary": "filled"}}))
                    .await?,
            ),
            (
                "window",
                422,
                post(format!("/v1/tables/{people}/window"), window(json!({"fields": [salary]}))).await?,
            ),
            (
                "write",
                422,
                post("/v1/records".into(), json!({"table": people, "fields": {"Salary": "1"}})).await?,
            ),
            (
                "view",
                422,
                post(
                    format!("/v1/tables/{people}/views"),
                    json!({"name": "Spy", "config": {"filter": "{Salary} = \"x\""}}),
                )
                .await?,
            ),
            (
                "view's filter",
                403,
                api.patch(&format!("/v1/views/{view}"))
                    .token(&member.token)
                    .json(&json!({"config": {}}))
                    .send()
                    .await?,
            ),
            (
                "v0 formula",
                422,
                get(format!("/v0/{base}/{people}?filterByFormula=%7BSalary%7D%3D%27x%27")).await?,
            ),
            (
                "v0 merge",
                422,
                api.patch(&format!("/v0/{base}/{people}"))
                    .token(&member.token)
                    .json(&json!({
                        "performUpsert": {"fieldsToMergeOn": ["Salary"]},
                        "records": [{"fields": {"Salary": SECRET}}]
                    }))
                    .send()
                    .await?,
            ),
        ] {
            assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text);
            assert!(!answer.text.contains(SECRET), "{what}: {}", answer.text);
        }
        // Nothing of it was lost by those who don't see it.
        let kept = api.get(&format!("/v1/records/{first}")).token(&ours.token).send().await?.json();
        assert_eq!(kept["fields"]["Salary"], SECRET);
        // Read-only: seen, told as such, and refused when written.
        let fixed = Grants { field: [(field_key(salary), FieldLevel::Read)].into(), ..Grants::default() };
        grant(system, &ours, &member, &fixed).await?;
        let shown = get(format!("/v1/tables/{people}")).await?.json();
        assert_eq!(shown["fields"][1]["read_only"], true);
        let body = json!({"fields": {"Salary": "more"}});
        let refused =
            api.patch(&format!("/v1/records/{first}")).token(&member.token).json(&body).send().await?;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (422, "read_only_field"));
        Ok(())
    });
}

#[test]
fn rows_outside_the_condition_are_not_there() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let office = Office::of(system, &ours).await?;
        let Office { base, people, first, second, .. } = &office;
        let member = system.join(&ours, Role::Editor).await?;
        let north = TableGrant { rows: Some("{Team} = \"North\"".into()), ..TableGrant::default() };
        let grants = Grants { table: [(table_no(people), north)].into(), ..Grants::default() };
        grant(system, &ours, &member, &grants).await?;
        let api = system.api();
        let get = async |path: String| api.get(&path).token(&member.token).send().await;
        let escape = "1%3D1)%20or%20(1%3D1";
        for (what, path) in [
            ("list", format!("/v1/records?table={people}&count=true")),
            ("filter", format!("/v1/records?table={people}&filter=1%3D1%20or%202%3D2")),
            ("v0", format!("/v0/{base}/{people}")),
            ("v0 formula", format!("/v0/{base}/{people}?filterByFormula=TRUE()")),
            ("export", format!("/v1/tables/{people}/export.csv")),
            ("export json", format!("/v1/tables/{people}/export.json")),
            ("export base", format!("/v1/bases/{base}/export.json")),
        ] {
            let answer = get(path).await?.expect(200)?;
            assert!(answer.text.contains("Ann") && !answer.text.contains("Bob"), "{what}: {}", answer.text);
        }
        let escaped = get(format!("/v1/records?table={people}&filter={escape}")).await?;
        assert_eq!(escaped.status, 422, "a bracket does not open the condition: {}", escaped.text);
        let table = get(format!("/v1/tables/{people}")).await?.json();
        assert_eq!(table["records"], 1);
        for path in [
            format!("/v1/records/{second}"),
            format!("/v1/records/{second}/history"),
            format!("/v0/{base}/{people}/{second}"),
        ] {
            assert_eq!(get(path.clone()).await?.status, 404, "{path}");
        }
        let patch = json!({"fields": {"Name": "Taken"}});
        let refused =
            api.patch(&format!("/v1/records/{second}")).token(&member.token).json(&patch).send().await?;
        assert_eq!(refused.status, 404, "{}", refused.text);
        let both = json!({"records": [
            {"id": first, "fields": {"Name": "x"}}, {"id": second, "fields": {"Name": "x"}}
        ]});
        let refused = api.patch("/v1/records").token(&member.token).json(&both).send().await?;
        assert_eq!(refused.status, 404, "{}", refused.text);
        let delete = api.request("DELETE".parse()?, &format!("/v1/records/{second}")).token(&member.token);
        assert_eq!(delete.send().await?.status, 404);
        let kept = api.get(&format!("/v1/records?table={people}")).token(&ours.token).send().await?;
        assert!(kept.text.contains("Ann") && kept.text.contains("Bob"), "{}", kept.text);
        // A link would name rows that are not there, so it is not there either.
        let base = get(format!("/v1/bases/{base}")).await?;
        assert!(base.text.contains("Tasks") && !base.text.contains("\"Who\""), "{}", base.text);
        Ok(())
    });
}

#[test]
fn levels_of_bases_and_tables_hold() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let office = Office::of(system, &ours).await?;
        let world = World::of(system, &ours).await?;
        let Office { base, people, first, .. } = &office;
        let member = system.join(&ours, Role::Editor).await?;
        let api = system.api();
        let status = async |method: &str, path: &str, body: Option<Value>| {
            let request = api.request(method.parse()?, path).token(&member.token);
            let request = match &body {
                Some(body) => request.json(body),
                None => request,
            };
            anyhow::Ok(request.send().await?.status.as_u16())
        };
        let patch = || Some(json!({"fields": {"Name": "Ann"}}));
        let record = format!("/v1/records/{first}");
        let at_base = |level| Grants { base: [(base_no(base), level)].into(), ..Grants::default() };
        let at_table = |level, delete| {
            let grant = TableGrant { level: Some(level), delete, rows: None };
            Grants { table: [(table_no(people), grant)].into(), ..Grants::default() }
        };
        // No access: as if it were not there, also by the table's or record's id or name.
        grant(system, &ours, &member, &at_base(Level::None)).await?;
        let list = api.get("/v1/bases").token(&member.token).send().await?;
        assert!(list.text.contains("Orders") && !list.text.contains("Office"), "{}", list.text);
        for path in [
            format!("/v1/bases/{base}"),
            format!("/v1/tables/{people}"),
            record.clone(),
            "/v1/records?table=People".to_owned(),
            format!("/v0/{base}/{people}"),
            format!("/v0/meta/bases/{base}/tables"),
        ] {
            let found = status("GET", &path, None).await?;
            assert!(found == 404 || (path.starts_with("/v0") && found == 403), "{path}: {found}");
        }
        // Read only, comment, and above the role.
        for (level, write, schema) in
            [(Level::Read, 403, 403), (Level::Comment, 403, 403), (Level::Manage, 200, 200)]
        {
            grant(system, &ours, &member, &at_base(level)).await?;
            assert_eq!(status("GET", &record, None).await?, 200, "{level:?}");
            assert_eq!(status("PATCH", &record, patch()).await?, write, "{level:?}");
            let renamed = Some(json!({"description": "x"}));
            assert_eq!(status("PATCH", &format!("/v1/tables/{people}"), renamed).await?, schema, "{level:?}");
            let other = format!("/v1/tables/{}", world.table);
            assert_eq!(status("PATCH", &other, Some(json!({"description": "x"}))).await?, 403, "{level:?}");
        }
        // A table alone.
        grant(system, &ours, &member, &at_table(Level::None, None)).await?;
        let shown = api.get(&format!("/v1/bases/{base}")).token(&member.token).send().await?.expect(200)?;
        assert!(shown.text.contains("Tasks") && !shown.text.contains("People"), "{}", shown.text);
        assert!(!shown.text.contains("\"Who\""), "a link into a table that is not there: {}", shown.text);
        assert_eq!(status("GET", &record, None).await?, 404);
        grant(system, &ours, &member, &at_table(Level::Edit, Some(false))).await?;
        assert_eq!(status("PATCH", &record, patch()).await?, 200);
        assert_eq!(status("DELETE", &record, None).await?, 403, "deleting is refused in this table");
        assert_eq!(status("DELETE", &format!("/v1/records/{}", world.record), None).await?, 204);
        // Export is an ability.
        let no_export = Grants { may: [(Ability::ExportData, false)].into(), ..Grants::default() };
        grant(system, &ours, &member, &no_export).await?;
        for ending in ["csv", "tsv", "json", "ndjson", "xlsx"] {
            let path = format!("/v1/tables/{people}/export.{ending}");
            assert_eq!(status("GET", &path, None).await?, 403, "{ending}");
        }
        for ending in ["json", "xlsx"] {
            let path = format!("/v1/bases/{base}/export.{ending}");
            assert_eq!(status("GET", &path, None).await?, 403, "{ending}");
        }
        assert_eq!(status("GET", &record, None).await?, 200);
        Ok(())
    });
}

#[test]
fn a_change_holds_on_another_process_within_a_second() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let office = Office::of(system, &ours).await?;
        let member = system.join(&ours, Role::Editor).await?;
        let other = system.another_server().await?;
        let path = format!("/v1/bases/{}", office.base);
        let status = async || anyhow::Ok(other.api().get(&path).token(&member.token).send().await?.status);
        assert_eq!(status().await?, 200);
        for (level, expected) in [(Level::None, 404), (Level::Read, 200)] {
            let grants = Grants { base: [(base_no(&office.base), level)].into(), ..Grants::default() };
            grant(system, &ours, &member, &grants).await?;
            let since = Instant::now();
            while status().await?.as_u16() != expected {
                assert!(since.elapsed() < Duration::from_secs(1), "{level:?} is not known after a second");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        Ok(())
    });
}

#[test]
fn groups_and_roles_of_ones_own_and_guests() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let office = Office::of(system, &ours).await?;
        let member = system.join(&ours, Role::Viewer).await?;
        let tenancy = &system.system.tenancy;
        let (owner, api) = (&ours.owner.caller, system.api());
        let record = format!("/v1/records/{}", office.first);
        let write = async || {
            let body = json!({"fields": {"Name": "Ann"}});
            anyhow::Ok(api.patch(&record).token(&member.token).json(&body).send().await?.status.as_u16())
        };
        assert_eq!(write().await?, 403);
        let group = tenancy.create_group(owner, "Sales", &visit()).await?;
        let Subject::Group(id) = group else { anyhow::bail!("a group") };
        let edit = Grants { base: [(base_no(&office.base), Level::Edit)].into(), ..Grants::default() };
        tenancy.set_grants(owner, group, &edit, &visit()).await?;
        assert_eq!(write().await?, 403, "not in the group");
        tenancy.change_group(owner, id, ("Sales", &[member.user]), &visit()).await?;
        assert_eq!(write().await?, 200, "by the group");
        let early = tenancy.create_role(owner, "Intern", &visit()).await.expect_err("of a plan without them");
        assert_eq!(early.code(), kernel_core::Code::LimitReached);
        let page = format!("/o/{}/team/permissions", ours.slug);
        let mut owners = system.browser(&ours.owner);
        let shown = owners.open(&page).await?.expect(200)?;
        assert!(
            shown.text.contains("part of the Business plan") && shown.text.contains("/pricing"),
            "{}",
            shown.text
        );
        let refused = owners.submit(&page, &format!("{page}/roles"), &[("name", "Intern")]).await?;
        assert_eq!(refused.status, 422);
        let (at, staff) = (kernel_core::Clock::System.now(), kernel_core::StaffId::new());
        system.system.billing.set_plan(ours.summary.id, billing::PlanCode::Business, at, staff).await?;
        assert!(!owners.open(&page).await?.text.contains("part of the Business plan"));
        let role = tenancy.create_role(owner, "Intern", &visit()).await?;
        let Subject::Role(own) = role else { anyhow::bail!("a role") };
        let none = Grants { base: [(base_no(&office.base), Level::None)].into(), ..Grants::default() };
        tenancy.set_grants(owner, role, &none, &visit()).await?;
        tenancy.set_guest(owner, member.user, (Some(own), None), &visit()).await?;
        assert_eq!(write().await?, 403, "a refusal wins");
        tenancy.delete_shared(owner, role, &visit()).await?;
        assert_eq!(write().await?, 200, "the role is gone");
        // A guest's access ends by itself.
        let soon = kernel_core::Clock::System.now() + jiff::SignedDuration::from_millis(300);
        tenancy.set_guest(owner, member.user, (None, Some(soon)), &visit()).await?;
        assert_eq!(write().await?, 200);
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert_eq!(write().await?, 401, "the token of a guest whose time is over");
        let mut browser = system.browser(&member);
        assert_eq!(browser.open(&format!("/o/{}/", ours.slug)).await?.status, 404);
        Ok(())
    });
}
