//! Every check of registration and assertion (WebAuthn Level 3, 7.1 and 7.2), seen to pass and seen to fail. Pure.

use crate::authenticator::{Authenticator, Form, Key, UP_UV};
use identity::passkeys::Refusal;
use identity::passkeys::ceremony::{Asserted, ClientData, Created, Known, Party, asserted, created};
use identity::passkeys::cose::PublicKey;
use identity::passkeys::wire::{Assertion, Registration};
use serde_json::{Value, json};

fn party() -> Party {
    Party::of("http://app.nclc.localhost:8080")
}

fn options() -> Value {
    json!({"challenge": "Y2hhbGxlbmdl"})
}

fn register(authenticator: &Authenticator) -> Result<Created, Refusal> {
    let given = Registration::read(&authenticator.create(&options()))?;
    created(&party(), &ClientData::read(&given.client_data)?, &given)
}

fn known(created: &Created) -> Known<'_> {
    Known {
        public_key: &created.public_key,
        sign_count: created.sign_count,
        backup_eligible: created.backup_eligible,
    }
}

fn assert_with(authenticator: &mut Authenticator, known: &Known) -> Result<Asserted, Refusal> {
    let given = Assertion::read(&authenticator.get(&options()))?;
    asserted(&party(), &ClientData::read(&given.client_data)?, &given, known)
}

#[test]
fn every_algorithm_registers_and_logs_in() {
    for key in [Key::es256(), Key::ed_dsa(), Key::rs256()] {
        let algorithm = key.algorithm();
        let mut authenticator = Authenticator::new(key);
        authenticator.counter = 7;
        let made = register(&authenticator).unwrap();
        assert_eq!((made.credential_id.as_slice(), made.sign_count), (authenticator.id.as_slice(), 7));
        assert_eq!(PublicKey::stored(&made.public_key).unwrap().algorithm(), algorithm);
        let used = assert_with(&mut authenticator, &known(&made)).unwrap();
        assert_eq!((used.sign_count, used.backed_up), (8, false), "{algorithm}");
        let other = Authenticator::new(Key::es256());
        let stranger = register(&other).unwrap();
        let refused = assert_with(&mut authenticator, &known(&stranger)).unwrap_err();
        assert_eq!(refused, Refusal::Signature, "another's key");
    }
}

type Bend = fn(&mut Authenticator);

