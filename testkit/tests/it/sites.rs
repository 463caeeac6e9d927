//! Websites over HTTP: drafts and what visitors see, two editors, a suspended organisation, names without a site, kept
//! pages, the audit trail.

use crate::world::small_table;
use anyhow::Context as _;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use testkit::{Answer, Browser, Client, Member, Tenant, TestSystem, eventually, run};

/// A site of the tenant's own, published: its id, its home page's id, its visitor.
struct Site {
    id: String,
    home: String,
    at: String,
    visitor: Client,
}

impl Site {
    async fn of(system: &TestSystem, tenant: &Tenant) -> anyhow::Result<Self> {
        let slug = format!("bakery-{}", tenant.slug);
        let mut browser = system.browser(&tenant.owner);
        let sites = format!("/o/{}/sites", tenant.slug);
        let fields = [("name", "Tarwe"), ("address", slug.as_str()), ("theme", "crust"), ("base", "")];
        let made = browser.submit(&format!("{sites}/new"), &sites, &fields).await?.expect(303)?;
        let site = Self::at(system, &mut browser, made.header("location"), &slug).await?;
        site.publish(&mut browser).await?.expect(303)?;
        Ok(site)
    }

    async fn at(system: &TestSystem, browser: &mut Browser, at: &str, slug: &str) -> anyhow::Result<Self> {
        let id = at.rsplit('/').next().unwrap_or_default().to_owned();
        let page = browser.open(at).await?.expect(200)?;
        let (_, rest) = page.text.split_once("/pages/pag_").context("the site has no page")?;
        let home = format!("pag_{}", rest.split(['"', '?', '#', '/']).next().unwrap_or_default());
        Ok(Self { id, home, at: at.to_owned(), visitor: system.portal(&format!("{slug}.sites")) })
    }

    /// Publishes what the publish page offers.
    async fn publish(&self, browser: &mut Browser) -> anyhow::Result<Answer> {
        let at = format!("{}/publish", self.at);
        let page = browser.open(&at).await?.expect(200)?;
        let drafts = value_of(&page.text, "drafts");
        browser.submit(&at, &at, &[("drafts", &drafts)]).await
    }

    fn editor(&self) -> String {
        format!("{}/pages/{}", self.at, self.home)
    }

    /// Saves a new headline of the home page, starting from the draft of this number.
    async fn save(&self, browser: &mut Browser, number: &str, heading: &str) -> anyhow::Result<Answer> {
        let fields = [
            ("number", number),
            ("node", "open"),
            ("action", "save"),
            ("p.heading", heading),
            ("p.lead", "Every day."),
            ("p.layout", "statement"),
        ];
        browser.submit(&format!("{}?node=open", self.editor()), &self.editor(), &fields).await
    }

    async fn number(&self, browser: &mut Browser) -> anyhow::Result<String> {
        let page = browser.open(&format!("{}?node=open", self.editor())).await?.expect(200)?;
        Ok(value_of(&page.text, "number"))
    }

    async fn seen(&self) -> anyhow::Result<String> {
        Ok(self.visitor.get("/").send().await?.text)
    }
}

/// The value of a form's field.
fn value_of(html: &str, name: &str) -> String {
    let (_, rest) = html.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_default();
    rest.split('"').next().unwrap_or_default().to_owned()
}

#[test]
fn two_editors_who_start_from_one_draft_do_not_overwrite_each_other() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let other: Member = system.join(&tenant, kernel_core::Role::Editor).await?;
        let site = Site::of(system, &tenant).await?;
        let (mut first, mut second) = (system.browser(&tenant.owner), system.browser(&other));
        let number = site.number(&mut first).await?;
        assert_eq!(number, site.number(&mut second).await?);
        site.save(&mut first, &number, "Bread from the owner").await?.expect(303)?;

        let refused = site.save(&mut second, &number, "Bread from <the> editor").await?.expect(409)?;
        let page = &refused.text;
        assert!(page.contains("Bread from &lt;the&gt; editor"), "what was typed is in the form");
        let owner = &tenant.owner.email.split('@').next().unwrap_or_default().replace("person", "Person ");
        assert!(page.contains(&format!("{owner} saved this page")) && page.contains("<time"), "{page}");
        let canvas = first.open(&format!("{}/canvas", site.editor())).await?.expect(200)?;
        assert!(canvas.text.contains("Bread from the owner") && !canvas.text.contains("editor"));

        // Saved again, knowingly.
        let number = value_of(page, "number");
        site.save(&mut second, &number, "Bread from both").await?.expect(303)?;
        let refused = site.save(&mut second, "1", "Late").await?.expect(409)?;
        assert!(refused.text.contains("You, in another window, saved this page"));

        // The component that is edited is gone: what was typed can still be copied.
        let number = site.number(&mut first).await?;
        let gone = [("number", number.as_str()), ("node", "open"), ("action", "remove")];
        let from = format!("{}?node=open", site.editor());
        first.submit(&from, &site.editor(), &gone).await?.expect(303)?;
        let fields = [
            ("number", number.as_str()),
            ("node", "open"),
            ("action", "save"),
            ("p.heading", "Typed for long"),
        ];
        let refused = second.submit(&site.editor(), &site.editor(), &fields).await?.expect(409)?;
        assert!(refused.text.contains("Typed for long") && refused.text.contains("is gone"));
        Ok(())
    });
}

