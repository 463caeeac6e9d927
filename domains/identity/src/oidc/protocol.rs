//! The conversation with providers of OpenID Connect (Core 1.0, Discovery 1.0): where they are, whom they have recognised.
//!
//! A token is believed if a key of its issuer has signed it for us and for this very flow, and it is of now. What issuers
//! say of themselves is kept for an hour; keys are asked for again when a token names one that is not known.

use super::keys::{self, Key, Unverified};
use super::{Flow, Kind, Person, Provider, Purpose, failed, github};
use jiff::{SignedDuration, Timestamp};
use kernel_core::outgoing::{Answer, Method, Outgoing, Request};
use kernel_core::{Clock, Random, Result};
use parking_lot::Mutex;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// What an issuer says is believed so long.
const FRESH: SignedDuration = SignedDuration::from_hours(1);
/// Keys are not asked for again within this, whatever tokens name.
const KEYS_AGAIN: SignedDuration = SignedDuration::from_secs(30);
/// Clocks may differ by so many seconds.
const SKEW: i64 = 60;
/// A log-in at the provider counts as one of now within so many seconds.
const AGAIN: i64 = 300;
/// Issuers that are kept.
const MOST: usize = 1_000;

/// What an issuer says of itself.
#[derive(Clone, Debug, Deserialize)]
pub struct Metadata {
    /// Itself.
    pub issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

#[derive(Clone)]
struct Known {
    metadata: Arc<Metadata>,
    at: Timestamp,
    keys: Option<(Arc<Vec<Key>>, Timestamp)>,
}

/// The protocol, with what it knows of issuers. Cheap to clone.
#[derive(Clone)]
pub struct Protocol {
    http: Arc<dyn Outgoing>,
    clock: Clock,
    random: Random,
    known: Arc<Mutex<HashMap<String, Known>>>,
}

impl std::fmt::Debug for Protocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Protocol")
    }
}

/// What came back in the address.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Returned {
    /// The code, unless the provider or the person refused.
    pub code: Option<String>,
    /// What we sent.
    pub state: Option<String>,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: Option<String>,
    access_token: Option<String>,
}

impl Protocol {
    /// `http` is the only way out.
    #[must_use]
    pub fn new(http: Arc<dyn Outgoing>, clock: Clock, random: Random) -> Self {
        Self { http, clock, random, known: Arc::default() }
    }

    /// Begins: the provider's address to go to.
    ///
    /// # Errors
    /// `provider_failed`.
    pub async fn begin(
        &self,
        provider: &Provider,
        purpose: Purpose,
        next: Option<String>,
        back: &str,
    ) -> Result<(String, Flow)> {
        let flow = Flow::new(&provider.key, purpose, next, &self.random, self.clock.now());
        let endpoint = match &provider.kind {
            Kind::GitHub { web } => github::authorization(web),
            Kind::OpenId { issuer } => self.metadata(issuer).await?.authorization_endpoint.clone(),
        };
        if !endpoint.starts_with("https://") && !endpoint.starts_with("http://") {
            return Err(failed("The provider names an address that is none."));
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.client_id)
            .append_pair("redirect_uri", back)
            .append_pair("state", &flow.state)
            .append_pair("code_challenge", &flow.challenge())
            .append_pair("code_challenge_method", "S256");
        if matches!(provider.kind, Kind::GitHub { .. }) {
            query.append_pair("scope", "read:user user:email");
        } else {
            query.append_pair("scope", "openid email profile").append_pair("nonce", &flow.nonce);
            if flow.purpose == Purpose::Again {
                query.append_pair("prompt", "login").append_pair("max_age", "0");
            }
        }
        let joint = if endpoint.contains('?') { '&' } else { '?' };
        Ok((format!("{endpoint}{joint}{}", query.finish()), flow))
    }

