//! Names, secrets and rules of apps. Pure.
//!
//! Every text that a program sends names its organisation, so that even the first look-up runs with the tenant entered:
//! client id `nclcapp_`, tenant and app in 22 base-62 digits each; secret, code and refresh token: a prefix, the tenant's 22
//! digits, 43 random characters (256 bits), of which only the SHA-256 is kept.

use kernel_core::ids::PrefixedId;
use kernel_core::secret::sha256;
use kernel_core::{Code, FieldError, OauthAppId, Scope, Scopes, TenantId};
use url::{Host, Url};

const APP: &str = "nclcapp_";
const DIGITS: usize = 22;
const RANDOM: usize = 43;

/// What an app may be given: never the structure of bases, whatever else a token may have.
pub const SCOPES: [Scope; 3] = [Scope::Read, Scope::Write, Scope::Delete];

fn digits<T: PrefixedId>(id: T) -> String {
    id.to_string().split_off(T::PREFIX.len() + 1)
}

fn id<T: PrefixedId>(digits: &str) -> Option<T> {
    format!("{}_{digits}", T::PREFIX).parse().ok()
}

/// A client id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppText {
    /// Whose app it is.
    pub tenant: TenantId,
    /// The app.
    pub app: OauthAppId,
}

impl AppText {
    /// As programs send it.
    #[must_use]
    pub fn compose(self) -> String {
        format!("{APP}{}{}", digits(self.tenant), digits(self.app))
    }

    /// Reads one; `None` if it can't be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(APP).filter(|rest| rest.is_ascii() && rest.len() == 2 * DIGITS)?;
        let (tenant, app) = rest.split_at(DIGITS);
        Some(Self { tenant: id(tenant)?, app: id(app)? })
    }
}

/// The secrets that programs hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// An app's secret.
    Secret,
    /// An authorization code.
    Code,
    /// A refresh token.
    Refresh,
}

impl Held {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Secret => "nclcsec_",
            Self::Code => "nclccode_",
            Self::Refresh => "nclcref_",
        }
    }

    /// A new one from 43 random characters.
    #[must_use]
    pub fn compose(self, tenant: TenantId, random: &str) -> String {
        format!("{}{}{random}", self.prefix(), digits(tenant))
    }

    /// The organisation and what is stored; `None` if it can't be one.
    #[must_use]
    pub fn parse(self, text: &str) -> Option<(TenantId, [u8; 32])> {
        let rest = text.strip_prefix(self.prefix())?;
        let tenant = rest.get(..DIGITS).filter(|_| rest.len() == DIGITS + RANDOM)?;
        Some((id(tenant)?, sha256(text.as_bytes())))
    }
}

/// What somebody wants an app to be.
#[derive(Clone, Debug, Default)]
pub struct NewApp {
    /// As people read it when they are asked.
    pub name: String,
    /// Whether it can keep a secret.
    pub confidential: bool,
    /// Where people may be sent back to: one on each line.
    pub redirects: String,
    /// What it may ask for.
    pub scopes: Scopes,
    /// Whether it also works for itself, in these bases; inside `None`: all bases.
    pub itself: Option<Option<Vec<u64>>>,
}

/// Most apps of an organisation.
pub const MOST: i64 = 100;
const MOST_REDIRECTS: usize = 20;

/// The checked name and redirect addresses.
///
/// # Errors
/// Errors at `name`, `redirects`, `scopes`, `itself`, `bases`.
pub fn check(new: &NewApp) -> Result<(String, Vec<String>), Vec<FieldError>> {
    let mut errors = Vec::new();
    let name = identity::model::clean_name("name", &new.name)
        .map_err(|error| errors.push(error))
        .unwrap_or_default();
    let mut redirects: Vec<String> = Vec::new();
    for line in new.redirects.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Err(why) = redirect(line) {
            let detail = format!("has “{line}”, which {why}");
            errors.push(FieldError::new("redirects", Code::InvalidValue, detail));
            break;
        }
        if !redirects.iter().any(|known| known == line) {
            redirects.push(line.to_owned());
        }
    }
    if redirects.len() > MOST_REDIRECTS {
        let detail = format!("has more than {MOST_REDIRECTS} addresses");
        errors.push(FieldError::new("redirects", Code::TooMany, detail));
    }
    if redirects.is_empty() && new.itself.is_none() && !errors.iter().any(|error| error.field == "redirects")
    {
        errors.push(FieldError::new("redirects", Code::Required, "is empty; name at least one address"));
    }
    if new.scopes.is_empty() {
        errors.push(FieldError::new("scopes", Code::Required, "is empty; choose at least one"));
    } else if !new.scopes.has(Scope::Read) {
        errors.push(FieldError::new("scopes", Code::InvalidValue, "needs read as well"));
    } else if new.scopes.has(Scope::Schema) {
        errors.push(FieldError::new("scopes", Code::InvalidValue, "can't have schema"));
    }
    if new.itself.is_some() && !new.confidential {
        errors.push(FieldError::new("itself", Code::InvalidValue, "needs an app that keeps a secret"));
    }
    if matches!(&new.itself, Some(Some(bases)) if bases.is_empty() || bases.len() > 100) {
        errors.push(FieldError::new("bases", Code::InvalidValue, "has no base ticked, or more than 100"));
    }
    if errors.is_empty() { Ok((name, redirects)) } else { Err(errors) }
}

