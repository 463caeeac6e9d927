//! Answers read: of others, changed by chance, the person in them; metadata; canonical forms.

use crate::saml_evil::{ACS, US, judged, says};
use crate::saml_idp::{ENTITY, KEY, OTHER, certificate, metadata};
use data_encoding::BASE64;
use jiff::Timestamp;
use tenancy::sso::saml::answer::{decode, read};
use tenancy::sso::saml::{Expected, Saml};

fn now() -> Timestamp {
    says().now
}

/// An answer and metadata of npm's samlp 8.0.0, which signs by xml-crypto: captured once, so that the canonical form is not judged by
/// itself alone.
#[test]
fn what_others_have_signed() {
    let metadata = include_str!("data/samlp_metadata.xml");
    let answer = include_str!("data/samlp.xml");
    let now: Timestamp = "2026-11-21T23:51:00Z".parse().unwrap();
    let described = tenancy::sso::saml::metadata::read(metadata, false, now).unwrap();
    let keys = &described.certificates;
    let expected = Expected { issuer: &described.entity, certificates: keys, entity: US, acs: ACS, now };
    let believed = read(answer, &expected).unwrap();
    assert_eq!(believed.name_id.unwrap().1, "nina+admins@acme.example");
    assert_eq!(believed.attributes["groups"], serde_json::json!(["admins"]));
    let changed = answer.replace(">admins<", ">owners<");
    assert!(changed != answer && read(&changed, &expected).unwrap_err().contains("changed after"));
}

#[test]
fn who_it_is() {
    let saml = |email: &str, subject: &str| Saml {
        sso_url: String::new(),
        certificates: Vec::new(),
        metadata_url: None,
        email_attribute: email.into(),
        subject_attribute: subject.into(),
    };
    let believed = judged(&says().signed(&KEY)).unwrap();
    let person = saml("", "").person(ENTITY, &believed).unwrap();
    assert_eq!(
        (person.issuer.as_str(), person.subject.as_str()),
        ("saml:https://saml.example/idp", "\nnina")
    );
    assert_eq!(person.email.as_deref(), Some("nina@acme.example"));
    let person = saml("mail", "email").person(ENTITY, &believed).unwrap();
    assert_eq!((person.subject.as_str(), person.email), ("email\nnina@acme.example", None));
    let why = saml("", "groups").person(ENTITY, &believed).unwrap_err();
    assert!(why.contains("lasting id, once"), "{why}");
    assert!(saml("", "number").person(ENTITY, &believed).is_err());
    let passing =
        says().twisted(&KEY, |xml| xml.replace("nameid-format:persistent", "nameid-format:transient"));
    let passing = judged(&passing).unwrap();
    assert!(saml("", "").person(ENTITY, &passing).unwrap_err().contains("transient"));
    assert!(saml("", "email").person(ENTITY, &passing).is_ok());
    let named = says().twisted(&KEY, |xml| {
        xml.replace(">nina<", "> Nina@Acme.example\n<").replace("Name=\"email\"", "Name=\"x\"")
    });
    let person = saml("", "").person(ENTITY, &judged(&named).unwrap()).unwrap();
    assert_eq!(person.email.unwrap().to_lowercase(), "nina@acme.example");
    for name in [String::new(), "x".repeat(256), "a&#10;b".into()] {
        let xml = says().twisted(&KEY, |xml| xml.replace(">nina<", &format!(">{name}<")));
        assert!(saml("", "").person(ENTITY, &judged(&xml).unwrap()).is_err(), "{name}");
    }
}

