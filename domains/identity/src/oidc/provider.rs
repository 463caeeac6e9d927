//! Providers as the operator, or an organisation, has set them up.

use kernel_core::Secret;

/// The issuer of Google's accounts.
const GOOGLE: &str = "https://accounts.google.com";

/// One provider.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Its part of addresses: `/login/with/{key}`.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// How it speaks.
    pub kind: Kind,
    /// What it knows us by.
    pub client_id: String,
    /// And how we prove it.
    pub client_secret: Secret,
}

/// How a provider speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// OpenID Connect; everything else is found by discovery from the issuer.
    OpenId {
        /// The issuer, letter by letter as its tokens say it.
        issuer: String,
    },
    /// OAuth 2 with GitHub's own way to ask who somebody is.
    GitHub {
        /// `https://github.com`, or a GitHub Enterprise Server.
        web: String,
    },
}

impl Provider {
    /// Google.
    #[must_use]
    pub fn google(client_id: String, client_secret: Secret) -> Self {
        Self::open_id("google", "Google", GOOGLE, client_id, client_secret)
    }

    /// GitHub at `web`.
    #[must_use]
    pub fn github(web: &str, client_id: String, client_secret: Secret) -> Self {
        let kind = Kind::GitHub { web: web.to_owned() };
        Self { key: "github".into(), name: "GitHub".into(), kind, client_id, client_secret }
    }

    /// Any other.
    #[must_use]
    pub fn open_id(key: &str, name: &str, issuer: &str, client_id: String, client_secret: Secret) -> Self {
        let kind = Kind::OpenId { issuer: issuer.to_owned() };
        Self { key: key.to_owned(), name: name.to_owned(), kind, client_id, client_secret }
    }

    /// The first part of what accounts of this provider are known by.
    #[must_use]
    pub fn issuer(&self) -> &str {
        match &self.kind {
            Kind::OpenId { issuer } => issuer,
            Kind::GitHub { web } => web,
        }
    }

    /// Whether the provider can know today who owns an address. Google verifies addresses of other mail services once and
    /// not again; it answers for its own and for those of the companies it hosts (`hd`).
    pub(crate) fn answers_for(&self, email: &str, hosted: bool) -> bool {
        self.issuer() != GOOGLE || hosted || email.to_lowercase().ends_with("@gmail.com")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn google_answers_for_its_own_addresses() {
        let google = Provider::google("id".into(), Secret::new("secret"));
        let other =
            Provider::open_id("oidc", "Acme", "https://idp.acme.example", "id".into(), Secret::new("s"));
        for (email, hosted, expected) in [
            ("alex@gmail.com", false, true),
            ("Alex@GMAIL.com", false, true),
            ("alex@acme.example", true, true),
            ("alex@acme.example", false, false),
            ("alex@gmail.com.evil.example", false, false),
            ("alex@notgmail.com", false, false),
        ] {
            assert_eq!(google.answers_for(email, hosted), expected, "{email}");
            assert!(other.answers_for(email, hosted));
        }
    }
}
