//! An authenticator in memory, as a browser would use one: makes keys, signs, counts. Everything that a real one signs can be
//! bent, so that every check can be seen to fail.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use data_encoding::BASE64URL_NOPAD;
use kernel_core::secret::sha256;
use minicbor::Encoder;
use serde_json::{Value, json};

pub enum Key {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(Box<RsaKeyPair>),
}

impl Key {
    pub fn es256() -> Self {
        Self::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
    }
    pub fn ed_dsa() -> Self {
        Self::EdDsa(Ed25519KeyPair::generate().unwrap())
    }
    pub fn rs256() -> Self {
        Self::Rs256(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()))
    }

    pub fn algorithm(&self) -> i64 {
        match self {
            Self::Es256(_) => -7,
            Self::EdDsa(_) => -8,
            Self::Rs256(_) => -257,
        }
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Es256(key) => key.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::EdDsa(key) => key.sign(message).as_ref().to_vec(),
            Self::Rs256(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
        }
    }

    /// COSE_Key, said to be of `algorithm`.
    pub fn cose(&self, algorithm: i64) -> Vec<u8> {
        let mut out = Encoder::new(Vec::new());
        match self {
            Self::Es256(key) => {
                let point = key.public_key().as_ref();
                out.map(5).unwrap().i8(1).unwrap().i8(2).unwrap().i8(3).unwrap().i64(algorithm).unwrap();
                out.i8(-1).unwrap().i8(1).unwrap();
                out.i8(-2)
                    .unwrap()
                    .bytes(&point[1..33])
                    .unwrap()
                    .i8(-3)
                    .unwrap()
                    .bytes(&point[33..])
                    .unwrap();
            }
            Self::EdDsa(key) => {
                out.map(4).unwrap().i8(1).unwrap().i8(1).unwrap().i8(3).unwrap().i64(algorithm).unwrap();
                out.i8(-1).unwrap().i8(6).unwrap().i8(-2).unwrap().bytes(key.public_key().as_ref()).unwrap();
            }
            Self::Rs256(key) => {
                let parts = PublicKeyComponents::<Vec<u8>>::from(key.public_key());
                out.map(4).unwrap().i8(1).unwrap().i8(3).unwrap().i8(3).unwrap().i64(algorithm).unwrap();
                out.i8(-1).unwrap().bytes(&parts.n).unwrap().i8(-2).unwrap().bytes(&parts.e).unwrap();
            }
        }
        out.into_writer()
    }
}

/// How the statement about a new key is made.
#[derive(Clone, Copy, PartialEq)]
pub enum Form {
    None,
    NoneWithStatement,
    PackedSelf,
    PackedSelfForged,
    PackedSelfOtherAlgorithm,
    PackedCertificate,
    Other,
}

pub struct Authenticator {
    pub key: Key,
    pub id: Vec<u8>,
    pub counter: u32,
    /// What follows can be bent.
    pub flags: u8,
    pub origin: String,
    pub rp_id: String,
    pub form: Form,
    pub algorithm: i64,
    pub user_handle: Option<Vec<u8>>,
    /// Changes client data before it is signed.
    pub client: fn(&mut Value),
    /// Changes authenticator data before it is signed.
    pub data: fn(&mut Vec<u8>),
    /// Changes the signature.
    pub signature: fn(&mut Vec<u8>),
}

/// Present and verified.
pub const UP_UV: u8 = 0x05;

impl Authenticator {
    pub fn new(key: Key) -> Self {
        let id: Vec<u8> = kernel_core::Random::from_os().bytes::<20>().to_vec();
        Self {
            algorithm: key.algorithm(),
            key,
            id,
            counter: 0,
            flags: UP_UV,
            origin: "http://app.nclc.localhost:8080".into(),
            rp_id: "app.nclc.localhost".into(),
            form: Form::None,
            user_handle: None,
            client: |_| (),
            data: |_| (),
            signature: |_| (),
        }
    }

    fn client_data(&self, kind: &str, challenge: &str) -> Vec<u8> {
        let mut data =
            json!({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false});
        (self.client)(&mut data);
        data.to_string().into_bytes()
    }

    fn authenticator_data(&self, with_key: bool) -> Vec<u8> {
        let mut out = sha256(self.rp_id.as_bytes()).to_vec();
        out.push(self.flags | if with_key { 0x40 } else { 0 });
        out.extend(self.counter.to_be_bytes());
        if with_key {
            out.extend([0; 16]);
            out.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
            out.extend(&self.id);
            out.extend(self.key.cose(self.algorithm));
        }
        (self.data)(&mut out);
        out
    }

    /// The answer of the browser to `navigator.credentials.create`.
    pub fn create(&self, options: &Value) -> String {
        let client = self.client_data("webauthn.create", options["challenge"].as_str().unwrap());
        let data = self.authenticator_data(true);
        let mut signature = self.key.sign(&[data.as_slice(), &sha256(&client)].concat());
        if self.form == Form::PackedSelfForged {
            signature[10] ^= 1;
        }
        let mut out = Encoder::new(Vec::new());
        out.map(3).unwrap().str("fmt").unwrap();
        match self.form {
            Form::None | Form::NoneWithStatement => out.str("none").unwrap(),
            Form::Other => out.str("fido-u2f").unwrap(),
            _ => out.str("packed").unwrap(),
        };
        out.str("attStmt").unwrap();
        match self.form {
            Form::None => out.map(0).unwrap(),
            Form::NoneWithStatement => out.map(1).unwrap().str("alg").unwrap().i8(-7).unwrap(),
            Form::PackedCertificate => {
                out.map(3).unwrap().str("alg").unwrap().i64(-7).unwrap().str("sig").unwrap();
                out.bytes(&signature).unwrap().str("x5c").unwrap().array(1).unwrap().bytes(&[1, 2]).unwrap()
            }
            _ => {
                let other = self.form == Form::PackedSelfOtherAlgorithm;
                let algorithm = if other { -37 } else { self.algorithm };
                out.map(2).unwrap().str("alg").unwrap().i64(algorithm).unwrap();
                out.str("sig").unwrap().bytes(&signature).unwrap()
            }
        };
        out.str("authData").unwrap().bytes(&data).unwrap();
        let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        json!({
            "id": encode(&self.id), "rawId": encode(&self.id), "type": "public-key",
            "response": {
                "clientDataJSON": encode(&client),
                "attestationObject": encode(&out.into_writer()),
                "transports": ["internal", "internal", "telepathy"],
            },
        })
        .to_string()
    }

    /// The answer of the browser to `navigator.credentials.get`; counts up first.
    pub fn get(&mut self, options: &Value) -> String {
        self.counter += 1;
        self.get_again(options)
    }

    /// The same, without counting.
    pub fn get_again(&self, options: &Value) -> String {
        let client = self.client_data("webauthn.get", options["challenge"].as_str().unwrap());
        let data = self.authenticator_data(false);
        let mut signature = self.key.sign(&[data.as_slice(), &sha256(&client)].concat());
        (self.signature)(&mut signature);
        let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        json!({
            "id": encode(&self.id), "rawId": encode(&self.id), "type": "public-key",
            "response": {
                "clientDataJSON": encode(&client),
                "authenticatorData": encode(&data),
                "signature": encode(&signature),
                "userHandle": self.user_handle.as_deref().map(encode),
            },
        })
        .to_string()
    }
}
