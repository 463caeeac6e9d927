//! Answers that must not be believed, most of them with a right signature somewhere.

use crate::saml_idp::{EC256, ENTITY, KEY, Key, OTHER, RSA256, Says};
use data_encoding::BASE64;
use jiff::{SignedDuration, Timestamp};
use tenancy::sso::saml::answer::{decode, read};
use tenancy::sso::saml::{Believed, Certificate, Checked, Expected};

pub const US: &str = "https://app.example/login/sso/acme/metadata";
pub const ACS: &str = "https://app.example/login/sso/acme/acs";

fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

pub fn says() -> Says {
    Says {
        id: "A1".into(),
        name: "nina".into(),
        request: "_asked".into(),
        entity: US.into(),
        acs: ACS.into(),
        now: now(),
        attributes: vec![
            ("email", vec!["nina@acme.example".into()]),
            ("groups", vec!["staff".into(), "admins".into()]),
        ],
    }
}

fn read_by(keys: &[Certificate], xml: &str, later: i64) -> Checked<Believed> {
    let now = now() + SignedDuration::from_secs(later);
    read(xml, &Expected { issuer: ENTITY, certificates: keys, entity: US, acs: ACS, now })
}

pub fn judged(xml: &str) -> Checked<Believed> {
    read_by(&[KEY.read()], xml, 0)
}

/// Refused, and for this reason.
fn refused(what: &str, xml: &str, why: &str) {
    match judged(xml) {
        Ok(believed) => panic!("{what}: believed {believed:?}"),
        Err(said) => assert!(said.contains(why), "{what}: {said}"),
    }
}

#[test]
fn what_is_signed_is_believed() {
    let says = says();
    let plain = judged(&says.signed(&KEY)).unwrap();
    assert_eq!(plain.name_id.as_ref().unwrap().1, "nina");
    assert_eq!((plain.id.as_str(), plain.in_response_to.as_str()), ("A1", "_asked"));
    assert_eq!(plain.attributes["groups"], serde_json::json!(["staff", "admins"]));
    assert_eq!(plain.until, now() + SignedDuration::from_secs(360));
    assert_eq!(judged(&says.response_signed(&KEY)).unwrap(), plain);
    assert_eq!(judged(&says.both_signed(&KEY)).unwrap(), plain);
    // Several certificates while keys change; a key on a curve; lines inside base64.
    let both = [OTHER.read(), KEY.read()];
    assert_eq!(read_by(&both, &says.signed(&KEY), 0).unwrap(), plain);
    assert_eq!(read_by(&both, &says.signed(&OTHER), 0).unwrap(), plain);
    let curve = Key::ec();
    assert_eq!(read_by(&[curve.read()], &says.signed(&curve), 0).unwrap(), plain);
    let posted = BASE64.encode(says.signed(&KEY).as_bytes());
    let lines: Vec<&str> =
        posted.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    assert_eq!(judged(&decode(&lines.join("\r\n")).unwrap()).unwrap(), plain);
    assert!(decode("not base64!").is_err() && decode("/w==").is_err());
}

#[test]
fn only_keys_of_the_metadata_count() {
    let says = says();
    // The answer brings its own certificate in KeyInfo: it is not asked.
    refused("another key", &says.signed(&OTHER), "not signed by a certificate of the metadata");
    // Nor is the content looked at that somebody else has signed.
    refused("another key, changed", &says.signed(&OTHER).replace(">nina<", ">boss<"), "not signed by");
    refused("another key of another kind", &says.signed(&Key::ec()), "not signed by a certificate");
    refused("no signature", &says.xml().replace("@A@", "").replace("@R@", ""), "is not signed");
    let signed = says.signed(&KEY);
    for (what, changed, why) in [
        ("another person", signed.replace(">nina<", ">boss<"), "changed after it was signed"),
        ("another attribute", signed.replace("admins", "owners"), "changed after it was signed"),
        ("another audience", signed.replace("/sso/acme/metadata", "/sso/beta/metadata"), "changed after"),
        ("a later end", signed.replace("10:05:00Z", "11:05:00Z"), "changed after"),
    ] {
        refused(what, &changed, why);
    }
    // One good signature does not help a bad one.
    let both = says.both_signed(&KEY);
    let last = both.rfind("<ds:SignatureValue>").unwrap() + 19;
    let mut broken = both.clone();
    broken.replace_range(last..last + 4, "AAAA");
    refused("a broken one beside", &broken, "");
    assert!(
        judged(&both.replace(
            "IssueInstant=\"2026-11-21T09:59:30Z\" Dest",
            "IssueInstant=\"2026-11-21T09:59:31Z\" Dest"
        ))
        .is_err()
    );
}

