//! Whom a person's cell may name: those who may see the base, told to members alone.

use crate::permissions::{base_no, grant};
use kernel_core::{Grants, Level, Role};
use serde_json::json;
use testkit::run;

#[test]
fn those_who_may_see_a_base_are_told_to_members_and_nobody_else() {
    run(async |system| {
        let ours = system.fresh_tenant().await?;
        let api = system.api();
        let made = api.post("/v1/bases").token(&ours.token).json(&json!({"name": "Office"})).send().await?;
        let base = made.expect(201)?.json()["id"].as_str().unwrap_or_default().to_owned();
        let path = format!("/v1/bases/{base}/people");
        let (seeing, shut_out, client) = (
            system.join(&ours, Role::Viewer).await?,
            system.join(&ours, Role::Editor).await?,
            system.join(&ours, Role::Client).await?,
        );
        let nothing = Grants { base: [(base_no(&base), Level::None)].into(), ..Grants::default() };
        grant(system, &ours, &shut_out, &nothing).await?;

        let told = api.get(&path).token(&seeing.token).send().await?.expect(200)?.json();
        let ids: Vec<&str> =
            told["data"].as_array().into_iter().flatten().filter_map(|one| one["id"].as_str()).collect();
        let (owner, viewer) = (ours.owner.user.to_string(), seeing.user.to_string());
        assert_eq!(ids, [owner.as_str(), viewer.as_str()], "by name, without {}: {told}", shut_out.user);
        assert_eq!(told["more"], false);

        assert_eq!(api.get(&path).token(&shut_out.token).send().await?.status, 404);
        assert_eq!(
            api.get(&path).token(&client.token).send().await?.status,
            404,
            "a client was given no base"
        );
        let theirs = system.fresh_tenant().await?;
        assert_eq!(api.get(&path).token(&theirs.token).send().await?.status, 404);
        let wrong = api.get("/v1/bases/nothing/people").token(&ours.token).send().await?;
        assert!([400, 404].contains(&wrong.status.as_u16()), "{}", wrong.text);
        Ok(())
    });
}