#[test]
fn registrations_that_are_refused() {
    let cases: &[(&str, Bend, Refusal)] = &[
        ("type", |a| a.client = |c| c["type"] = json!("webauthn.get"), Refusal::Kind),
        ("origin", |a| a.origin = "http://evil.example".into(), Refusal::Origin),
        ("another port", |a| a.origin = "http://app.nclc.localhost:8081".into(), Refusal::Origin),
        ("another portal", |a| a.origin = "http://admin.nclc.localhost:8080".into(), Refusal::Origin),
        ("a tenant's site", |a| a.origin = "http://x.sites.nclc.localhost:8080".into(), Refusal::Origin),
        ("https for http", |a| a.origin = "https://app.nclc.localhost:8080".into(), Refusal::Origin),
        ("in a frame", |a| a.client = |c| c["crossOrigin"] = json!(true), Refusal::Origin),
        ("below another page", |a| a.client = |c| c["topOrigin"] = json!("http://x"), Refusal::Origin),
        ("host", |a| a.rp_id = "admin.nclc.localhost".into(), Refusal::Party),
        ("parent host", |a| a.rp_id = "nclc.localhost".into(), Refusal::Party),
        ("nobody present", |a| a.flags = 0x04, Refusal::Present),
        ("nobody verified", |a| a.flags = 0x01, Refusal::Verified),
        ("a copy of what has none", |a| a.flags = UP_UV | 0x10, Refusal::Backup),
        ("algorithm not asked for", |a| a.algorithm = -35, Refusal::Algorithm),
        ("algorithm of another kind of key", |a| a.algorithm = -8, Refusal::Algorithm),
        ("none with a statement", |a| a.form = Form::NoneWithStatement, Refusal::Attestation),
        ("self, forged", |a| a.form = Form::PackedSelfForged, Refusal::Attestation),
        ("self, other algorithm", |a| a.form = Form::PackedSelfOtherAlgorithm, Refusal::Attestation),
        ("other format", |a| a.form = Form::Other, Refusal::Attestation),
        ("something behind", |a| a.data = |d| d.push(0), Refusal::Malformed),
        ("cut", |a| a.data = |d| d.truncate(d.len() - 1), Refusal::Malformed),
        ("cut in the head", |a| a.data = |d| d.truncate(36), Refusal::Malformed),
        (
            "no key",
            |a| {
                a.data = |d| {
                    d.truncate(37);
                    d[32] = UP_UV;
                }
            },
            Refusal::Malformed,
        ),
        ("extensions missing", |a| a.flags = UP_UV | 0x80, Refusal::Malformed),
        ("length of the id", |a| a.data = |d| d[53] = 0xff, Refusal::Malformed),
        ("no id", |a| a.id = Vec::new(), Refusal::Malformed),
        ("too long an id", |a| a.id = vec![7; 1_024], Refusal::Malformed),
    ];
    for (what, bend, expected) in cases {
        let mut authenticator = Authenticator::new(Key::es256());
        bend(&mut authenticator);
        assert_eq!(register(&authenticator).map(|_| ()), Err(*expected), "{what}");
    }
    for form in [Form::None, Form::PackedSelf, Form::PackedCertificate] {
        let mut authenticator = Authenticator::new(Key::es256());
        authenticator.form = form;
        authenticator.flags = UP_UV | 0x18;
        let made = register(&authenticator).unwrap();
        assert!(made.backup_eligible && made.backed_up);
    }
    let mut with_extensions = Authenticator::new(Key::es256());
    with_extensions.flags = UP_UV | 0x80;
    with_extensions.data = |data| data.extend([0xa1, 0x61, b'x', 0xf5]);
    register(&with_extensions).unwrap();
}

#[test]
fn the_browser_names_the_credential_that_was_made() {
    let authenticator = Authenticator::new(Key::es256());
    let mut given = Registration::read(&authenticator.create(&options())).unwrap();
    assert_eq!(given.transports, ["internal"]);
    given.id[0] ^= 1;
    let client = ClientData::read(&given.client_data).unwrap();
    assert_eq!(created(&party(), &client, &given), Err(Refusal::Credential));
}

#[test]
fn assertions_that_are_refused() {
    let cases: &[(&str, Bend, Refusal)] = &[
        ("type", |a| a.client = |c| c["type"] = json!("webauthn.create"), Refusal::Kind),
        ("origin", |a| a.origin = "http://app.nclc.localhost.evil.example:8080".into(), Refusal::Origin),
        ("another portal", |a| a.origin = "http://admin.nclc.localhost:8080".into(), Refusal::Origin),
        ("in a frame", |a| a.client = |c| c["crossOrigin"] = json!(true), Refusal::Origin),
        ("host", |a| a.rp_id = "sites.nclc.localhost".into(), Refusal::Party),
        ("nobody present", |a| a.flags = 0x04, Refusal::Present),
        ("nobody verified", |a| a.flags = 0x01, Refusal::Verified),
        ("a copy of what has none", |a| a.flags = UP_UV | 0x10, Refusal::Backup),
        ("copies came to be possible", |a| a.flags = UP_UV | 0x08, Refusal::Backup),
        ("signature", |a| a.signature = |s| s[12] ^= 1, Refusal::Signature),
        ("no signature", |a| a.signature = Vec::clear, Refusal::Signature),
        ("something behind", |a| a.data = |d| d.push(0), Refusal::Malformed),
        ("cut", |a| a.data = |d| d.truncate(36), Refusal::Malformed),
        ("counter the same", |a| a.counter = 6, Refusal::Counter),
        ("counter back", |a| a.counter = 2, Refusal::Counter),
        ("counter to nothing", |a| a.data = |d| d[33..37].fill(0), Refusal::Counter),
    ];
    for (what, bend, expected) in cases {
        let mut authenticator = Authenticator::new(Key::es256());
        authenticator.counter = 7;
        let made = register(&authenticator).unwrap();
        bend(&mut authenticator);
        assert_eq!(assert_with(&mut authenticator, &known(&made)), Err(*expected), "{what}");
    }
}