    /// Goes on with what came back: whom the provider has recognised.
    ///
    /// # Errors
    /// `provider_failed` with the reason.
    pub async fn finish(
        &self,
        provider: &Provider,
        flow: &Flow,
        returned: &Returned,
        back: &str,
    ) -> Result<Person> {
        let code = returned.code.as_deref().filter(|code| !code.is_empty());
        let code = code.ok_or_else(|| failed("The provider sent no code."))?;
        let issuer = match &provider.kind {
            Kind::GitHub { web } => return github::person(self, provider, web, flow, code, back).await,
            Kind::OpenId { issuer } => issuer,
        };
        let metadata = self.metadata(issuer).await?;
        match &returned.iss {
            Some(iss) if *iss != metadata.issuer => {
                return Err(failed("The answer is from another provider than the one that was asked."));
            }
            None if metadata.authorization_response_iss_parameter_supported => {
                return Err(failed("The answer does not say which provider it is from."));
            }
            _ => {}
        }
        let request = Self::token_request(provider, &metadata, flow, code, back);
        let tokens: Tokens =
            Self::json(&self.asked(&request, "to exchange the code").await?, "the code's exchange")?;
        let token = tokens.id_token.ok_or_else(|| failed("The provider sent no id token."))?;
        let mut claims = self.claims(&metadata, &token).await?;
        check(&claims, &metadata.issuer, &provider.client_id, flow, self.clock.now())
            .map_err(|why| failed(format!("The provider’s token {why}.")))?;
        let subject = text(&claims, "sub").unwrap_or_default();
        if text(&claims, "email").is_none()
            && let (Some(endpoint), Some(access)) = (&metadata.userinfo_endpoint, &tokens.access_token)
        {
            let request = Request::new(Method::Get, endpoint.as_str())
                .header("accept", "application/json")
                .header("authorization", format!("Bearer {access}"));
            let more: Map<String, Value> =
                Self::json(&self.asked(&request, "who the person is").await?, "who the person is")?;
            // OpenID Connect Core 5.3.4: an answer about somebody else is not used.
            if text(&more, "sub").as_deref() != Some(subject.as_str()) {
                return Err(failed("The provider answers about somebody else than its token."));
            }
            for (name, value) in more {
                claims.entry(name).or_insert(value);
            }
        }
        Ok(person(provider, subject, claims))
    }

    /// What an issuer says of itself, kept or asked for.
    ///
    /// # Errors
    /// `provider_failed` with the reason.
    pub async fn metadata(&self, issuer: &str) -> Result<Arc<Metadata>> {
        let now = self.clock.now();
        if let Some(known) = self.known.lock().get(issuer)
            && now.duration_since(known.at) < FRESH
        {
            return Ok(Arc::clone(&known.metadata));
        }
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let request =
            Request { redirects: 1, ..Request::new(Method::Get, url).header("accept", "application/json") };
        let answer = self.asked(&request, "what it offers").await?;
        let metadata: Metadata = Self::json(&answer, "what it offers")?;
        if metadata.issuer != issuer {
            return Err(failed(format!(
                "The provider calls itself {}: take this for the issuer, letter by letter.",
                metadata.issuer.chars().take(200).collect::<String>()
            )));
        }
        let metadata = Arc::new(metadata);
        let mut known = self.known.lock();
        if known.len() >= MOST {
            known.clear();
        }
        let keys = known.remove(issuer).and_then(|known| known.keys);
        known.insert(issuer.to_owned(), Known { metadata: Arc::clone(&metadata), at: now, keys });
        Ok(metadata)
    }

    /// Asks a provider whether it is there: its description and its keys.
    ///
    /// # Errors
    /// `provider_failed` with the reason.
    pub async fn try_out(&self, issuer: &str) -> Result<()> {
        self.known.lock().remove(issuer);
        let metadata = self.metadata(issuer).await?;
        if self.keys(&metadata, true).await?.is_empty() {
            return Err(failed("The provider has no key that can be used: RS256, PS256, ES256 or EdDSA."));
        }
        Ok(())
    }

    async fn keys(&self, metadata: &Metadata, again: bool) -> Result<Arc<Vec<Key>>> {
        let now = self.clock.now();
        let known = self.known.lock().get(&metadata.issuer).and_then(|known| known.keys.clone());
        if let Some((keys, at)) = known {
            let age = now.duration_since(at);
            if age < KEYS_AGAIN || (!again && age < FRESH) {
                return Ok(keys);
            }
        }
        let request =
            Request::new(Method::Get, metadata.jwks_uri.as_str()).header("accept", "application/json");
        let answer = self.asked(&request, "its keys").await?;
        let keys =
            keys::parse(&answer.body).ok_or_else(|| failed("The provider’s keys could not be read."))?;
        let keys = Arc::new(keys);
        if let Some(known) = self.known.lock().get_mut(&metadata.issuer) {
            known.keys = Some((Arc::clone(&keys), now));
        }
        Ok(keys)
    }

    /// The claims of a token that a key of the issuer has signed; keys are asked for again once, if there may be new ones.
    async fn claims(&self, metadata: &Metadata, token: &str) -> Result<Map<String, Value>> {
        let keys = self.keys(metadata, false).await?;
        let first = keys::verified(token, &keys);
        let outcome = match first {
            Err(Unverified::UnknownKey) => keys::verified(token, &self.keys(metadata, true).await?),
            done => done,
        };
        outcome.map_err(|_| failed("The provider’s token is not signed by one of its keys."))
    }

