//! What a browser carries while it is at the provider: sealed, so that it can neither be read nor made up, and good for
//! ten minutes. The code it brings back works once: that is the provider's part.

use crate::identity::after;
use jiff::{SignedDuration, Timestamp};
use kernel_core::sealed::Sealing;
use kernel_core::secret::{equal, sha256};
use kernel_core::{Random, Result, Secret, TenantId, UserId};
use serde::{Deserialize, Serialize};

/// A person may take so long at the provider.
pub const LIFE: SignedDuration = SignedDuration::from_mins(10);
/// What the cookie is sealed for.
const PLACE: &str = "cookie oidc";

/// What is to happen when the provider has recognised somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Log in.
    SignIn,
    /// Log in again, to prove who is there: the provider asks too.
    Again,
    /// Connect the account there with this person's account here.
    Link(UserId),
    /// Log in to an organisation, through its provider.
    Organisation(TenantId),
    /// See whether an organisation's provider is set up right; for this person.
    Trial(TenantId, UserId),
}

/// A flow on its way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Flow {
    /// The provider's key.
    pub provider: String,
    /// Comes back in the address: this browser began.
    pub state: String,
    /// Comes back in the token: it was made for this flow.
    pub nonce: String,
    /// Proves to the provider that who brings the code has asked for it.
    pub verifier: String,
    /// What for.
    pub purpose: Purpose,
    /// A path of this portal to go on with.
    pub next: Option<String>,
    /// When it began.
    pub at: Timestamp,
}

impl Flow {
    /// A flow of fresh secrets.
    #[must_use]
    pub fn new(
        provider: &str,
        purpose: Purpose,
        next: Option<String>,
        random: &Random,
        at: Timestamp,
    ) -> Self {
        Self {
            provider: provider.to_owned(),
            state: random.token(),
            nonce: random.token(),
            verifier: random.token(),
            purpose,
            next,
            at,
        }
    }

    /// `S256` of the verifier (RFC 7636, 4.2).
    #[must_use]
    pub fn challenge(&self) -> String {
        data_encoding::BASE64URL_NOPAD.encode(&sha256(self.verifier.as_bytes()))
    }

    /// The cookie's value.
    ///
    /// # Errors
    /// `internal` only.
    pub fn sealed(&self, sealing: &Sealing) -> Result<Secret> {
        let text = serde_json::to_vec(self).map_err(kernel_core::Error::internal)?;
        Ok(Secret::new(data_encoding::BASE64URL_NOPAD.encode(&sealing.seal(PLACE, b"", &text)?)))
    }

    /// The flow of a cookie, if it is ours, not too old, was begun with this provider, and the state is the same.
    #[must_use]
    pub fn opened(
        cookie: &str,
        provider: &str,
        state: &str,
        sealing: &Sealing,
        now: Timestamp,
    ) -> Option<Self> {
        let sealed = data_encoding::BASE64URL_NOPAD.decode(cookie.as_bytes()).ok()?;
        let flow: Self = serde_json::from_slice(&sealing.open(PLACE, b"", &sealed).ok()?).ok()?;
        let fits = flow.provider == provider && now < after(flow.at, LIFE);
        (fits && equal(flow.state.as_bytes(), state.as_bytes())).then_some(flow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel_core::secret::SigningKey;

    #[test]
    fn a_flow_is_bound_to_cookie_provider_state_and_time() {
        let random = Random::seeded(1);
        let sealing = |key| Sealing::new(&SigningKey::new([key; 32]), &[], random.clone()).unwrap();
        let at = Timestamp::UNIX_EPOCH;
        let flow = Flow::new("google", Purpose::SignIn, Some("/account".into()), &random, at);
        let cookie = flow.sealed(&sealing(1)).unwrap();
        let cookie = cookie.expose();
        assert!(cookie.len() < 1_000 && !cookie.contains(&flow.state), "{cookie}");
        let open = |cookie: &str, provider: &str, state: &str, key, later: i64| {
            let now = after(at, SignedDuration::from_secs(later));
            Flow::opened(cookie, provider, state, &sealing(key), now).is_some()
        };
        assert!(open(cookie, "google", &flow.state, 1, 599));
        assert!(!open(cookie, "google", &flow.state, 1, 600), "too old");
        assert!(!open(cookie, "github", &flow.state, 1, 0), "another provider");
        assert!(!open(cookie, "google", &flow.nonce, 1, 0), "another state");
        assert!(!open(cookie, "google", "", 1, 0), "no state");
        assert!(!open(cookie, "google", &flow.state, 2, 0), "somebody else's key");
        assert!(!open(&cookie[1..], "google", &flow.state, 1, 0), "damaged");
        // RFC 7636, appendix B.
        let example = Flow { verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into(), ..flow };
        assert_eq!(example.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