/// Whether people may be sent to this address (RFC 9700 2.1, RFC 8252 7): https; http on this very machine; a scheme of an
/// app's own with a dot in it. Says why not.
fn redirect(text: &str) -> Result<(), &'static str> {
    if text.len() > 500
        || !text.is_ascii()
        || text.contains(|c: char| c.is_ascii_control() || c == ' ' || c == '\\')
    {
        return Err("is too long or has characters that no address has");
    }
    let url = Url::parse(text).map_err(|_| "is no address")?;
    if url.fragment().is_some() {
        return Err("has a fragment");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("has a name before the host");
    }
    match url.scheme() {
        "https" => url.host().map(|_| ()).ok_or("has no host"),
        "http" if local(&url) => Ok(()),
        "http" => Err("is not encrypted; use https"),
        own if own.contains('.') => Ok(()),
        _ => Err("has a scheme that is neither https nor an app's own, as in com.example.app:/back"),
    }
}

fn local(url: &Url) -> bool {
    url.host_str() == Some("localhost") || loopback(url)
}

fn loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    }
}

/// Whether the address of a request is one of those registered: letter by letter, but for the port of a program on the
/// person's own machine, which it can't know before (RFC 8252 7.3).
#[must_use]
pub fn registered(redirects: &[String], asked: &str) -> bool {
    redirects.iter().any(|known| known == asked || same_but_port(known, asked))
}

fn same_but_port(known: &str, asked: &str) -> bool {
    if redirect(asked).is_err() {
        return false;
    }
    let (Ok(mut known), Ok(mut asked)) = (Url::parse(known), Url::parse(asked)) else { return false };
    loopback(&known)
        && known.scheme() == "http"
        && known.set_port(None).is_ok()
        && asked.set_port(None).is_ok()
        && known == asked
}

/// What a Content-Security-Policy calls the place of a registered address: its origin, or its scheme.
#[must_use]
pub fn source(redirect: &str) -> Option<String> {
    let url = Url::parse(redirect).ok()?;
    match url.scheme() {
        // The grammar of policies has no addresses of IPv6.
        "http" if matches!(url.host(), Some(Host::Ipv6(_))) => Some("http:".to_owned()),
        "http" | "https" => Some(url.origin().ascii_serialization()),
        own => Some(format!("{own}:")),
    }
}

/// A registered address with parameters of ours (RFC 6749 4.1.2): its own query stays.
#[must_use]
pub fn with_query(redirect: &str, pairs: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let sign = if redirect.contains('?') { '&' } else { '?' };
    format!("{redirect}{sign}{query}")
}

/// The scopes of a request, separated by spaces; all that the app has when it names none. `None`: one that it has not.
#[must_use]
pub fn asked_scopes(text: &str, app: Scopes) -> Option<Scopes> {
    let mut asked = Vec::new();
    for name in text.split(' ').filter(|name| !name.is_empty()) {
        asked.push(SCOPES.into_iter().find(|scope| scope.name() == name && app.has(*scope))?);
    }
    if asked.is_empty() {
        return Some(app);
    }
    let asked: Scopes = asked.into_iter().collect();
    asked.has(Scope::Read).then_some(asked)
}

/// Whether a text is a challenge of PKCE: BASE64URL of 32 bytes (RFC 7636 4.2).
#[must_use]
pub fn is_challenge(text: &str) -> bool {
    data_encoding::BASE64URL_NOPAD.decode(text.as_bytes()).is_ok_and(|bytes| bytes.len() == 32)
}