    fn token_request(
        provider: &Provider,
        metadata: &Metadata,
        flow: &Flow,
        code: &str,
        back: &str,
    ) -> Request {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", back)
            .append_pair("code_verifier", &flow.verifier);
        let request =
            Request::new(Method::Post, metadata.token_endpoint.as_str()).header("accept", "application/json");
        let supported = metadata.token_endpoint_auth_methods_supported.as_deref();
        // Without a word of the provider it is Basic (Discovery 1.0, 3).
        let basic =
            supported.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"));
        let secret = provider.client_secret.expose();
        let request = if basic {
            // RFC 6749, 2.3.1: both are urlencoded first.
            let part = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let pair = format!("{}:{}", part(&provider.client_id), part(secret));
            let pair = data_encoding::BASE64.encode(pair.as_bytes());
            request.header("authorization", format!("Basic {pair}"))
        } else {
            form.append_pair("client_id", &provider.client_id).append_pair("client_secret", secret);
            request
        };
        request.body("application/x-www-form-urlencoded", form.finish())
    }

    /// A good answer, or a sentence with what the provider says about it.
    pub(super) async fn asked(&self, request: &Request, what: &str) -> Result<Answer> {
        let answer = self.http.send(request).await.map_err(|failure| {
            failed(format!("The provider can’t be asked {what}: {failure}.")).source(failure)
        })?;
        if answer.status == 200 {
            return Ok(answer);
        }
        #[derive(Deserialize)]
        struct Refusal {
            error: Option<String>,
        }
        // The code alone (RFC 6749, 5.2): descriptions may repeat what we sent.
        let refusal = serde_json::from_slice::<Refusal>(&answer.body).ok().and_then(|refusal| refusal.error);
        let code: String = refusal
            .unwrap_or_default()
            .chars()
            .filter(|character| character.is_ascii_alphanumeric() || *character == '_')
            .take(60)
            .collect();
        let said = if code.is_empty() { String::new() } else { format!(" ({code})") };
        Err(failed(format!("Asked {what}, the provider answered {}{said}.", answer.status)))
    }

    pub(super) fn json<T: DeserializeOwned>(answer: &Answer, what: &str) -> Result<T> {
        serde_json::from_slice(&answer.body).map_err(|error| {
            failed(format!("The provider’s answer about {what} could not be read.")).source(error)
        })
    }
}

fn text(claims: &Map<String, Value>, name: &str) -> Option<String> {
    claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// OpenID Connect Core 3.1.3.7; the sentence goes on after "the token".
fn check(
    claims: &Map<String, Value>,
    issuer: &str,
    client: &str,
    flow: &Flow,
    now: Timestamp,
) -> Result<(), &'static str> {
    let now = now.as_second();
    let second =
        |name: &str| claims.get(name).and_then(|value| value.as_i64().or(value.as_f64().map(|at| at as i64)));
    if text(claims, "iss").as_deref() != Some(issuer) {
        return Err("is of another issuer");
    }
    let audience: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !audience.contains(&client) {
        return Err("is for somebody else");
    }
    let party = text(claims, "azp");
    if (audience.len() > 1 && party.is_none()) || party.is_some_and(|party| party != client) {
        return Err("was made for somebody else");
    }
    match second("exp") {
        Some(end) if end > now - SKEW => {}
        _ => return Err("has expired"),
    }
    match second("iat") {
        Some(made) if made <= now + SKEW => {}
        _ => return Err("is of the future: one of the clocks is wrong"),
    }
    if second("nbf").is_some_and(|from| from > now + SKEW) {
        return Err("is not good yet");
    }
    let nonce = text(claims, "nonce").unwrap_or_default();
    if !kernel_core::secret::equal(nonce.as_bytes(), flow.nonce.as_bytes()) {
        return Err("was made for another log-in");
    }
    if text(claims, "sub").is_none_or(|subject| subject.len() > 255) {
        return Err("does not say whom it is about");
    }
    if flow.purpose == Purpose::Again && second("auth_time").is_none_or(|at| at < now - AGAIN) {
        return Err("does not say that the person logged in just now");
    }
    Ok(())
}

fn person(provider: &Provider, subject: String, claims: Map<String, Value>) -> Person {
    let email = text(&claims, "email");
    // Some providers write it as text.
    let email_verified = match claims.get("email_verified") {
        Some(Value::Bool(verified)) => *verified,
        Some(Value::String(verified)) => verified == "true",
        _ => false,
    };
    let hosted = claims.contains_key("hd");
    let factors = claims.get("amr").and_then(Value::as_array);
    Person {
        issuer: provider.issuer().to_owned(),
        subject,
        email_verified,
        email_theirs: email.as_deref().is_some_and(|email| provider.answers_for(email, hosted)),
        email,
        name: text(&claims, "name"),
        subject_is_address: false,
        several_factors: factors.is_some_and(|factors| factors.iter().any(|factor| factor == "mfa")),
        claims,
    }
}
