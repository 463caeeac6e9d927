//! A provider of OpenID Connect, and GitHub, inside the test: it answers requests by hand, and lies when it is told to.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaKeyPair,
};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use jiff::Timestamp;
use kernel_core::outgoing::{Answer, Failure, Method, Outgoing, Request};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex};

pub const ISSUER: &str = "https://idp.example";
pub const CLIENT: &str = "our client:ä";
pub const SECRET: &str = "s3cret/+&";
/// The access token that it hands out.
pub const ACCESS: &str = "at-planted-4bX9kQ2m";

/// A key with which the provider signs.
pub enum Signer {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Signer {
    pub fn rsa() -> Self {
        Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }
    pub fn ec() -> Self {
        Self::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }
    pub fn ed() -> Self {
        Self::Ed(Ed25519KeyPair::generate().unwrap())
    }

    /// The public half as the provider shows it.
    pub fn shown(&self, id: &str) -> Value {
        let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        match self {
            Self::Rsa(pair) => {
                // RFC 8017, A.1.1: a sequence of modulus and exponent, here always of 2048 bits and 65537.
                let der = pair.public_key().as_ref();
                json!({"kty": "RSA", "kid": id, "use": "sig", "n": text(&der[9..265]), "e": "AQAB"})
            }
            Self::Ec(pair) => {
                let point = pair.public_key().as_ref();
                json!({"kty": "EC", "kid": id, "crv": "P-256", "alg": "ES256", "x": text(&point[1..33]), "y": text(&point[33..])})
            }
            Self::Ed(pair) => {
                json!({"kty": "OKP", "kid": id, "crv": "Ed25519", "x": text(pair.public_key().as_ref())})
            }
        }
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS256",
            Self::Ec(_) => "ES256",
            Self::Ed(_) => "EdDSA",
        }
    }

    fn sign(&self, text: &str, algorithm: &str) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let mut out = vec![0; pair.public_modulus_len()];
                let how: &dyn aws_lc_rs::signature::RsaEncoding =
                    if algorithm == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                pair.sign(how, &random, text.as_bytes(), &mut out).unwrap();
                out
            }
            Self::Ec(pair) => pair.sign(&random, text.as_bytes()).unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.sign(text.as_bytes()).as_ref().to_vec(),
        }
    }

    /// A token with a right signature, whatever its head says.
    pub fn token(&self, head: &Value, claims: &Value) -> String {
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let text = format!("{}.{}", part(head), part(claims));
        let algorithm = head["alg"].as_str().unwrap_or_default();
        format!("{text}.{}", BASE64URL_NOPAD.encode(&self.sign(&text, algorithm)))
    }

    /// The public key in the form that a careless verifier would take for a shared secret.
    pub fn public_der(&self) -> Vec<u8> {
        match self {
            Self::Rsa(pair) => AsDer::as_der(pair.public_key()).unwrap().as_ref().to_vec(),
            _ => Vec::new(),
        }
    }
}

use aws_lc_rs::encoding::AsDer;

/// Made once: RSA keys take their time.
pub static RSA: LazyLock<Arc<Signer>> = LazyLock::new(|| Arc::new(Signer::rsa()));

type Twist = Box<dyn Fn(&mut Value, &mut Map<String, Value>) + Send>;

/// What the provider does.
pub struct Idp {
    pub keys: Mutex<Vec<(String, Arc<Signer>)>>,
    /// Changes the head and claims of the next tokens.
    pub twist: Mutex<Option<Twist>>,
    /// Takes the place of the whole token.
    pub forged: Mutex<Option<String>>,
    /// What it says of itself beyond the usual.
    pub metadata: Mutex<Map<String, Value>>,
    /// What it says of the person beside its token.
    pub userinfo: Mutex<Value>,
    /// What it answers to a path in place of the usual.
    pub instead: Mutex<HashMap<String, (u16, String)>>,
    asked: Mutex<Vec<Request>>,
    now: Box<dyn Fn() -> Timestamp + Send + Sync>,
    nonce: Mutex<String>,
}

