//! Logging in with an account at a real provider of OpenID Connect: `oidc-provider` of npm.

use crate::provider::{CLIENT, Provider, SECRET, through};
use reqwest::header;
use testkit::{Browser, Server, run};
use tokio::net::TcpListener;

/// Goes to the provider and comes back as this person; gives where the app leads then.
async fn log_in(
    browser: &mut Browser,
    provider: &Provider,
    app: &str,
    path: &str,
    login: &str,
) -> anyhow::Result<String> {
    let answer = browser.open(path).await?.expect(303)?;
    let to = answer.header(header::LOCATION.as_str()).to_owned();
    let back = through(provider, &to, login, app).await?;
    Ok(browser.open(&back).await?.expect(303)?.header("location").to_owned())
}

#[test]
#[ignore = "needs node and npm's oidc-provider: cargo xtask test external"]
fn a_certified_provider_lets_people_in() {
    run(async |system| {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let app = format!("http://app.nclc.localhost:{}", listener.local_addr()?.port());
        let provider = Provider::start(&[format!("{app}/login/with/oidc/callback")])?;
        let more = [
            ("NCLC_SIGN_IN_OIDC_ISSUER", provider.issuer.clone()),
            ("NCLC_SIGN_IN_OIDC_NAME", "Acme".to_owned()),
            ("NCLC_SIGN_IN_OIDC_CLIENT_ID", CLIENT.to_owned()),
            ("NCLC_SIGN_IN_OIDC_CLIENT_SECRET", SECRET.to_owned()),
        ];
        let server = Server::start_with(system.folder(), listener, &more).await?;
        let mut browser = Browser::new(server.portal("app"));
        let page = browser.open("/login?next=/account/security").await?.expect(200)?;
        assert!(page.text.contains("/login/with/oidc?next=/account/security"), "{}", page.text);

        // Somebody new, then the same person in another browser.
        let start = "/login/with/oidc?next=/account/security";
        let to = log_in(&mut browser, &provider, &app, start, "nele@elsewhere.example").await?;
        assert_eq!(to, "/account/security");
        let page = browser.open(&to).await?.expect(200)?;
        assert!(page.text.contains("nele@elsewhere.example"), "{}", page.text);
        let mut other = Browser::new(server.portal("app"));
        assert_eq!(
            log_in(&mut other, &provider, &app, "/login/with/oidc", "nele@elsewhere.example").await?,
            "/"
        );
        let user = server.system.identity.user_by_email("nele@elsewhere.example").await?;
        assert_eq!(user.map(|user| user.name).as_deref(), Some("nele of the provider"));

        // Once more, because something sensitive is asked for: the provider has to ask too.
        let again = "/login/with/oidc?again=1&next=/account/email";
        assert_eq!(
            log_in(&mut other, &provider, &app, again, "nele@elsewhere.example").await?,
            "/account/email"
        );

        // An address that nobody has verified; an address that has an account here.
        let mut browser = Browser::new(server.portal("app"));
        let to =
            log_in(&mut browser, &provider, &app, "/login/with/oidc", "unverified@elsewhere.example").await?;
        assert_eq!(to, "/login?note=provider-email");
        let tenant = system.fresh_tenant().await?;
        let mut browser = Browser::new(server.portal("app"));
        assert_eq!(
            log_in(&mut browser, &provider, &app, "/login/with/oidc", &tenant.owner.email).await?,
            "/"
        );
        browser.open(&format!("/o/{}/", tenant.slug)).await?.expect(200)?;
        system.mail(&tenant.owner.email, "Another way to log in").await?;
        Ok(())
    });
}
