//! Single sign-on of an organisation with a real provider and a real name server.

use crate::name_server::NameServer;
use crate::provider::{CLIENT, Provider, SECRET, through};
use anyhow::Context as _;
use kernel_core::{Role, StaffId};
use testkit::{Browser, Server, run};
use tokio::net::TcpListener;

#[test]
#[ignore = "needs node and npm's oidc-provider: cargo xtask test external"]
fn people_of_a_proven_domain_come_by_the_organisations_provider() {
    run(async |system| {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let app = format!("http://app.nclc.localhost:{}", listener.local_addr()?.port());
        let tenant = system.fresh_tenant().await?;
        let provider = Provider::start(&[format!("{app}/login/sso/{}/callback", tenant.slug)])?;
        let (names, name_server) = NameServer::start().await?;
        let more = [("NCLC_SECURITY_DNS_SERVER", name_server.to_string())];
        let server = Server::start_with(system.folder(), listener, &more).await?;
        let now = kernel_core::Clock::System.now();
        let business = "business".parse()?;
        server.system.billing.set_plan(tenant.summary.id, business, now, StaffId::new()).await?;
        let mut owner = Browser::signed_in(server.portal("app"), &tenant.owner.session);
        let path = format!("/o/{}/security/sso", tenant.slug);

        let domain = format!("{}.example", tenant.slug);
        let fields = [
            ("issuer", provider.issuer.as_str()),
            ("client_id", CLIENT),
            ("client_secret", SECRET),
            ("default_role", "viewer"),
            ("role_claim", "groups"),
            ("role_map", "admins = admin"),
        ];
        owner.submit(&path, &path, &fields).await?.expect(303)?;
        owner.submit(&path, &format!("{path}/domains"), &[("domain", &domain)]).await?.expect(303)?;
        let check = format!("{path}/domains/{domain}/check");
        owner.submit(&path, &check, &[]).await?.expect(409)?;
        let page = owner.open(&path).await?.text;
        let (_, rest) = page.split_once("nclc-domain=").context("no proof on the page")?;
        let proof = rest.split('<').next().unwrap_or_default();
        names.set(&format!("_nclc.{domain}"), &format!("nclc-domain={proof}"));
        owner.submit(&path, &check, &[]).await?.expect(303)?;

        // Tried out by the owner, then the only way in.
        let leave = owner.submit(&path, &format!("{path}/trial"), &[]).await?.expect(200)?;
        let to = leave
            .text
            .split_once("; url=")
            .and_then(|(_, rest)| rest.split_once('"'))
            .context("no way out")?
            .0;
        let to = to.replace("&amp;", "&").replace("&#x2f;", "/");
        let back = through(&provider, &to, &format!("boss@{domain}"), &app).await?;
        assert!(owner.open(&back).await?.expect(303)?.header("location").ends_with("note=tried"));
        owner.submit(&path, &format!("{path}/rule"), &[("sso", "required")]).await?.expect(303)?;

        // A new member, by the address alone.
        let mut browser = Browser::new(server.portal("app"));
        let email = format!("nina+admins@{domain}");
        let leave = browser.submit("/login/sso", "/login/sso", &[("email", &email)]).await?.expect(200)?;
        let start = format!("/login/sso/{}", tenant.slug);
        assert!(leave.text.contains(&start), "{}", leave.text);
        let to = browser.open(&start).await?.expect(303)?.header("location").to_owned();
        let back = through(&provider, &to, &email, &app).await?;
        let home = format!("/o/{}/", tenant.slug);
        assert_eq!(browser.open(&back).await?.expect(303)?.header("location"), home);
        browser.open(&home).await?.expect(200)?;
        let user = server.system.identity.user_by_email(&email).await?.context("no account")?;
        assert_eq!(server.system.tenancy.role(tenant.summary.id, user.id).await?, Some(Role::Admin));

        // Somebody of the provider whose address is of another domain.
        let mut stranger = Browser::new(server.portal("app"));
        let to = stranger.open(&start).await?.expect(303)?.header("location").to_owned();
        let back = through(&provider, &to, "nina@elsewhere.example", &app).await?;
        stranger.open(&back).await?.expect(403)?;
        Ok(())
    });
}
