//! A provider of SAML inside the test: it signs what it is told to, and what it is told may be a lie.

use crate::idp::Signer;
use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256};
use data_encoding::BASE64;
use jiff::{SignedDuration, Timestamp};
use std::sync::LazyLock;
use tenancy::sso::saml::{Certificate, c14n};

pub const ENTITY: &str = "https://saml.example/idp";
pub const SSO: &str = "https://saml.example/sso";
pub const RSA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
pub const EC256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// A key and the certificate that holds it.
pub struct Key {
    signer: Signer,
    pub der: Vec<u8>,
}

/// Made once: RSA keys take their time.
pub static KEY: LazyLock<Key> = LazyLock::new(Key::rsa);
pub static OTHER: LazyLock<Key> = LazyLock::new(Key::rsa);

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match length {
        0..=127 => out.push(length as u8),
        _ => out.extend([0x82, (length >> 8) as u8, (length & 0xff) as u8]),
    }
    out.extend(content);
    out
}

/// A certificate of this `SubjectPublicKeyInfo`, signed by nobody: its key is all that is asked for.
pub fn certificate(info: &[u8], until: &str) -> Vec<u8> {
    let algorithm = der(0x30, &der(0x06, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b]));
    let time = |text: &str| der(0x18, text.as_bytes());
    let name = der(0x30, &[]);
    let body = [
        der(0xa0, &der(0x02, &[2])),
        der(0x02, &[1]),
        algorithm.clone(),
        name.clone(),
        der(0x30, &[time("20200101000000Z"), time(until)].concat()),
        name,
        info.to_vec(),
    ];
    der(0x30, &[der(0x30, &body.concat()), algorithm, der(0x03, &[0])].concat())
}

fn info(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    der(0x30, &[der(0x30, algorithm), der(0x03, &[&[0], key].concat())].concat())
}

impl Key {
    pub fn rsa() -> Self {
        let signer = Signer::rsa();
        let Signer::Rsa(pair) = &signer else { unreachable!() };
        let oid =
            [der(0x06, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01]), der(0x05, &[])].concat();
        let der = certificate(&info(&oid, pair.public_key().as_ref()), "20400101000000Z");
        Self { signer, der }
    }

    pub fn ec() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let curve = der(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]);
        let oid = [der(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]), curve].concat();
        let der = certificate(&info(&oid, pair.public_key().as_ref()), "20400101000000Z");
        Self { signer: Signer::Ec(pair), der }
    }

    pub fn read(&self) -> Certificate {
        Certificate::read(&self.der).unwrap()
    }

    fn sign(&self, text: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.signer {
            Signer::Rsa(pair) => {
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, text, &mut out).unwrap();
                out
            }
            Signer::Ec(pair) => pair.sign(&random, text).unwrap().as_ref().to_vec(),
            Signer::Ed(_) => unreachable!(),
        }
    }

    /// Signs the element of an id; the signature takes the place of `mark`.
    pub fn signed(&self, xml: &str, id: &str, mark: &str) -> String {
        self.signed_with(xml, id, mark, |info| info)
    }

    /// The same with another `SignedInfo`.
    pub fn signed_with(&self, xml: &str, id: &str, mark: &str, twist: impl Fn(String) -> String) -> String {
        let plain = xml.replace(mark, "").replace("@R@", "");
        let document = roxmltree::Document::parse(&plain).unwrap();
        let node = document.descendants().find(|node| node.attribute("ID") == Some(id)).unwrap();
        let canonical = c14n::exclusive(node, &plain, None, &[]);
        let hash = BASE64.encode(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
        let algorithm = if matches!(self.signer, Signer::Ec(_)) { EC256 } else { RSA256 };
        let info = twist(format!(
            "<ds:SignedInfo><ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>\
             <ds:SignatureMethod Algorithm=\"{algorithm}\"/><ds:Reference URI=\"#{id}\"><ds:Transforms>\
             <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>\
             <ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/></ds:Transforms>\
             <ds:DigestMethod Algorithm=\"{SHA256}\"/><ds:DigestValue>{hash}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
        ));
        let open = "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">";
        let alone = format!("{open}{info}</ds:Signature>");
        let tree = roxmltree::Document::parse(&alone).unwrap();
        let node = tree.root_element().first_element_child().unwrap();
        let value = BASE64.encode(&self.sign(c14n::exclusive(node, &alone, None, &[]).as_bytes()));
        let certificate = BASE64.encode(&self.der);
        let signature = format!(
            "{open}{info}<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>\
             <ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
        );
        xml.replace(mark, &signature)
    }
}