/// Whether a verifier is the one of a challenge.
#[must_use]
pub fn verifies(verifier: &str, challenge: &str) -> bool {
    let fine = (43..=128).contains(&verifier.len())
        && verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    let made = data_encoding::BASE64URL_NOPAD.encode(&sha256(verifier.as_bytes()));
    fine && kernel_core::secret::equal(made.as_bytes(), challenge.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel_core::Random;

    #[test]
    fn texts_name_their_organisation() {
        let (tenant, app) = (TenantId::new(), OauthAppId::new());
        let text = AppText { tenant, app }.compose();
        assert_eq!(AppText::parse(&text), Some(AppText { tenant, app }));
        for wrong in ["", "nclcapp_", &text[1..], &format!("{text}0"), "nclcapp_é"] {
            assert_eq!(AppText::parse(wrong), None, "{wrong}");
        }
        let code = Held::Code.compose(tenant, &Random::seeded(1).token());
        assert_eq!(Held::Code.parse(&code), Some((tenant, sha256(code.as_bytes()))));
        assert_eq!(Held::Refresh.parse(&code), None, "a code is no refresh token");
        assert_eq!(Held::Code.parse(&code[..code.len() - 1]), None);
    }

    #[test]
    fn addresses_that_people_may_be_sent_to() {
        for (text, fine) in [
            ("https://app.example/back", true),
            ("https://app.example/back?tenant=1", true),
            ("http://127.0.0.1/back", true),
            ("http://127.0.0.1:3000/back", true),
            ("http://[::1]/back", true),
            ("http://localhost:3000/back", true),
            ("com.example.app:/back", true),
            ("http://app.example/back", false),
            ("http://127.0.0.1.evil.example/back", false),
            ("https://app.example/back#x", false),
            ("https://user@app.example/back", false),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("//app.example/back", false),
            ("/back", false),
            ("https://app.example/ba ck", false),
            ("https:\\\\app.example", false),
            ("https://", false),
        ] {
            assert_eq!(redirect(text).is_ok(), fine, "{text}");
        }
    }

    #[test]
    fn only_registered_addresses_match() {
        let known = ["https://app.example/back".to_owned(), "http://127.0.0.1/back".to_owned()];
        for (asked, fine) in [
            ("https://app.example/back", true),
            ("http://127.0.0.1/back", true),
            ("http://127.0.0.1:49152/back", true),
            ("https://app.example/back/", false),
            ("https://app.example/back?x=1", false),
            ("https://app.example:8443/back", false),
            ("https://APP.example/back", false),
            ("https://app.example.evil.example/back", false),
            ("https://app.example/back/../evil", false),
            ("http://127.0.0.1:49152/other", false),
            ("http://localhost:49152/back", false),
            ("", false),
        ] {
            assert_eq!(registered(&known, asked), fine, "{asked}");
        }
    }

    #[test]
    fn the_example_of_rfc_7636() {
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(is_challenge(challenge));
        assert!(verifies("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", challenge));
        assert!(!verifies("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK", challenge));
        assert!(!verifies("short", challenge) && !is_challenge("short"));
    }

    #[test]
    fn scopes_are_those_of_the_app_at_most() {
        let app: Scopes = [Scope::Read, Scope::Write].into_iter().collect();
        assert_eq!(asked_scopes("", app), Some(app));
        assert_eq!(asked_scopes("read", app), Some([Scope::Read].into_iter().collect()));
        for wrong in ["delete", "read delete", "schema", "write", "openid", "READ"] {
            assert_eq!(asked_scopes(wrong, app), None, "{wrong}");
        }
    }

    #[test]
    fn rules_of_an_app() {
        let read: Scopes = [Scope::Read].into_iter().collect();
        let good = NewApp {
            name: "Stock app".into(),
            confidential: true,
            redirects: "https://a.example/b\n\nhttps://a.example/b\n".into(),
            scopes: read,
            itself: None,
        };
        assert_eq!(check(&good).unwrap(), ("Stock app".into(), vec!["https://a.example/b".into()]));
        assert!(check(&NewApp { redirects: String::new(), itself: Some(None), ..good.clone() }).is_ok());
        for (new, field) in [
            (NewApp { name: " ".into(), ..good.clone() }, "name"),
            (NewApp { redirects: "http://a.example".into(), ..good.clone() }, "redirects"),
            (NewApp { redirects: String::new(), ..good.clone() }, "redirects"),
            (NewApp { scopes: Scopes::default(), ..good.clone() }, "scopes"),
            (NewApp { scopes: Scopes::all(), ..good.clone() }, "scopes"),
            (NewApp { confidential: false, itself: Some(None), ..good.clone() }, "itself"),
            (NewApp { itself: Some(Some(Vec::new())), ..good.clone() }, "bases"),
        ] {
            assert_eq!(check(&new).unwrap_err()[0].field, field);
        }
        let sent = with_query("https://a.example/b?x=1", &[("code", "a b"), ("state", "&")]);
        assert_eq!(sent, "https://a.example/b?x=1&code=a+b&state=%26");
        assert_eq!(source("https://a.example/b").as_deref(), Some("https://a.example"));
        assert_eq!(source("http://[::1]:3000/b").as_deref(), Some("http:"));
        assert_eq!(source("com.example.app:/b").as_deref(), Some("com.example.app:"));
    }
}