#[test]
fn weak_and_strange_signatures() {
    let says = says();
    let twisted = |from: &str, to: &str| {
        KEY.signed_with(&says.xml(), "A1", "@A@", |info| {
            assert!(info.contains(from), "{from}");
            info.replace(from, to)
        })
        .replace("@R@", "")
    };
    let exclusive = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
    let xslt =
        format!("{exclusive}<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"/>");
    for (what, from, to, why) in [
        ("SHA-1", RSA256, "http://www.w3.org/2000/09/xmldsig#rsa-sha1", "algorithm that is not accepted"),
        (
            "HMAC",
            RSA256,
            "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
            "algorithm that is not accepted",
        ),
        ("MD5", RSA256, "http://www.w3.org/2001/04/xmldsig-more#rsa-md5", "algorithm that is not accepted"),
        ("none", RSA256, "", "algorithm that is not accepted"),
        ("another kind of key", RSA256, EC256, "not signed by a certificate"),
        (
            "a SHA-1 digest",
            "http://www.w3.org/2001/04/xmlenc#sha256",
            "http://www.w3.org/2000/09/xmldsig#sha1",
            "digest",
        ),
        ("a further transform", exclusive, &xslt, "other transforms"),
        ("one transform less", exclusive, "", "other transforms"),
        (
            "XPath",
            "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
            "http://www.w3.org/TR/1999/REC-xpath-19991116",
            "other transforms",
        ),
        (
            "the inclusive form",
            "CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"",
            "CanonicalizationMethod Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"",
            "another canonical form",
        ),
        ("the whole document", "URI=\"#A1\"", "URI=\"\"", "about another element"),
        ("another element", "URI=\"#A1\"", "URI=\"#RA1\"", "about another element"),
        ("a file", "URI=\"#A1\"", "URI=\"file:///etc/passwd\"", "about another element"),
        (
            "two references",
            "</ds:SignedInfo>",
            "<ds:Reference URI=\"#RA1\"/></ds:SignedInfo>",
            "more than one Reference",
        ),
        ("a manifest", "</ds:SignedInfo>", "<ds:Object/></ds:SignedInfo>", "do not belong there"),
    ] {
        refused(what, &twisted(from, to), why);
    }
    // Spaces and comments in SignedInfo are part of what is signed, or refused.
    refused("a comment", &twisted("<ds:DigestValue>", "<ds:DigestValue><!-- x -->"), "comment");
}

/// The eight ways to wrap a signature (Somorovsky and others, "On breaking SAML", 2012), with and without the id twice.
#[test]
fn wrapped_signatures() {
    let says = says();
    let signed = says.signed(&KEY);
    let part = |xml: &str, from: &str, to: &str| {
        let start = xml.find(from).unwrap();
        let end = xml.rfind(to).unwrap() + to.len();
        xml[start..end].to_owned()
    };
    let assertion = part(&signed, "<saml:Assertion", "</saml:Assertion>");
    let signature = part(&assertion, "<ds:Signature ", "</ds:Signature>");
    let bare = assertion.replace(&signature, "");
    let whole = says.response_signed(&KEY);
    let whole_signature = part(&whole, "<ds:Signature ", "</ds:Signature>");
    let whole_bare = whole.replace(&whole_signature, "");
    let boss = |xml: &str| xml.replace(">nina<", ">boss<").replace("nina@", "boss@");
    for renamed in [true, false] {
        let evil = |xml: &str| match renamed {
            true => boss(xml).replace("ID=\"A1\"", "ID=\"evil\"").replace("ID=\"RA1\"", "ID=\"Revil\""),
            false => boss(xml),
        };
        let around = |inner: &str| signed.replace(&assertion, inner);
        let inside =
            |outer: &str, mark: &str, inner: &str| outer.replacen(mark, &format!("{inner}{mark}"), 1);
        let with_signature = |xml: &str| inside(xml, "<saml:Subject>", &signature);
        let forms = [
            // 1, 2: the signed response inside the signature, or beside it, in a response of the attacker's.
            inside(
                &evil(&whole_bare),
                "<samlp:Status>",
                &inside(&whole_signature, "</ds:Signature>", &whole_bare),
            ),
            inside(&evil(&whole_bare), "<samlp:Status>", &format!("{whole_bare}{whole_signature}")),
            // 3, 4: an assertion before the signed one, or around it.
            around(&format!("{}{assertion}", evil(&bare))),
            around(&inside(&evil(&bare), "</saml:Assertion>", &assertion)),
            // 5, 6: the signature moved to the attacker's, the signed one behind it or inside the signature.
            around(&format!("{}{bare}", with_signature(&evil(&bare)))),
            around(&inside(&evil(&bare), "<saml:Subject>", &inside(&signature, "</ds:Signature>", &bare))),
            // 7, 8: the signed one in a place where anything may stand.
            around(&format!("<samlp:Extensions>{}</samlp:Extensions>{assertion}", evil(&bare))),
            around(&inside(
                &evil(&bare),
                "<saml:Subject>",
                &inside(&signature, "</ds:Signature>", &format!("<ds:Object>{bare}</ds:Object>")),
            )),
            // The attacker's in Extensions and nothing else; the signed one as advice.
            around(&format!("<samlp:Extensions>{assertion}</samlp:Extensions>{}", evil(&bare))),
            around(&inside(
                &evil(&bare),
                "<saml:Subject>",
                &format!("<saml:Advice>{assertion}</saml:Advice>"),
            )),
            // The signature at the response, about the assertion.
            inside(&around(&evil(&bare)), "<samlp:Status>", &signature),
            inside(&around(&bare), "<samlp:Status>", &signature),
        ];
        for (at, form) in forms.iter().enumerate() {
            roxmltree::Document::parse(form).unwrap();
            match judged(form) {
                Ok(believed) => panic!("form {at}, renamed {renamed}: {believed:?}"),
                Err(why) => assert!(!why.contains("well-formed"), "form {at}: {why}"),
            }
        }
    }
}

#[test]
fn right_signatures_on_what_does_not_count_here() {
    let says = says();
    let confirmation = "Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"";
    for (what, from, to, why) in [
        ("another issuer", ENTITY, "https://evil.example/idp", "another provider (Issuer)"),
        ("another audience", US, "https://app.example/login/sso/beta/metadata", "(Audience)"),
        (
            "no audience",
            "<saml:Audience>https://app.example/login/sso/acme/metadata</saml:Audience>",
            "",
            "(Audience)",
        ),
        (
            "another recipient",
            "Recipient=\"https://app.example/login/sso/acme/acs\"",
            "Recipient=\"https://evil.example/acs\"",
            "(Recipient)",
        ),
        (
            "another destination",
            "Destination=\"https://app.example/login/sso/acme/acs\"",
            "Destination=\"https://evil.example/acs\"",
            "(Destination)",
        ),
        ("no request", " InResponseTo=\"_asked\"", "", "answers no request"),
        ("two requests", "Dest", "x:InResponseTo=\"_y\" xmlns:x=\"urn:x\" Dest", ""),
        ("another version", "Version=\"2.0\"", "Version=\"1.1\"", "another version"),
        (
            "not for whoever brings it",
            confirmation,
            "Method=\"urn:oasis:names:tc:SAML:2.0:cm:holder-of-key\"",
            "no confirmation",
        ),
        ("a confirmation without an end", " NotOnOrAfter=\"2026-11-21T10:05:00Z\"/>", "/>", "without an end"),
        ("no statement", "saml:AuthnStatement", "saml:Advice", "AuthnStatement"),
        (
            "a session that has ended",
            "AuthnInstant=",
            "SessionNotOnOrAfter=\"2026-11-21T09:00:00Z\" AuthnInstant=",
            "expired",
        ),
        (
            "an unknown condition",
            "<saml:AudienceRestriction>",
            "<saml:Condition/><saml:AudienceRestriction>",
            "not known here",
        ),
        (
            "made in the future",
            "Version=\"2.0\" IssueInstant=\"2026-11-21T09:59:30Z\"><saml:Issuer",
            "Version=\"2.0\" IssueInstant=\"2026-11-21T10:02:00Z\"><saml:Issuer",
            "future",
        ),
        ("no time", "NotBefore=\"2026-11-21T09:59:30Z\"", "NotBefore=\"soon\"", "can’t be read"),
        ("a refusal", "status:Success", "status:Responder", "the provider refused (Responder)"),
        (
            "a refusal that says more",
            "Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>",
            "Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\"><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:AuthnFailed\"/></samlp:StatusCode>",
            "(AuthnFailed)",
        ),
        ("a refusal with markup", "status:Success", "status:&lt;script>", "the provider refused"),
        ("a comment in the name", ">nina<", ">nina@acme.example<!-- -->.evil.example<", "comment"),
        ("elements in the name", ">nina<", ">nina<b/><", "elements inside NameID"),
        (
            "two names",
            "<saml:NameID ",
            "<saml:NameID>boss</saml:NameID><saml:NameID ",
            "more than one NameID",
        ),
        ("two subjects", "<saml:Conditions", "<saml:Subject/><saml:Conditions", "more than one Subject"),
        (
            "encrypted",
            "<saml:AttributeStatement>",
            "<saml:AttributeStatement><saml:EncryptedAttribute/>",
            "is encrypted",
        ),
        ("another element", "<saml:Conditions", "<saml:Statement/><saml:Conditions", "do not belong"),
    ] {
        let xml = says.twisted(&KEY, |xml| {
            assert!(xml.contains(from), "{what}");
            xml.replace(from, to)
        });
        if what == "two requests" {
            // Only the attribute without a namespace counts.
            assert!(judged(&xml).is_ok());
            let other = xml.replacen("InResponseTo=\"_asked\"", "InResponseTo=\"_other\"", 1);
            refused(what, &other.replace("x:InResponseTo=\"_y\"", ""), "two requests at once");
            continue;
        }
        refused(what, &xml, why);
    }
    let encrypted =
        says.xml().replace("saml:Assertion", "saml:EncryptedAssertion").replace("@A@", "").replace("@R@", "");
    refused("an encrypted assertion", &encrypted, "is encrypted, which is not supported");
    let no_destination =
        says.xml().replace("@A@", "").replace("Destination=\"https://app.example/login/sso/acme/acs\"", "");
    refused("signed without destination", &KEY.signed(&no_destination, "RA1", "@R@"), "(Destination)");
}

#[test]
fn time_passes() {
    let xml = says().signed(&KEY);
    for (later, fine) in [(-91, false), (-89, true), (0, true), (359, true), (360, false), (100_000, false)] {
        assert_eq!(read_by(&[KEY.read()], &xml, later).is_ok(), fine, "{later}");
    }
}

#[test]
fn not_xml_that_is_read() {
    let signed = says().signed(&KEY);
    refused(
        "a document type",
        &format!("<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>{signed}"),
        "document type",
    );
    refused(
        "laughs",
        &format!("<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]>{signed}"),
        "document type",
    );
    refused(
        "depth",
        &signed.replace(">nina<", &format!(">{}{}<", "<a>".repeat(50), "</a>".repeat(50))),
        "nested too deeply",
    );
    refused("length", &signed.replace(">nina<", &format!(">{}<", "n".repeat(200_000))), "too long");
    refused(
        "elements",
        &signed.replace(">nina<", &format!(">{}<", "<a/>".repeat(2_001))),
        "too many elements",
    );
    let many = |count: usize| -> String { (0..count).map(|at| format!(" xmlns:p{at}=\"u\"")).collect() };
    let inside = format!("<a{}><b{}/></a>", many(60), many(50));
    refused("declarations", &signed.replace(">nina<", &format!(">{inside}<")), "declarations of namespaces");
    // Those of each value by itself are what honest providers write.
    let beside = format!("<a{}/>", many(2)).repeat(500);
    refused("beside each other", &signed.replace(">nina<", &format!(">nina{beside}<")), "changed after");
    refused("an id twice", &signed.replace("<samlp:Status>", "<samlp:Status Id=\"A1\">"), "id twice");
    refused("another message", "<a/>", "no SAML response");
    refused("nothing", "", "well-formed");
}
