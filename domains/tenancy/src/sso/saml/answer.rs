//! The answer that a provider posts back: what has to be true of it before anything in it is believed.
//!
//! Exactly one assertion, where assertions belong; every signature where signatures belong, each of them good, at least one. What is
//! read is then read from that assertion alone, child by child, never searched for.

use super::certificate::Certificate;
use super::conditions::{confirmed, session, within};
use super::xml::{Kind, at_most_one, attribute, children, is, one, parse, text};
use super::{ASSERTION, Checked, PROTOCOL, SIGNATURE, Wrong, signature};
use data_encoding::BASE64;
use jiff::Timestamp;
use roxmltree::Node;
use serde_json::{Map, Value};

const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
/// The longest id that is kept.
const LONGEST_ID: usize = 256;

/// Whom an answer may be from, and whom for.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The provider's entity id.
    pub issuer: &'a str,
    /// Its certificates, of the metadata.
    pub certificates: &'a [Certificate],
    /// Our entity id.
    pub entity: &'a str,
    /// Where answers are posted to.
    pub acs: &'a str,
    /// Now.
    pub now: Timestamp,
}

/// What a provider has said of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Believed {
    /// The assertion's id: it is good once.
    pub id: String,
    /// The request that it answers: for the caller to compare with what the browser began.
    pub in_response_to: String,
    /// Until when it would be believed again.
    pub until: Timestamp,
    /// The format and the text of the name, if there is one.
    pub name_id: Option<(String, String)>,
    /// Attributes by name: lists of texts.
    pub attributes: Map<String, Value>,
    /// How the person was recognised, by class.
    pub context: Option<String>,
}

/// What was posted, as text.
///
/// # Errors
/// It is none.
pub fn decode(posted: &str) -> Checked<String> {
    let text: String = posted.chars().filter(|character| !character.is_ascii_whitespace()).collect();
    let bytes = BASE64.decode(text.as_bytes()).map_err(|_| "is not base64")?;
    String::from_utf8(bytes).map_err(|_| "is not text in UTF-8".into())
}

/// Reads an answer.
///
/// # Errors
/// Why it is not believed.
pub fn read(source: &str, expected: &Expected<'_>) -> Checked<Believed> {
    let document = parse(source, Kind::Message)?;
    let root = document.root_element();
    if !is(root, PROTOCOL, "Response") {
        return Err("is no SAML response".into());
    }
    let assertion = shape(root)?;
    let owners = [root, assertion];
    let mut signatures = 0;
    for owner in owners {
        if let Some(found) = at_most_one(owner, SIGNATURE, "Signature")? {
            signature::verify(source, owner, found, expected.certificates)?;
            signatures += 1;
        }
    }
    if signatures == 0 {
        return Err("is not signed".into());
    }
    if signatures != root.descendants().filter(|node| is(*node, SIGNATURE, "Signature")).count() {
        return Err("has a signature where none belongs".into());
    }
    for owner in owners {
        if attribute(owner, "Version") != Some("2.0") {
            return Err("is of another version than SAML 2.0".into());
        }
    }
    let destination = attribute(root, "Destination");
    let must_name = at_most_one(root, SIGNATURE, "Signature")?.is_some();
    if destination.map_or(must_name, |destination| destination != expected.acs) {
        return Err("is meant for another address (Destination)".into());
    }
    for issuer in [at_most_one(root, ASSERTION, "Issuer")?, Some(one(assertion, ASSERTION, "Issuer")?)] {
        if issuer.map(text).transpose()?.is_some_and(|issuer| issuer != expected.issuer) {
            return Err("is of another provider (Issuer)".into());
        }
    }
    believed(root, assertion, expected)
}

