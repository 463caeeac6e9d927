//! XML signatures (W3C, XMLDSig 1.1), of the one form that SAML asks for (Core, 5.4): a signature inside the element it is about, one
//! reference to that element's id, the transforms "enveloped" and exclusive canonicalization, nothing else.
//!
//! Keys are the caller's. What a signature says of its key (`KeyInfo`) is not read.

use super::certificate::{Algorithm, Certificate};
use super::xml::{attribute, children, is, one, text};
use super::{Checked, SIGNATURE, c14n};
use aws_lc_rs::digest;
use data_encoding::BASE64;
use roxmltree::Node;

/// Exclusive canonicalization, without comments.
pub const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// The signature itself is left out of what is signed.
pub const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
/// Prefixes that are kept (`InclusiveNamespaces`).
const MOST_PREFIXES: usize = 32;

/// Verifies that one of these keys has signed `owner` by `signature`, its child.
///
/// # Errors
/// Why it is not signed.
pub fn verify(
    source: &str,
    owner: Node<'_, '_>,
    signature: Node<'_, '_>,
    keys: &[Certificate],
) -> Checked<()> {
    if signature.parent() != Some(owner) {
        return Err("has a signature at another place than what it is about".into());
    }
    let known = ["SignedInfo", "SignatureValue", "KeyInfo"];
    only(signature, &known)?;
    let info = one(signature, SIGNATURE, "SignedInfo")?;
    only(info, &["CanonicalizationMethod", "SignatureMethod", "Reference"])?;
    let method = one(info, SIGNATURE, "CanonicalizationMethod")?;
    if attribute(method, "Algorithm") != Some(EXCLUSIVE) {
        return Err("is signed with another canonical form than the exclusive one".into());
    }
    let algorithm =
        attribute(one(info, SIGNATURE, "SignatureMethod")?, "Algorithm").and_then(Algorithm::named);
    let algorithm = algorithm
        .ok_or("is signed with an algorithm that is not accepted (RSA or ECDSA with SHA-256 or more are)")?;

    let reference = one(info, SIGNATURE, "Reference")?;
    only(reference, &["Transforms", "DigestMethod", "DigestValue"])?;
    let id = attribute(owner, "ID").filter(|id| !id.is_empty()).ok_or("has no ID where it is signed")?;
    if attribute(reference, "URI").and_then(|uri| uri.strip_prefix('#')) != Some(id) {
        return Err("has a signature that is about another element".into());
    }
    let transforms = one(reference, SIGNATURE, "Transforms")?;
    only(transforms, &["Transform"])?;
    let transforms: Vec<_> = children(transforms, SIGNATURE, "Transform").collect();
    let [enveloped, exclusive] = transforms.as_slice() else {
        return Err("is signed after other transforms than the two that are accepted".into());
    };
    if attribute(*enveloped, "Algorithm") != Some(ENVELOPED)
        || enveloped.children().any(|child| child.is_element())
        || attribute(*exclusive, "Algorithm") != Some(EXCLUSIVE)
    {
        return Err("is signed after other transforms than the two that are accepted".into());
    }
    let hash = match attribute(one(reference, SIGNATURE, "DigestMethod")?, "Algorithm") {
        Some("http://www.w3.org/2001/04/xmlenc#sha256") => &digest::SHA256,
        Some("http://www.w3.org/2001/04/xmldsig-more#sha384") => &digest::SHA384,
        Some("http://www.w3.org/2001/04/xmlenc#sha512") => &digest::SHA512,
        _ => return Err("has a digest that is not accepted (SHA-256 or more is)".into()),
    };

    // First whether a key of ours has said so: nothing is made of the content of somebody who is not the provider.
    let signed = c14n::exclusive(info, source, None, &prefixes(method)?);
    let value = bytes(one(signature, SIGNATURE, "SignatureValue")?)?;
    if !keys.iter().any(|key| key.verifies(algorithm, signed.as_bytes(), &value)) {
        return Err("is not signed by a certificate of the metadata".into());
    }
    let content = c14n::exclusive(owner, source, Some(signature.id()), &prefixes(*exclusive)?);
    let found = digest::digest(hash, content.as_bytes());
    if bytes(one(reference, SIGNATURE, "DigestValue")?)? != found.as_ref() {
        return Err("was changed after it was signed".into());
    }
    Ok(())
}

/// Elements that are not expected could carry what was wrapped away (`Object`).
fn only(node: Node<'_, '_>, names: &[&str]) -> Checked<()> {
    let mut elements = node.children().filter(|child| child.is_element());
    if elements.any(|child| !names.iter().any(|name| is(child, SIGNATURE, name))) {
        return Err("has a signature with elements that do not belong there".into());
    }
    Ok(())
}

/// The prefixes that a canonicalization is told to keep.
fn prefixes<'a>(method: Node<'a, '_>) -> Checked<Vec<&'a str>> {
    let mut elements = method.children().filter(|child| child.is_element());
    let Some(listed) = elements.next() else { return Ok(Vec::new()) };
    let list = attribute(listed, "PrefixList").filter(|_| is(listed, EXCLUSIVE, "InclusiveNamespaces"));
    match (list, elements.next()) {
        (Some(list), None) if list.split_ascii_whitespace().count() <= MOST_PREFIXES => {
            Ok(list.split_ascii_whitespace().collect())
        }
        _ => Err("has a signature with elements that do not belong there".into()),
    }
}

/// What base64 says, wherever its lines end.
fn bytes(node: Node<'_, '_>) -> Checked<Vec<u8>> {
    let text: String = text(node)?.chars().filter(|character| !character.is_ascii_whitespace()).collect();
    BASE64.decode(text.as_bytes()).map_err(|_| "has a signature that can’t be read".into())
}
