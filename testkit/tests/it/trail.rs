//! The audit trail end to end: numbers without gaps, a change in SQL is noticed at its row, filters, exports, retention.

use identity::audit::chain::{Verdict, prune, verify};
use jiff::SignedDuration;
use kernel_core::{Role, TenantId};
use std::time::{Duration, Instant};
use testkit::{Tenant, TestSystem, run};

/// Rows are written by jobs: waits until so many are there.
async fn rows(system: &TestSystem, tenant: TenantId, least: u64) -> anyhow::Result<u64> {
    let since = Instant::now();
    loop {
        let Verdict { rows, broken } = verify(&system.system.db, tenant).await?;
        assert_eq!(broken, None);
        if rows >= least {
            return Ok(rows);
        }
        assert!(since.elapsed() < Duration::from_secs(20), "{rows} of {least} rows after 20 seconds");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// An organisation with a handful of acts: founded, tokens, people invited and joined.
async fn busy(system: &TestSystem) -> anyhow::Result<(Tenant, u64)> {
    let ours = system.fresh_tenant().await?;
    for role in [Role::Editor, Role::Viewer, Role::Admin] {
        system.join(&ours, role).await?;
    }
    let count = rows(system, ours.summary.id, 12).await?;
    Ok((ours, count))
}

#[test]
fn a_row_that_was_changed_left_out_or_cut_off_is_noticed() {
    run(async |system| {
        let (ours, count) = busy(system).await?;
        let (other, others) = busy(system).await?;
        let tenant = ours.summary.id;
        let owner = system.sql("logs", "nclc_owner").await?;
        let id = tenant.uuid();
        let db = &system.system.db;
        // As the owner of the table could, in one step: nobody else ever sees it unforced.
        let run_sql = async |text: &str| {
            let text = text.replace("$1", &format!("'{id}'"));
            let (off, on) = ("no force row level security", "force row level security");
            let all = format!(
                "begin; alter table logs.tenant_events {off}; {text}; alter table logs.tenant_events {on}; commit"
            );
            owner.batch_execute(&all).await
        };
        for (what, change, back, number) in [
            (
                "was changed",
                "update logs.tenant_events set target = target || 'x' where tenant_id = $1 and seq = 3",
                "update logs.tenant_events set target = left(target, -1) where tenant_id = $1 and seq = 3",
                3,
            ),
            (
                "was changed",
                "update logs.tenant_events set at = at + interval '1 microsecond' where tenant_id = $1 and seq = 5",
                "update logs.tenant_events set at = at - interval '1 microsecond' where tenant_id = $1 and seq = 5",
                5,
            ),
            (
                "is missing",
                "update logs.tenant_events set seq = 1000000 where tenant_id = $1 and seq = 4",
                "update logs.tenant_events set seq = 4 where tenant_id = $1 and seq = 1000000",
                4,
            ),
        ] {
            run_sql(change).await?;
            let verdict = verify(db, tenant).await?;
            assert_eq!(verdict.broken, Some((number, what)), "{change}");
            assert_eq!(verdict.rows, number.unsigned_abs() - 1);
            run_sql(back).await?;
            assert_eq!(verify(db, tenant).await?, Verdict { rows: count, broken: None }, "{back}");
        }
        // The end cut off: rows and all.
        run_sql("delete from logs.tenant_events where tenant_id = $1 and seq > 8").await?;
        assert_eq!(verify(db, tenant).await?.broken.map(|(number, _)| number), Some(9));
        let told = nclc::trail::verify(&system.system, Some(&ours.slug)).await?;
        assert!(told.len() == 1 && told[0].contains("row 9"), "{told:?}");
        // Another organisation's chain is its own.
        assert_eq!(verify(db, other.summary.id).await?, Verdict { rows: others, broken: None });
        // The program's own role can't do any of it.
        let app = system.sql("logs", "nclc_app").await?;
        for change in ["update logs.tenant_events set target = ''", "delete from logs.tenant_events"] {
            assert!(app.batch_execute(change).await.is_err(), "{change}");
        }
        Ok(())
    });
}

#[test]
fn old_rows_go_and_the_rest_still_holds() {
    run(async |system| {
        let (ours, count) = busy(system).await?;
        let (tenant, db) = (ours.summary.id, &system.system.db);
        assert_eq!(
            prune(db, tenant, kernel_core::Clock::System.now() - SignedDuration::from_hours(24)).await?,
            0
        );
        assert_eq!(
            prune(db, tenant, kernel_core::Clock::System.now() + SignedDuration::from_hours(1)).await?,
            count
        );
        assert_eq!(verify(db, tenant).await?, Verdict { rows: 0, broken: None });
        system.join(&ours, Role::Viewer).await?;
        let more = rows(system, tenant, 3).await?;
        assert!(more < count, "the chain goes on from its anchor");
        Ok(())
    });
}

#[test]
fn the_page_filters_and_exports() {
    run(async |system| {
        let (ours, _) = busy(system).await?;
        let (viewer, other) = (system.join(&ours, Role::Viewer).await?, system.fresh_tenant().await?);
        rows(system, ours.summary.id, 16).await?;
        let page = format!("/o/{}/team/audit", ours.slug);
        let mut owner = system.browser(&ours.owner);
        let all = owner.open(&page).await?.expect(200)?;
        assert!(all.text.contains("created the organisation") && all.text.contains("invited "));
        let some = owner.open(&format!("{page}?action=member.joined")).await?.expect(200)?;
        assert!(some.text.contains("joined") && !some.text.contains("created the organisation"));
        let object = owner.open(&format!("{page}?object={}", viewer.email.replace('@', "%40"))).await?;
        assert!(object.text.contains(&viewer.email) && !object.text.contains("created the organisation"));
        let nobody = owner.open(&format!("{page}?object=100%25_nothing")).await?.expect(200)?;
        assert!(nobody.text.contains("No row fits this filter."));
        for (query, word) in
            [("from=yesterday", "is not a day"), ("action=galaxy.made", "is not one of the list")]
        {
            let wrong = owner.open(&format!("{page}?{query}")).await?;
            assert!(wrong.status == 422 && wrong.text.contains(word), "{query}: {}", wrong.status);
        }
        assert_eq!(owner.open(&format!("{page}?after=x")).await?.status, 400);
        let export = format!("{page}/export");
        let csv = owner.submit(&page, &export, &[("format", "csv")]).await?.expect(200)?;
        assert!(csv.text.contains("number,at,actor,action") && csv.text.contains("organisation.created"));
        assert!(csv.header("content-disposition").contains("audit.csv"));
        let json = owner.submit(&page, &export, &[("format", "json"), ("action", "member.joined")]).await?;
        let json = json.expect(200)?.json();
        let list = json.as_array().expect("a list");
        assert!(list.len() == 4 && list.iter().all(|row| row["action"] == "member.joined"), "{json}");
        assert_eq!(owner.submit(&page, &export, &[("format", "xml")]).await?.status, 422);
        let mut viewers = system.browser(&viewer);
        assert_eq!(viewers.open(&page).await?.status, 403);
        let home = format!("/o/{}/", ours.slug);
        assert_eq!(viewers.submit(&home, &export, &[("format", "csv")]).await?.status, 403);
        let mut stranger = system.browser(&other.owner);
        assert_eq!(stranger.open(&page).await?.status, 404);
        Ok(())
    });
}