#[test]
fn metadata_is_read() {
    use tenancy::sso::saml::metadata::{ours, read};
    let fine = metadata(&[&KEY, &OTHER]);
    let found = read(&fine, true, now()).unwrap();
    assert_eq!((found.entity.as_str(), found.sso_url.as_str()), (ENTITY, "https://saml.example/sso"));
    assert_eq!(found.certificates, [KEY.read(), OTHER.read()]);
    assert_eq!(found.certificates[0].ends.to_string(), "2040-01-01T00:00:00Z");
    let short = certificate(&[0x30, 0x03, 0x30, 0x01, 0x05], "20400101000000Z");
    for (what, from, to, why) in [
        (
            "expired",
            "<md:IDPSSODescriptor ",
            "<md:IDPSSODescriptor validUntil=\"2026-01-01T00:00:00Z\" ",
            "expired",
        ),
        ("of an application", "IDPSSODescriptor", "SPSSODescriptor", "no identity provider"),
        ("of another protocol", "SAML:2.0:protocol", "SAML:1.1:protocol", "does not speak SAML 2.0"),
        ("without a name", ENTITY, " ", "no entityID"),
        ("without an address", "HTTP-Redirect", "SOAP", "names no address"),
        (
            "not secure",
            "Location=\"https://saml.example/sso\"",
            "Location=\"http://saml.example/sso\"",
            "not an https one",
        ),
        (
            "a script",
            "Location=\"https://saml.example/sso\"",
            "Location=\"javascript:alert(1)\"",
            "not an https one",
        ),
        ("without keys", "use=\"signing\"", "use=\"encryption\"", "no certificate"),
        ("a document type", "<md:EntityDescriptor", "<!DOCTYPE x><md:EntityDescriptor", "document type"),
        ("not metadata", "md:EntityDescriptor", "md:Other", "is not SAML metadata"),
    ] {
        assert!(fine.contains(from), "{what}");
        let why_found = read(&fine.replace(from, to), true, now()).unwrap_err();
        assert!(why_found.contains(why), "{what}: {why_found}");
    }
    for der in [short, vec![], vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff], KEY.der[..200].to_vec()] {
        let bad = fine.replace(&BASE64.encode(&KEY.der), &BASE64.encode(&der));
        assert_eq!(read(&bad, true, now()).unwrap().certificates, [OTHER.read()], "those that can be used");
    }
    assert!(read(&ours("a&b", ACS), true, now()).unwrap_err().contains("no identity provider"));
    roxmltree::Document::parse(&ours("a&\"<b", ACS)).unwrap();
}

/// 2,000 answers with something changed: none is believed as anything but what was signed, and none breaks anything.
#[test]
fn changed_answers() {
    let originals = [says().signed(&KEY), says().response_signed(&KEY), says().both_signed(&KEY)];
    let truth = judged(&originals[0]).unwrap();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    let pieces = [
        "<",
        ">",
        "/",
        "\"",
        "&",
        "&#x41;",
        "<!-- -->",
        "<saml:Assertion ID=\"x\">",
        "</saml:Assertion>",
        "@",
        "boss",
        "2030",
        " xmlns=\"urn:x\"",
    ];
    let mut believed = 0;
    for round in 0..2_000 {
        let mut bytes = originals[round % 3].clone().into_bytes();
        for _ in 0..=next(3) {
            let (at, length) = (next(bytes.len()), next(60));
            let end = (at + length).min(bytes.len());
            match next(6) {
                0 => bytes[at] ^= 1 << next(8),
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let copy = bytes[at..end].to_vec();
                    let to = next(bytes.len());
                    drop(bytes.splice(to..to, copy));
                }
                3 => drop(bytes.splice(at..at, pieces[next(pieces.len())].bytes())),
                4 => {
                    // Elements swapped, doubled or dropped as a whole.
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    let tags: Vec<usize> = text.match_indices('<').map(|(at, _)| at).collect();
                    let (from, to) = (tags[next(tags.len())], tags[next(tags.len())]);
                    let (from, to) = (from.min(to), from.max(to));
                    let middle = text[from..to].to_owned();
                    let place = tags[next(tags.len())];
                    let mut text = text;
                    text.insert_str(place, &middle);
                    bytes = text.into_bytes();
                }
                _ => bytes.truncate(end),
            }
            if bytes.is_empty() {
                break;
            }
        }
        let changed = decode(&BASE64.encode(&bytes)).and_then(|xml| judged(&xml));
        if let Ok(found) = changed {
            believed += 1;
            assert_eq!(found, truth, "round {round}: {}", String::from_utf8_lossy(&bytes));
        }
    }
    // Spaces inside tags and what nobody signed (the response around a signed assertion) may change.
    assert!(believed < 200, "{believed}");
}

/// Canonical forms of 60 random documents by libxml2 (lxml 6): namespaces declared, hidden and listed, characters, order.
#[test]
fn canonical_forms_of_libxml2() {
    let cases: Vec<serde_json::Value> = serde_json::from_str(include_str!("data/c14n.json")).unwrap();
    for case in &cases {
        let source = case["xml"].as_str().unwrap();
        let document = roxmltree::Document::parse(source).unwrap();
        let at = case["at"].as_u64().unwrap() as usize;
        let node = document.descendants().filter(roxmltree::Node::is_element).nth(at).unwrap();
        let listed: Vec<&str> =
            case["inclusive"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        let found = tenancy::sso::saml::c14n::exclusive(node, source, None, &listed);
        assert_eq!(found, case["canonical"].as_str().unwrap(), "{listed:?} {at} {source}");
    }
    assert_eq!(cases.len(), 60);
}