impl Idp {
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            keys: Mutex::new(vec![("one".into(), Arc::clone(&RSA))]),
            twist: Mutex::default(),
            forged: Mutex::default(),
            metadata: Mutex::default(),
            userinfo: Mutex::default(),
            instead: Mutex::default(),
            asked: Mutex::default(),
            now: Box::new(now),
            nonce: Mutex::default(),
        })
    }

    /// The nonce of the address that a person was sent to goes into the next tokens.
    pub fn visited(&self, to: &str) -> HashMap<String, String> {
        let query = to.split_once('?').unwrap().1;
        let query: HashMap<_, _> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        *self.nonce.lock().unwrap() = query.get("nonce").cloned().unwrap_or_default();
        query
    }

    pub fn twisted(&self, twist: impl Fn(&mut Value, &mut Map<String, Value>) + Send + 'static) {
        *self.twist.lock().unwrap() = Some(Box::new(twist));
    }

    /// The person of the next tokens, for as long as nothing else is said.
    pub fn is(&self, subject: &str, email: &str, verified: bool) {
        let (subject, email) = (subject.to_owned(), email.to_owned());
        self.twisted(move |_, claims| {
            claims.insert("sub".into(), json!(subject));
            claims.insert("email".into(), json!(email));
            claims.insert("email_verified".into(), json!(verified));
        });
    }

    /// How often a path was asked.
    pub fn times(&self, path: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|request| request.url.ends_with(path)).count()
    }

    pub fn last(&self, path: &str) -> Request {
        self.asked.lock().unwrap().iter().rfind(|request| request.url.ends_with(path)).unwrap().clone()
    }

    /// A good token for the flow on its way.
    pub fn token(&self) -> String {
        let now = (self.now)().as_second();
        let keys = self.keys.lock().unwrap();
        let (id, signer) = &keys[0];
        let mut head = json!({"alg": signer.algorithm(), "kid": id, "typ": "JWT"});
        let mut claims = json!({
            "iss": ISSUER, "aud": CLIENT, "sub": "248289761001", "nonce": *self.nonce.lock().unwrap(),
            "iat": now, "exp": now + 300, "auth_time": now - 3, "email": "alex@acme.example", "email_verified": true,
            "name": "Alex Elsewhere",
        });
        if let Some(twist) = &*self.twist.lock().unwrap() {
            twist(&mut head, claims.as_object_mut().unwrap());
        }
        signer.token(&head, &claims)
    }

    fn answer(&self, request: &Request) -> (u16, String) {
        let path = request.url.split_once("://").unwrap().1.split_once('/').map_or("", |(_, path)| path);
        if let Some(found) = self.instead.lock().unwrap().get(path) {
            return found.clone();
        }
        let form =
            || -> HashMap<String, String> { form_urlencoded::parse(&request.body).into_owned().collect() };
        let bearer = |token: &str| request.headers.contains(&("authorization", format!("Bearer {token}")));
        match path {
            ".well-known/openid-configuration" => {
                let mut about = json!({
                    "issuer": ISSUER, "authorization_endpoint": format!("{ISSUER}/authorize"),
                    "token_endpoint": format!("{ISSUER}/token"), "jwks_uri": format!("{ISSUER}/keys"),
                    "userinfo_endpoint": format!("{ISSUER}/userinfo"), "authorization_response_iss_parameter_supported": true,
                });
                about.as_object_mut().unwrap().extend(self.metadata.lock().unwrap().clone());
                (200, about.to_string())
            }
            "keys" => {
                let keys = self.keys.lock().unwrap();
                let mut shown: Vec<Value> = keys.iter().map(|(id, signer)| signer.shown(id)).collect();
                // What providers have beside: keys for encryption, of kinds that nobody knows, damaged ones.
                shown.push(json!({"kty": "RSA", "use": "enc", "kid": "enc", "n": "AQAB", "e": "AQAB"}));
                shown.push(json!({"kty": "AKP", "kid": "later"}));
                shown.push(json!({"kid": 7}));
                (200, json!({"keys": shown}).to_string())
            }
            "token" => {
                let basic = "our+client%3A%C3%A4:s3cret%2F%2B%26";
                let basic = format!("Basic {}", BASE64.encode(basic.as_bytes()));
                let (form, by_head) = (form(), request.headers.contains(&("authorization", basic)));
                let by_form = form.get("client_secret").map(String::as_str) == Some(SECRET);
                let fine = request.method == Method::Post && (by_head || by_form) && form["code"] == "good";
                if !fine || form["code_verifier"].len() != 43 {
                    return (400, json!({"error": "invalid_grant", "error_description": SECRET}).to_string());
                }
                let token = self.forged.lock().unwrap().clone().unwrap_or_else(|| self.token());
                (200, json!({"access_token": ACCESS, "token_type": "Bearer", "id_token": token}).to_string())
            }
            "userinfo" if bearer(ACCESS) => (200, self.userinfo.lock().unwrap().to_string()),
            "login/oauth/access_token" if form()["code"] == "good" && form()["client_secret"] == SECRET => {
                (200, json!({"access_token": ACCESS}).to_string())
            }
            "login/oauth/access_token" => (200, json!({"error": "bad_verification_code"}).to_string()),
            "user" | "api/v3/user" if bearer(ACCESS) => {
                (200, json!({"id": 583231, "login": "octo", "name": null}).to_string())
            }
            "user/emails" | "api/v3/user/emails" if bearer(ACCESS) => {
                (200, self.userinfo.lock().unwrap().to_string())
            }
            _ => (404, String::new()),
        }
    }
}

/// The provider as the only server in the world.
pub struct Wire(pub Arc<Idp>);

impl Outgoing for Wire {
    fn send<'a>(
        &'a self,
        request: &'a Request,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, Failure>> + Send + 'a>> {
        Box::pin(async move {
            self.0.asked.lock().unwrap().push(request.clone());
            let (status, body) = self.0.answer(request);
            if status == 0 {
                return Err(Failure::Connection("nothing listens there".into()));
            }
            Ok(Answer { status, headers: Vec::new(), body: body.into_bytes() })
        })
    }
}