#[test]
fn visitors_see_what_is_published_and_all_of_it_at_once() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let site = Site::of(system, &tenant).await?;
        let mut browser = system.browser(&tenant.owner);
        let before = site.seen().await?;
        for round in 0..3 {
            let number = site.number(&mut browser).await?;
            site.save(&mut browser, &number, &format!("Bread number {round}")).await?.expect(303)?;
            assert_eq!(site.seen().await?, before, "a draft changes nothing for visitors");
        }
        site.publish(&mut browser).await?.expect(303)?;
        assert!(site.seen().await?.contains("Bread number 2"));
        // What somebody has looked at and what is a draft meanwhile are two things: nothing is published.
        let at = format!("{}/publish", site.at);
        let number = site.number(&mut browser).await?;
        site.save(&mut browser, &number, "Bread that was looked at").await?.expect(303)?;
        let drafts = value_of(&browser.open(&at).await?.text, "drafts");
        let number = site.number(&mut browser).await?;
        site.save(&mut browser, &number, "Bread that nobody looked at").await?.expect(303)?;
        browser.submit(&at, &at, &[("drafts", &drafts)]).await?.expect(409)?;
        assert!(site.seen().await?.contains("Bread number 2"), "all or nothing");
        site.publish(&mut browser).await?.expect(303)?;

        let unpublish = format!("{}/unpublish", site.editor());
        browser.submit(&site.at, &unpublish, &[]).await?.expect(303)?;
        assert_eq!(site.visitor.get("/").send().await?.status, 404);
        assert_eq!(site.visitor.get("/about").send().await?.status, 200, "the others stay");
        site.publish(&mut browser).await?.expect(303)?;
        assert!(site.seen().await?.contains("Bread that nobody looked at"), "the draft was kept");
        Ok(())
    });
}

/// Two pages swap their addresses, and both are published at once: at every moment both addresses answer, and never with
/// the same page.
#[test]
fn visitors_never_see_half_of_a_publication() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let site = Site::of(system, &tenant).await?;
        let mut browser = system.browser(&tenant.owner);
        let overview = browser.open(&site.at).await?.text;
        let pages: BTreeSet<&str> = overview
            .split("/pages/pag_")
            .skip(1)
            .filter_map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric()).next())
            .collect();
        let about =
            pages.into_iter().find(|page| !site.home.ends_with(page)).map(|page| format!("pag_{page}"));
        let about = about.context("the site has an about page")?;
        let done = Arc::new(AtomicBool::new(false));
        let watching = tokio::spawn({
            let (visitor, done) = (site.visitor.clone(), done.clone());
            async move {
                let mut looks = 0;
                while !done.load(Ordering::Relaxed) {
                    for path in ["/", "/about"] {
                        visitor.get(path).send().await?.expect(200)?;
                    }
                    looks += 1;
                }
                anyhow::Ok(looks)
            }
        });
        for round in 0..4 {
            let (first, second) = if round % 2 == 0 { ("/about", "/") } else { ("/", "/about") };
            for (page, path) in
                [(about.as_str(), "/between"), (site.home.as_str(), first), (about.as_str(), second)]
            {
                let editor = format!("{}/pages/{page}", site.at);
                let number = value_of(&browser.open(&editor).await?.text, "number");
                let title = if page == about { "About" } else { "Home" };
                let fields =
                    [("number", number.as_str()), ("action", "settings"), ("title", title), ("path", path)];
                browser.submit(&editor, &editor, &fields).await?.expect(303)?;
            }
            site.publish(&mut browser).await?.expect(303)?;
            let start = site.seen().await?;
            assert_eq!(start.contains("<title>About"), round % 2 == 0, "round {round}");
        }
        done.store(true, Ordering::Relaxed);
        assert!(watching.await?? > 0);
        Ok(())
    });
}