#[test]
fn client_data_is_what_was_signed() {
    let mut authenticator = Authenticator::new(Key::es256());
    let made = register(&authenticator).unwrap();
    let mut given = Assertion::read(&authenticator.get(&options())).unwrap();
    let text = String::from_utf8(given.client_data.clone()).unwrap();
    given.client_data = text.replace("Y2hhbGxlbmdl", "b3RoZXI").into_bytes();
    let client = ClientData::read(&given.client_data).unwrap();
    assert_eq!(asserted(&party(), &client, &given, &known(&made)), Err(Refusal::Signature));
}

#[test]
fn authenticators_that_do_not_count_are_taken() {
    let authenticator = Authenticator::new(Key::es256());
    let made = register(&authenticator).unwrap();
    for _ in 0..2 {
        let given = Assertion::read(&authenticator.get_again(&options())).unwrap();
        let client = ClientData::read(&given.client_data).unwrap();
        assert_eq!(asserted(&party(), &client, &given, &known(&made)).unwrap().sign_count, 0);
    }
}

#[test]
fn what_is_no_answer_is_malformed() {
    let good = Authenticator::new(Key::es256()).create(&options());
    let bend = |change: fn(&mut Value)| {
        let mut value: Value = serde_json::from_str(&good).unwrap();
        change(&mut value);
        value.to_string()
    };
    for (what, text) in [
        ("nothing", String::new()),
        ("no JSON", "{".into()),
        ("too long", format!("{good}{}", " ".repeat(40_000))),
        ("type", bend(|v| v["type"] = json!("password"))),
        ("id", bend(|v| v["rawId"] = json!("!"))),
        ("no response", bend(|v| v["response"] = json!(null))),
        ("no client data", bend(|v| v["response"]["clientDataJSON"] = json!(7))),
    ] {
        assert_eq!(Registration::read(&text).map(|_| ()), Err(Refusal::Malformed), "{what}");
        assert_eq!(Assertion::read(&text).map(|_| ()), Err(Refusal::Malformed), "{what}");
    }
    for text in ["", "null", "[]", "{\"type\":\"webauthn.get\"}", "\u{feff}{}"] {
        assert_eq!(ClientData::read(text.as_bytes()).map(|_| ()), Err(Refusal::Malformed), "{text:?}");
    }
}

#[test]
fn keys_that_are_none() {
    let good = Key::es256().cose(-7);
    let rsa = Key::rs256().cose(-257);
    assert!(PublicKey::stored(&good).is_ok() && PublicKey::stored(&rsa).is_ok());
    let cases: &[(&str, Vec<u8>)] = &[
        ("empty", Vec::new()),
        ("no map", vec![0x80]),
        ("a map without end", vec![0xbf]),
        ("a huge map", vec![0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ("cut", good[..good.len() - 1].to_vec()),
        ("something behind", [good.as_slice(), &[0]].concat()),
        ("a label twice", [&[0xa6][..], &good[1..], &[0x01, 0x02]].concat()),
        ("text for a label", vec![0xa1, 0x61, b'x', 0x01]),
    ];
    for (what, bytes) in cases {
        assert_eq!(PublicKey::stored(bytes), Err(Refusal::Malformed), "{what}");
    }
    assert_eq!(PublicKey::stored(&[0xa0]), Err(Refusal::Algorithm), "says nothing");
}
