//! Filters: what they mean, what is refused, and that every filter that is written out reads back as itself.

use super::*;
use crate::scim::schemas::USER;
use proptest::prelude::*;
use serde_json::json;

fn ada() -> Doc {
    let value = json!({
        "id": "usr_Ab", "userName": "Ada@acme.example", "externalId": "X1", "active": true,
        "name": {"givenName": "Ada"},
        "emails": [{"value": "ada@acme.example", "type": "work", "primary": true},
                   {"value": "ada@home.example", "type": "home"}],
        "meta": {"lastModified": "2026-11-21T10:00:00Z"},
    });
    value.as_object().cloned().unwrap()
}

#[test]
fn filters_mean_what_the_standard_says() {
    for (text, expected) in [
        ("userName eq \"ada@ACME.example\"", true),
        ("USERNAME Eq \"ada@acme.example\"", true),
        ("urn:ietf:params:scim:schemas:core:2.0:User:userName sw \"ADA\"", true),
        ("externalId eq \"x1\"", false),
        ("externalId eq \"X1\"", true),
        ("id eq \"usr_ab\"", false),
        ("emails eq \"ada@home.example\"", true),
        ("emails.value ew \"@home.example\"", true),
        ("emails.type eq \"work\" and emails.value co \"home\"", true),
        ("emails[type eq \"work\" and value co \"home\"]", false),
        ("emails[type eq \"home\"]", true),
        ("emails ne \"ada@home.example\"", false),
        ("active eq true", true),
        ("active eq \"True\"", true),
        ("active ne true", false),
        ("name.familyName pr", false),
        ("name.givenName pr and not (active eq false)", true),
        ("displayName eq null", true),
        ("userName eq \"x\" or userName eq \"y\" and active eq true", false),
        ("(userName eq \"x\" or active eq true) and id pr", true),
        ("meta.lastModified gt \"2026-11-21T09:59:59.5+00:00\"", true),
        ("meta.lastModified le \"2026-11-21T09:59:59Z\"", false),
        ("userName eq \"a\\\"b\"", false),
    ] {
        let filter = Filter::parse(USER, text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(filter.holds(&ada()), expected, "{text}");
    }
}

#[test]
fn mistakes_have_a_place() {
    let deep = format!("{}active eq true{}", "(".repeat(30), ")".repeat(30));
    let many = ["active eq true"; 60].join(" or ");
    let long = format!("userName eq \"{}\"", "x".repeat(2_000));
    for (text, part) in [
        ("", "character 1: a condition"),
        ("userName", "a comparison should"),
        ("userName eq", "a value should"),
        ("userName is \"x\"", "character 10: this is no comparison"),
        ("shoe eq \"x\"", "character 1: there is no attribute"),
        ("name.shoe eq \"x\"", "no attribute"),
        ("userName eq x", "a text in quotes"),
        ("userName eq 5", "a text in quotes"),
        ("userName eq \"x", "does not end"),
        ("userName gt true", "can't be compared"),
        ("active gt true", "can't be compared"),
        ("active eq \"maybe\"", "true or false"),
        ("meta.created gt \"yesterday\"", "can't be compared"),
        ("(active eq true", "a ) should"),
        ("emails[type eq \"work\"", "a ] should"),
        ("userName[value eq \"x\"]", "no parts"),
        ("active eq true;", "no meaning"),
        ("active eq true active", "should end here"),
        (&deep, "nested more than"),
        (&many, "more than 50 conditions"),
        (&long, "2000 characters at most"),
    ] {
        let error = Filter::parse(USER, text).unwrap_err();
        assert!(error.code() == Code::BadFilter && error.message().contains(part), "{text}: {error}");
    }
}

#[test]
fn paths() {
    let read = |text| Target::parse(USER, text);
    let target = read("emails[type eq \"work\"].value").unwrap().unwrap();
    assert_eq!((target.attr.name, target.sub.unwrap().name), ("emails", "value"));
    let mut item = Doc::new();
    assert!(target.filter.unwrap().demands(&mut item));
    assert_eq!(Value::Object(item), json!({"type": "work"}));
    let long = "urn:ietf:params:scim:schemas:core:2.0:User:name.givenName";
    assert_eq!(read(long).unwrap().unwrap().sub.unwrap().name, "givenName");
    for unknown in ["shoe", "name.shoe", "emails[type eq \"work\"].shoe", "urn:x:y:department"] {
        assert_eq!(read(unknown).unwrap(), None, "{unknown}");
    }
    for wrong in
        ["", "emails[", "emails[type eq \"work\"] value", "userName[type eq \"x\"]", "emails]", "\"x\""]
    {
        assert_eq!(read(wrong).unwrap_err().code(), Code::BadFilter, "{wrong}");
    }
}

fn leaves() -> impl Strategy<Value = Filter> {
    let place = |name: &str, sub: Option<&str>| {
        let attr = attribute(USER, name).unwrap();
        Place { attr, sub: sub.map(|sub| find(attr.parts(), sub).unwrap()) }
    };
    let texts = [place("userName", None), place("name", Some("givenName")), place("emails", None)];
    let ops = prop::sample::select(Op::ALL.map(|(op, _)| op).to_vec());
    prop_oneof![
        (prop::sample::select(texts.to_vec()), ops, any::<String>())
            .prop_map(|(place, op, text)| Filter::Is(place, op, Literal::Text(text))),
        any::<bool>().prop_map(move |flag| Filter::Is(place("active", None), Op::Eq, Literal::Flag(flag))),
        Just(Filter::Has(place("displayName", None))),
        Just(Filter::Is(place("externalId", None), Op::Ne, Literal::Nothing)),
    ]
}

fn filters() -> impl Strategy<Value = Filter> {
    leaves().prop_recursive(4, 16, 2, |inside| {
        prop_oneof![
            inside.clone().prop_map(|filter| Filter::Not(Box::new(filter))),
            (inside.clone(), inside.clone()).prop_map(|(a, b)| Filter::And(Box::new(a), Box::new(b))),
            (inside.clone(), inside).prop_map(|(a, b)| Filter::Or(Box::new(a), Box::new(b))),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_out_reads_back(filter in filters()) {
        let text = filter.to_string();
        prop_assume!(text.chars().count() <= MOST_CHARACTERS);
        prop_assert_eq!(Filter::parse(USER, &text).unwrap(), filter);
    }

    #[test]
    fn no_text_breaks_the_reader(text in "[a-zA-Z\"\\\\()\\[\\]. :]{0,80}", any in any::<String>()) {
        for text in [text, any] {
            if let Ok(filter) = Filter::parse(USER, &text) {
                filter.holds(&ada());
            }
            let _read = Target::parse(USER, &text);
        }
    }

    #[test]
    fn not_turns_around(filter in filters()) {
        let turned = Filter::Not(Box::new(filter.clone()));
        prop_assert_eq!(turned.holds(&ada()), !filter.holds(&ada()));
    }
}