#[test]
fn names_paths_and_machines_get_their_answers() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let site = Site::of(system, &tenant).await?;
        let nobody =
            system.portal("nobody-has-this.sites").get("/").header("accept", "text/html").send().await?;
        assert_eq!(nobody.status, 404);
        assert!(nobody.text.contains("No site answers to this name"), "{}", nobody.text);

        let missing = site.visitor.get("/nothing/here").send().await?.expect(404)?;
        assert!(missing.text.contains("There is no page at this address"));
        assert!(missing.text.contains("name=\"robots\" content=\"noindex\""));
        let moved = site.visitor.get("/About/").send().await?.expect(308)?;
        assert_eq!(moved.header("location"), "/about");

        let origin = site.visitor.origin();
        let robots = site.visitor.get("/robots.txt").send().await?.expect(200)?;
        assert!(robots.text.contains("Sitemap: http://") && robots.text.contains("/sitemap.xml"));
        let map = site.visitor.get("/sitemap.xml").send().await?.expect(200)?;
        assert_eq!(map.header("content-type"), "application/xml; charset=utf-8");
        assert_eq!(map.text.matches("<loc>").count(), 2);
        assert!(map.text.contains(&format!("<loc>{origin}/about</loc><lastmod>")), "{}", map.text);

        // A page that is hidden from search engines is not in the map.
        let mut browser = system.browser(&tenant.owner);
        let number = site.number(&mut browser).await?;
        let fields = [
            ("number", number.as_str()),
            ("action", "settings"),
            ("title", "Home"),
            ("path", "/"),
            ("noindex", "true"),
        ];
        browser.submit(&site.editor(), &site.editor(), &fields).await?.expect(303)?;
        site.publish(&mut browser).await?.expect(303)?;
        let map = site.visitor.get("/sitemap.xml").send().await?.expect(200)?;
        assert_eq!(map.text.matches("<loc>").count(), 1);
        Ok(())
    });
}

#[test]
fn a_suspended_organisations_sites_pause() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let site = Site::of(system, &tenant).await?;
        for path in ["/", "/about"] {
            site.visitor.get(path).send().await?.expect(200)?;
        }
        system.system.tenancy.suspend(tenant.summary.id, "a test").await?;
        for path in ["/", "/about", "/robots.txt", "/sitemap.xml", "/nothing"] {
            let paused = site.visitor.get(path).header("accept", "text/html").send().await?.expect(503)?;
            assert_eq!(paused.header("retry-after"), "3600", "{path}");
            assert!(paused.text.contains("not available at the moment"), "{path}: {}", paused.text);
        }
        system.system.tenancy.resume(tenant.summary.id).await?;
        site.visitor.get("/").send().await?.expect(200)?;
        Ok(())
    });
}

/// Kept pages are answered before the portal's stack: their headers must not tell.
#[test]
fn a_kept_answer_has_the_headers_of_a_fresh_one() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let site = Site::of(system, &tenant).await?;
        let kept_so_far = || {
            let text = kernel_web::metrics::Metrics::install().render();
            let wanted = |line: &&str| {
                line.starts_with("http_requests_total")
                    && ["route=\"kept\"", "status=\"200\""].iter().all(|part| line.contains(part))
            };
            let count = text.lines().find(wanted).and_then(|line| line.rsplit(' ').next());
            count.and_then(|count| count.parse::<u64>().ok()).unwrap_or_default()
        };
        for (accept, tag) in [("identity", false), ("gzip", false), ("br", false), ("gzip, br", true)] {
            // Nothing is kept of the site now.
            system.system.sites.cache().clear();
            let ask = async |etag: &str| {
                let request = site.visitor.get("/").header("accept-encoding", accept);
                let request = if etag.is_empty() { request } else { request.header("if-none-match", etag) };
                request.send().await
            };
            let etag = if tag { ask("").await?.header("etag").to_owned() } else { String::new() };
            system.system.sites.cache().clear();
            let fresh = ask(&etag).await?;
            let before = kept_so_far();
            let kept = ask(&etag).await?;
            if !tag {
                // It is counted once it has been sent.
                eventually("the answer among the kept ones", Duration::from_secs(20), async || {
                    Ok((kept_so_far() > before).then_some(()))
                })
                .await?;
            }
            assert_eq!(fresh.status, if tag { 304 } else { 200 });
            assert_eq!(fresh.status, kept.status);
            let names = |answer: &Answer| {
                let mut all: Vec<(String, String)> = answer
                    .headers
                    .iter()
                    .filter(|(name, _)| !matches!(name.as_str(), "date" | "request-id"))
                    .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
                    .collect();
                all.sort();
                all
            };
            assert_eq!(names(&fresh), names(&kept), "{accept}");
            for name in ["content-security-policy", "x-content-type-options", "etag", "vary", "request-id"] {
                assert_ne!(kept.header(name), "", "{accept}: {name}");
            }
            assert_ne!(fresh.header("request-id"), kept.header("request-id"));
            assert_eq!(fresh.text, kept.text);
        }
        Ok(())
    });
}

