//! What is kept of an organisation's SAML provider, and who it is that an assertion names.

use super::answer::Believed;
use super::certificate::Certificate;
use super::{Checked, Wrong};
use identity::model::{clean_email, email_key};
use identity::oidc::Person;
use serde_json::Value;

/// Attributes that mostly carry the address, when none was chosen.
const EMAILS: [&str; 5] = [
    "email",
    "mail",
    "emailaddress",
    "urn:oid:0.9.2342.19200300.100.1.3",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
];
/// Attributes that mostly carry what to call somebody.
const NAMES: [&str; 5] = [
    "displayName",
    "urn:oid:2.16.840.1.113730.3.1.241",
    "http://schemas.microsoft.com/identity/claims/displayname",
    "name",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
];
/// The name is the person's address of the day.
const ADDRESS: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
/// A class of log-ins with several factors (REFEDS MFA profile).
const SEVERAL: &str = "https://refeds.org/profile/mfa";
/// The longest lasting id of a person.
const LONGEST: usize = 255;

/// What is kept of a provider beside its entity id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saml {
    /// Where browsers are sent.
    pub sso_url: String,
    /// The only keys that answers may be signed with.
    pub certificates: Vec<Certificate>,
    /// Where the metadata was fetched from; `None`: it was pasted.
    pub metadata_url: Option<String>,
    /// The attribute with the address; empty: the usual ones, and the name if it is one.
    pub email_attribute: String,
    /// The attribute with the lasting id; empty: the name (NameID).
    pub subject_attribute: String,
}

/// What accounts of a SAML provider are kept under: never mixed up with those of a provider of OpenID Connect, which may call
/// itself the same and name people otherwise.
#[must_use]
pub fn people_of(entity: &str) -> String {
    format!("saml:{entity}")
}

impl Saml {
    /// Whom an assertion is about.
    ///
    /// # Errors
    /// It does not say so in a way that lasts.
    pub fn person(&self, entity: &str, believed: &Believed) -> Checked<Person> {
        let single = |name: &str| match believed.attributes.get(name).and_then(Value::as_array)?.as_slice() {
            [Value::String(one)] if !one.is_empty() => Some(one.as_str()),
            _ => None,
        };
        let mut subject_is_address = false;
        let subject = if self.subject_attribute.is_empty() {
            let (format, name) = believed.name_id.as_ref().ok_or("does not name the person (NameID)")?;
            if format == TRANSIENT {
                return Err(
                    "names the person for this log-in only (a transient NameID): choose an attribute with a lasting id".into()
                );
            }
            subject_is_address = format == ADDRESS;
            name.as_str()
        } else {
            single(&self.subject_attribute).ok_or_else(|| {
                Wrong::from("does not have the attribute with the person’s lasting id, once")
            })?
        };
        if subject.is_empty() || subject.len() > LONGEST || subject.chars().any(char::is_control) {
            return Err("names the person with nothing, or with more than 255 characters".into());
        }
        let named = believed.name_id.as_ref().map(|(_, name)| name.as_str());
        let email = if self.email_attribute.is_empty() {
            EMAILS.iter().find_map(|name| single(name)).or(named.filter(|name| name.contains('@')))
        } else {
            single(&self.email_attribute)
        };
        let email = email.and_then(|email| clean_email("email", email).ok());
        subject_is_address |= email.as_deref().is_some_and(|email| email_key(email) == email_key(subject));
        Ok(Person {
            issuer: people_of(entity),
            // Which attribute it is of is a part of it: the number 7 of one is nobody's name in another.
            subject: format!("{}\n{subject}", self.subject_attribute),
            subject_is_address,
            email,
            // Providers of SAML have no word for it; whether the domain is theirs is proven.
            email_verified: true,
            email_theirs: false,
            name: NAMES.iter().find_map(|name| single(name)).map(str::to_owned),
            several_factors: believed.context.as_deref() == Some(SEVERAL),
            claims: believed.attributes.clone(),
        })
    }
}