/// What the provider says.
#[derive(Clone)]
pub struct Says {
    pub id: String,
    pub name: String,
    pub request: String,
    pub entity: String,
    pub acs: String,
    pub now: Timestamp,
    pub attributes: Vec<(&'static str, Vec<String>)>,
}

impl Says {
    /// The response, with marks where signatures may be: `@A@` in the assertion, `@R@` in the response.
    pub fn xml(&self) -> String {
        let at = |seconds| (self.now + SignedDuration::from_secs(seconds)).to_string();
        let (id, name, request, entity, acs) = (&self.id, &self.name, &self.request, &self.entity, &self.acs);
        let attributes: String = self
            .attributes
            .iter()
            .map(|(name, values)| {
                let values: String = values
                    .iter()
                    .map(|value| format!("<saml:AttributeValue>{value}</saml:AttributeValue>"))
                    .collect();
                format!("<saml:Attribute Name=\"{name}\">{values}</saml:Attribute>")
            })
            .collect();
        let (start, end) = (at(-30), at(300));
        format!(
            "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
             ID=\"R{id}\" Version=\"2.0\" IssueInstant=\"{start}\" Destination=\"{acs}\" InResponseTo=\"{request}\">\
             <saml:Issuer>{ENTITY}</saml:Issuer>@R@<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status>\
             <saml:Assertion ID=\"{id}\" Version=\"2.0\" IssueInstant=\"{start}\"><saml:Issuer>{ENTITY}</saml:Issuer>@A@\
             <saml:Subject><saml:NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">{name}</saml:NameID>\
             <saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"><saml:SubjectConfirmationData \
             InResponseTo=\"{request}\" Recipient=\"{acs}\" NotOnOrAfter=\"{end}\"/></saml:SubjectConfirmation></saml:Subject>\
             <saml:Conditions NotBefore=\"{start}\" NotOnOrAfter=\"{end}\"><saml:AudienceRestriction><saml:Audience>{entity}</saml:Audience>\
             </saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant=\"{start}\"><saml:AuthnContext>\
             <saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext>\
             </saml:AuthnStatement><saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion></samlp:Response>"
        )
    }

    /// Signed as most providers do: the assertion.
    pub fn signed(&self, key: &Key) -> String {
        self.twisted(key, |xml| xml)
    }

    /// A lie with a right signature.
    pub fn twisted(&self, key: &Key, twist: impl Fn(String) -> String) -> String {
        key.signed(&twist(self.xml()), &self.id, "@A@").replace("@R@", "")
    }

    /// Only the response is signed.
    pub fn response_signed(&self, key: &Key) -> String {
        key.signed(&self.xml().replace("@A@", ""), &format!("R{}", self.id), "@R@")
    }

    /// Both are.
    pub fn both_signed(&self, key: &Key) -> String {
        let xml = key.signed(&self.xml(), &self.id, "@A@");
        key.signed(&xml, &format!("R{}", self.id), "@R@")
    }
}

/// The provider's metadata with these certificates.
pub fn metadata(keys: &[&Key]) -> String {
    let keys: String = keys
        .iter()
        .map(|key| {
            let text = BASE64.encode(&key.der);
            format!(
                "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n{text}\n</ds:X509Certificate>\
                 </ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\"?>\n<!-- of the provider -->\n<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
         xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" entityID=\"{ENTITY}\"><md:IDPSSODescriptor \
         protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{keys}<md:SingleSignOnService \
         Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{SSO}/post\"/><md:SingleSignOnService \
         Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"{SSO}\"/></md:IDPSSODescriptor></md:EntityDescriptor>"
    )
}
