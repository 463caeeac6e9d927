//! The list, one tenant's page, suspend, resume, change of plan; all of it audited.

use crate::world::{World, visit};
use billing::PlanCode;
use http::StatusCode;
use kernel_core::{Code, Scopes};
use platform::audit::{Action, Filter};
use tenancy::NewToken;

fn actions(entries: &[platform::audit::Entry]) -> Vec<Action> {
    entries.iter().map(|entry| entry.event.action).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspending_needs_a_cause_a_reason_and_the_name_and_stops_tokens_and_people() {
    let world = World::shared().await;
    let (tenant, owner) = world.tenant("Acme Services").await;
    let (caller, _) = world.tenancy.enter(&tenant.slug, owner).await.unwrap();
    let new = NewToken { label: "Test".into(), scopes: Scopes::all(), days: None, ..NewToken::default() };
    let token = world.tenancy.create_token(&caller, &new, &visit()).await.unwrap();
    world.tenancy.authenticate(token.text.expose()).await.unwrap();

    let mut staff = world.staff_browser("Ada").await;
    let path = format!("/tenants/{}", tenant.id);
    let page = staff.get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    for part in ["Acme Services", "<b>1 API token</b>", "<b>1 person</b>", "Sid Someone"] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }

    let reason = ("reason", "18,240 mails in an hour");
    let slug = tenant.slug.as_str();
    for wrong in [
        [("cause", ""), reason, ("confirm", slug)],
        [("cause", "abuse"), ("reason", " "), ("confirm", slug)],
        [("cause", "abuse"), reason, ("confirm", "other")],
    ] {
        let answer = staff.post(&format!("{path}/suspend"), &wrong).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong:?}");
        assert!(
            answer.text.contains("data-dialog-now") && answer.text.contains("aria-invalid"),
            "{}",
            answer.text
        );
    }
    world.tenancy.authenticate(token.text.expose()).await.unwrap();

    let good = [("cause", "unwanted_mail"), reason, ("confirm", slug)];
    let answer = staff.post(&format!("{path}/suspend"), &good).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, path.as_str()), "{}", answer.text);
    let refused = world.tenancy.authenticate(token.text.expose()).await.unwrap_err();
    assert_eq!(refused.code(), Code::TenantSuspended);
    let refused = world.tenancy.enter(slug, owner).await.unwrap_err();
    assert_eq!(refused.code(), Code::TenantSuspended);
    assert_eq!(staff.post(&format!("{path}/suspend"), &good).await.status, StatusCode::CONFLICT);
    assert!(staff.get(&path).await.text.contains("Sends unwanted mail"));

    let answer = staff.post(&format!("{path}/resume"), &[("reason", "The owner answered.")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    world.tenancy.authenticate(token.text.expose()).await.unwrap();

    let filter = Filter { tenant: Some(tenant.id), ..Filter::default() };
    let entries = world.admin.audit.page(&filter, None, 10).await.unwrap();
    assert_eq!(
        actions(&entries),
        [Action::TenantResumed, Action::TenantViewed, Action::TenantSuspended, Action::TenantViewed]
    );
    let suspended = &entries[2].event;
    assert_eq!(suspended.actor_name, "Ada");
    assert_eq!(suspended.cause, "Sends unwanted mail");
    assert_eq!(suspended.reason, reason.1);
    assert_eq!(suspended.detail, "1 people, 1 API tokens, 0 sites, 0 bases, 0 records");
    assert!(suspended.request_id.starts_with("req_"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_hears_of_the_suspension() {
    let world = World::own(&[]).await;
    let (tenant, owner) = world.tenant("Acme").await;
    let identity =
        identity::Identity::new(world.db.clone(), world.admin.web.clone(), 2, crate::world::sealing())
            .unwrap();
    let elsewhere = tenancy::Tenancy::new(identity, &kernel_core::secret::SigningKey::new([3; 32]));
    let (caller, _) = elsewhere.enter(&tenant.slug, owner).await.unwrap();
    let new = NewToken { label: "Test".into(), scopes: Scopes::all(), days: None, ..NewToken::default() };
    let token = elsewhere.create_token(&caller, &new, &visit()).await.unwrap();
    elsewhere.authenticate(token.text.expose()).await.unwrap();
    world.tenancy.suspend(tenant.id, "Sends unwanted mail").await.unwrap();
    let began = std::time::Instant::now();
    while elsewhere.authenticate(token.text.expose()).await.is_ok() {
        assert!(began.elapsed().as_secs() < 10, "the other process still serves the token");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_finds_by_name_address_member_and_id_and_pages() {
    let world = World::own(&[]).await;
    for number in 0..51 {
        world.tenant(&format!("Bakery {number:02}")).await;
    }
    let (odd, _) = world.tenant("100%_Odd").await;
    let mut staff = world.staff_browser("Ada").await;
    let first = staff.get("/tenants").await.text;
    assert!(first.contains("100%_Odd") && first.contains("of 52") && first.contains("page=2"), "{first}");
    let second = staff.get("/tenants?page=2").await.text;
    assert!(
        second.contains("Bakery 00") && second.contains("51 – 52 of 52") && !second.contains("100%_Odd"),
        "{second}"
    );
    for (query, found) in [
        ("q=bakery+07", vec!["Bakery 07"]),
        ("q=bakery-08", vec!["Bakery 08"]),
        ("q=%25_", vec!["100%_Odd"]),
        (&format!("q={}", odd.id), vec!["100%_Odd"]),
        ("q=nobody-has-this", vec!["No tenant fits"]),
        ("state=suspended", vec!["No tenant fits"]),
        ("plan=pro", vec!["No tenant fits"]),
    ] {
        let text = staff.get(&format!("/tenants?{query}")).await.text;
        for part in found {
            assert!(text.contains(part), "{query}: {text}");
        }
        assert!(!text.contains("Bakery 09"), "{query}");
    }

    staff.get(&format!("/tenants/{}", odd.id)).await;
    let path = format!("/tenants/{}/plan", odd.id);
    let same = staff.post(&path, &[("plan", "free"), ("reason", "They asked for it.")]).await;
    assert_eq!(same.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = staff.post(&path, &[("plan", "pro"), ("reason", "They asked for it.")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert!(staff.get("/tenants?plan=pro").await.text.contains("100%_Odd"));
    assert!(!staff.get("/tenants?plan=free").await.text.contains("100%_Odd"));
    let detail = world.admin.tenants.get(odd.id).await.unwrap();
    assert_eq!(detail.subscription.plan, PlanCode::Pro);

    for path in ["/tenants/ten_0BqzF4ZfHn3vT2mK8sYx1c", "/tenants/nonsense"] {
        assert_eq!(staff.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let overview = staff.get("/").await.text;
    assert!(overview.contains(">52<"), "{overview}");
}