#[test]
fn what_is_done_to_a_site_is_in_the_audit_trail() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let site = Site::of(system, &tenant).await?;
        let mut browser = system.browser(&tenant.owner);
        let change = [("name", "Tarwe & Zoon"), ("theme", "atelier"), ("base", "")];
        browser.submit(&site.at, &site.at, &change).await?.expect(303)?;
        let page = [("title", "Prices"), ("path", "/prices")];
        let made = browser.submit(&site.at, &format!("{}/pages", site.at), &page).await?.expect(303)?;
        let prices = made.header("location").to_owned();
        site.publish(&mut browser).await?.expect(303)?;
        for what in ["unpublish", "delete", "restore"] {
            browser.submit(&site.at, &format!("{prices}/{what}"), &[]).await?.expect(303)?;
        }
        let sites = format!("/o/{}/sites", tenant.slug);
        browser.submit(&site.at, &format!("{}/delete", site.at), &[]).await?.expect(303)?;
        browser.submit(&sites, &format!("{}/restore", site.at), &[]).await?.expect(303)?;

        let wanted = [
            "site.created",
            "site.published",
            "site.renamed",
            "site.theme_changed",
            "page.created",
            "page.unpublished",
            "page.deleted",
            "page.restored",
            "site.deleted",
            "site.restored",
        ];
        let rows = eventually("all rows of the trail", Duration::from_secs(10), async || {
            let rows = identity::audit::of_tenant(&system.system.db, tenant.summary.id, 100).await?;
            let all = wanted.iter().all(|action| rows.iter().any(|row| row.action == *action));
            Ok(all.then_some(rows))
        })
        .await?;
        let row =
            |action: &str| rows.iter().find(|row| row.action == action).map(|row| (row, row.data.clone()));
        let (renamed, data) = row("site.renamed").unwrap_or_else(|| unreachable!("looked for above"));
        assert_eq!(
            (renamed.target.as_str(), renamed.actor.clone()),
            (site.id.as_str(), tenant.owner.user.to_string())
        );
        assert_eq!(renamed.address, "127.0.0.1");
        assert_eq!(data, json!({"name": "Tarwe", "from": "Tarwe", "to": "Tarwe & Zoon"}));
        let (_, published) = row("site.published").unwrap_or_else(|| unreachable!("looked for above"));
        assert!(published["pages"].as_array().is_some_and(|pages| !pages.is_empty()), "{published}");
        assert_eq!(published["name"], "Tarwe & Zoon");
        Ok(())
    });
}

/// A list on a page shows numbers, days and moments as their fields and the site's language say.
#[test]
fn lists_on_pages_follow_the_formats_of_their_fields() {
    run(async |system| {
        let tenant = system.fresh_tenant().await?;
        let (base, table) = small_table(system, &tenant).await?;
        let api = system.api();
        let post = async |path: &str, body: Value| {
            anyhow::Ok(api.post(path).token(&tenant.token).json(&body).send().await?.expect(201)?.json())
        };
        let fields = format!("/v1/tables/{table}/fields");
        let price = json!({"name": "Price", "type": "number", "options": {"precision": 2}});
        let price = post(&fields, price).await?["id"].as_str().unwrap_or_default().to_owned();
        let record = json!({"table": table, "fields": {"Name": "Miche", "Price": 1234.9}});
        post("/v1/records", record).await?;

        let slug = format!("prices-{}", tenant.slug);
        let mut browser = system.browser(&tenant.owner);
        let sites = format!("/o/{}/sites", tenant.slug);
        let form =
            [("name", "Prices"), ("address", slug.as_str()), ("theme", "crust"), ("base", base.as_str())];
        let made = browser.submit(&format!("{sites}/new"), &sites, &form).await?.expect(303)?;
        let site = Site::at(system, &mut browser, made.header("location"), &slug).await?;
        // The card shows the price beside its title.
        let number = site.number(&mut browser).await?;
        let fields = [
            ("number", number.as_str()),
            ("node", "item"),
            ("action", "save"),
            ("bind.aside", price.as_str()),
        ];
        browser.submit(&site.editor(), &site.editor(), &fields).await?.expect(303)?;
        site.publish(&mut browser).await?.expect(303)?;
        let seen = system.portal(&format!("{slug}.sites")).get("/").send().await?.expect(200)?;
        assert!(seen.text.contains("Miche") && seen.text.contains("1,234.90"), "{}", seen.text);
        Ok(())
    });
}