/// The one assertion of a response that is put together as it has to be.
fn shape<'a, 'i>(root: Node<'a, 'i>) -> Checked<Node<'a, 'i>> {
    let count =
        |namespace: &str, name: &str| root.descendants().filter(|node| is(*node, namespace, name)).count();
    if count(PROTOCOL, "Response") != 1 {
        return Err("has a response inside".into());
    }
    status(root)?;
    let encrypted = ["EncryptedAssertion", "EncryptedID", "EncryptedAttribute"];
    if encrypted.iter().any(|name| count(ASSERTION, name) > 0) {
        return Err(
            "is encrypted, which is not supported: switch the encryption of assertions off at the provider"
                .into(),
        );
    }
    if count(ASSERTION, "Assertion") > 1 {
        return Err("has more than one assertion".into());
    }
    let assertion = at_most_one(root, ASSERTION, "Assertion")?.ok_or("has no assertion where one belongs")?;
    only(
        root,
        &[
            (ASSERTION, "Issuer"),
            (SIGNATURE, "Signature"),
            (PROTOCOL, "Extensions"),
            (PROTOCOL, "Status"),
            (ASSERTION, "Assertion"),
        ],
    )?;
    let statements = ["Issuer", "Subject", "Conditions", "Advice", "AuthnStatement", "AttributeStatement"];
    let mut known = vec![(SIGNATURE, "Signature")];
    known.extend(statements.map(|name| (ASSERTION, name)));
    only(assertion, &known)?;
    Ok(assertion)
}

fn only(node: Node<'_, '_>, known: &[(&str, &str)]) -> Checked<()> {
    let mut elements = node.children().filter(|child| child.is_element());
    match elements.find(|child| !known.iter().any(|(namespace, name)| is(*child, namespace, name))) {
        Some(_) => Err(format!("has elements that do not belong into its {}", node.tag_name().name()).into()),
        None => Ok(()),
    }
}

/// A provider that refuses says so without an assertion, and mostly unsigned; nothing but the refusal comes of it.
fn status(root: Node<'_, '_>) -> Checked<()> {
    let status = one(root, PROTOCOL, "Status")?;
    let code = one(status, PROTOCOL, "StatusCode")?;
    if attribute(code, "Value") == Some(SUCCESS) {
        return Ok(());
    }
    let inner = at_most_one(code, PROTOCOL, "StatusCode")?.unwrap_or(code);
    let said: String =
        attribute(inner, "Value").and_then(|value| value.rsplit(':').next()).unwrap_or_default().into();
    let plain = !said.is_empty() && said.len() <= 40 && said.bytes().all(|byte| byte.is_ascii_alphanumeric());
    Err(if plain {
        format!("says that the provider refused ({said})").into()
    } else {
        "says that the provider refused".into()
    })
}

fn believed(root: Node<'_, '_>, assertion: Node<'_, '_>, expected: &Expected<'_>) -> Checked<Believed> {
    let id = attribute(assertion, "ID").filter(|id| !id.is_empty() && id.len() <= LONGEST_ID);
    let subject = one(assertion, ASSERTION, "Subject")?;
    let (in_response_to, confirmed_until) = confirmed(subject, expected)?;
    if attribute(root, "InResponseTo").is_some_and(|asked| asked != in_response_to) {
        return Err("answers two requests at once (InResponseTo)".into());
    }
    let conditions_until = within(one(assertion, ASSERTION, "Conditions")?, expected)?;
    let context = session(assertion, expected.now)?;
    let name_id = at_most_one(subject, ASSERTION, "NameID")?
        .map(|name| Ok::<_, Wrong>((attribute(name, "Format").unwrap_or_default().to_owned(), text(name)?)))
        .transpose()?;
    let mut attributes = Map::new();
    for said in children(assertion, ASSERTION, "AttributeStatement")
        .flat_map(|statement| children(statement, ASSERTION, "Attribute"))
    {
        let name = attribute(said, "Name").ok_or("has an attribute without a name")?;
        let list = attributes.entry(name).or_insert_with(|| Value::Array(Vec::new()));
        for value in children(said, ASSERTION, "AttributeValue") {
            // Structured values (eduPersonTargetedID) name nothing that is read here.
            if let (Ok(value), Some(list)) = (text(value), list.as_array_mut()) {
                list.push(Value::String(value));
            }
        }
    }
    Ok(Believed {
        id: id.ok_or("has an assertion without an id")?.to_owned(),
        in_response_to,
        until: conditions_until.map_or(confirmed_until, |until| until.min(confirmed_until)),
        name_id,
        attributes,
        context,
    })
}
