//! PATCH as the standard says, and as Okta and Entra write it.

use super::*;
use crate::scim::schemas::{GROUP, USER};
use proptest::prelude::*;
use serde_json::json;

fn patched(attrs: &'static [Attr], document: &Value, operations: Value) -> Result<Value> {
    let body: Body = serde_json::from_value(json!({ "Operations": operations })).unwrap();
    apply(attrs, document.as_object().cloned().unwrap(), &body).map(Value::Object)
}

fn ada() -> Value {
    json!({
        "userName": "ada@acme.example", "active": true, "name": {"givenName": "Ada"},
        "emails": [{"value": "ada@acme.example", "type": "work", "primary": true}, {"value": "b", "type": "home"}],
    })
}

#[test]
fn users() {
    let check = |operations: Value, change: Value| {
        let shown = operations.to_string();
        let mut expected = ada();
        for (name, value) in change.as_object().unwrap() {
            set(expected.as_object_mut().unwrap(), name, (!value.is_null()).then(|| value.clone()));
        }
        assert_eq!(patched(USER, &ada(), operations).unwrap(), expected, "{shown}");
    };
    check(json!([{"op": "Replace", "path": "active", "value": "False"}]), json!({"active": false}));
    check(json!([{"op": "replace", "value": {"active": false}}]), json!({"active": false}));
    check(
        json!([{"op": "add", "path": "name.familyName", "value": "Lovelace"}]),
        json!({"name": {"givenName": "Ada", "familyName": "Lovelace"}}),
    );
    check(
        json!([{"op": "Add", "value": {"name.familyName": "L", "displayName": "Ada", "schemas": ["x"], "title": "x",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "x"}}}]),
        json!({"name": {"givenName": "Ada", "familyName": "L"}, "displayName": "Ada"}),
    );
    check(
        json!([{"op": "replace", "path": "emails[type eq \"work\"].value", "value": "x@acme.example"}]),
        json!({"emails": [{"value": "x@acme.example", "type": "work", "primary": true}, {"value": "b", "type": "home"}]}),
    );
    check(
        json!([{"op": "Add", "path": "emails[type eq \"other\"].value", "value": "c"}]),
        json!({"emails": [{"value": "ada@acme.example", "type": "work", "primary": true}, {"value": "b", "type": "home"},
            {"type": "other", "value": "c"}]}),
    );
    check(
        json!([{"op": "add", "path": "emails", "value": [{"value": "c", "primary": true}, {"value": "b", "type": "home"}]}]),
        json!({"emails": [{"value": "ada@acme.example", "type": "work", "primary": false}, {"value": "b", "type": "home"},
            {"value": "c", "primary": true}]}),
    );
    check(
        json!([{"op": "remove", "path": "emails[type eq \"home\"]"}]),
        json!({"emails": [{"value": "ada@acme.example", "type": "work", "primary": true}]}),
    );
    check(
        json!([{"op": "remove", "path": "emails[value pr]"}, {"op": "Remove", "path": "name.givenName"}]),
        json!({"emails": null, "name": null}),
    );
    check(
        json!([{"op": "remove", "path": "displayName"}, {"op": "remove", "path": "name"}]),
        json!({"name": null}),
    );
    check(
        json!([{"op": "replace", "path": "name", "value": {"formatted": "A"}}]),
        json!({"name": {"givenName": "Ada", "formatted": "A"}}),
    );
    check(json!([{"op": "replace", "path": "name", "value": null}]), json!({"name": null}));
    let entra = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
    check(
        json!([{"op": "Add", "path": entra, "value": "x"}, {"op": "add", "path": "phoneNumbers[type eq \"work\"].value", "value": "1"}]),
        json!({}),
    );
}

#[test]
fn groups() {
    let bakers = json!({"displayName": "Bakers", "members": [{"value": "usr_1"}, {"value": "usr_2"}]});
    let members = |operations: Value| patched(GROUP, &bakers, operations).unwrap()["members"].clone();
    let more = json!([{"op": "Add", "path": "members", "value": [{"value": "usr_2", "display": "x"}, {"value": "usr_3"}]}]);
    assert_eq!(members(more), json!([{"value": "usr_1"}, {"value": "usr_2"}, {"value": "usr_3"}]));
    for gone in [
        json!([{"op": "Remove", "path": "members", "value": [{"value": "usr_1"}]}]),
        json!([{"op": "remove", "path": "members[value eq \"usr_1\"]"}]),
        json!([{"op": "replace", "path": "members", "value": [{"value": "usr_2"}]}]),
        json!([{"op": "replace", "value": {"members": ["usr_2"], "id": "grp_1"}}]),
    ] {
        assert_eq!(members(gone.clone()), json!([{"value": "usr_2"}]), "{gone}");
    }
    assert_eq!(members(json!([{"op": "remove", "path": "members"}])), Value::Null);
    assert_eq!(members(json!([{"op": "remove", "path": "members[value eq \"usr_9\"]"}])), bakers["members"]);
}

#[test]
fn mistakes() {
    for (operations, code) in [
        (json!([{"op": "move", "path": "active"}]), Code::BadRequest),
        (json!([{"op": "replace", "path": "shoe", "value": 1}]), Code::UnknownField),
        (json!([{"op": "replace", "path": "emails[", "value": 1}]), Code::BadFilter),
        (json!([{"op": "replace", "path": "id", "value": "x"}]), Code::ReadOnlyField),
        (json!([{"op": "add", "path": "groups", "value": []}]), Code::ReadOnlyField),
        (json!([{"op": "remove"}]), Code::UnknownRecord),
        (json!([{"op": "remove", "path": "userName"}]), Code::Required),
        (json!([{"op": "replace", "path": "userName", "value": null}]), Code::Required),
        (json!([{"op": "replace", "path": "active", "value": "maybe"}]), Code::WrongType),
        (json!([{"op": "replace", "value": true}]), Code::WrongType),
        (
            json!([{"op": "replace", "path": "emails[value co \"zz\"].type", "value": "work"}]),
            Code::UnknownRecord,
        ),
        (json!(vec![json!({"op": "remove", "path": "name"}); 1_001]), Code::TooMany),
    ] {
        let shown: String = operations.to_string().chars().take(80).collect();
        assert_eq!(patched(USER, &ada(), operations).unwrap_err().code(), code, "{shown}");
    }
}

/// Each was seconds and gigabytes before it was bounded.
#[test]
fn what_one_request_may_ask_for_is_bounded() {
    let member = |at: usize| json!({"value": format!("usr_{at}")});
    let all = |range: std::ops::Range<usize>| range.map(member).collect::<Vec<Value>>();
    let bakers = json!({"displayName": "Bakers"});
    let began = std::time::Instant::now();
    // As many as there may be, added, added again, removed.
    let add = json!([{"op": "add", "path": "members", "value": all(0..10_000)}]);
    let full = patched(GROUP, &bakers, add.clone()).unwrap();
    assert_eq!(full["members"].as_array().unwrap().len(), 10_000);
    assert_eq!(patched(GROUP, &full, add).unwrap(), full);
    let remove = json!([{"op": "remove", "path": "members", "value": all(0..9_999)}]);
    assert_eq!(patched(GROUP, &full, remove).unwrap()["members"], json!([member(9_999)]));
    // One more, in steps, too many at once, and too much to look through.
    let more = json!([{"op": "add", "path": "members", "value": all(9_999..10_001)}]);
    let steps: Vec<Value> = (0..3)
        .map(|at| json!({"op": "replace", "path": "members", "value": all(at * 7_000..(at + 1) * 7_000)}))
        .collect();
    let filters: Vec<Value> = (0..1_000)
        .map(|at| json!({"op": "remove", "path": format!("members[value eq \"usr_x{at}\"]")}))
        .collect();
    for operations in [more, json!(steps), json!(filters)] {
        assert_eq!(patched(GROUP, &full, operations).unwrap_err().code(), Code::TooMany);
    }
    let addresses: Vec<Value> = (0..30)
        .map(|at| json!({"op": "add", "path": "emails", "value": [{"value": format!("{at}@x.example")}]}))
        .collect();
    assert_eq!(patched(USER, &ada(), json!(addresses)).unwrap_err().code(), Code::TooMany);
    let made: Vec<Value> = (0..30)
        .map(|at| json!({"op": "add", "path": format!("emails[type eq \"t{at}\"].value"), "value": "x"}))
        .collect();
    assert_eq!(patched(USER, &ada(), json!(made)).unwrap_err().code(), Code::TooMany);
    assert!(began.elapsed() < std::time::Duration::from_secs(20), "{:?}", began.elapsed());
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        "[a-z]{0,4}".prop_map(Value::from),
        any::<i32>().prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 12, 3, |inside| {
        let names =
            prop::sample::select(vec!["value", "type", "primary", "emails", "name", "givenName", "active"]);
        prop_oneof![
            prop::collection::vec(inside.clone(), 0..3).prop_map(Value::Array),
            prop::collection::vec((names, inside), 0..3)
                .prop_map(|pairs| pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    /// Whatever is sent: no panic, and what comes out is a document that the schema reads as itself.
    #[test]
    fn the_document_stays_one_of_the_schema(
        operations in prop::collection::vec(
            (prop::sample::select(vec!["add", "Replace", "remove"]),
             prop::sample::select(vec!["", "active", "emails", "name", "name.givenName", "emails.type", "userName",
                "emails[type eq \"work\"]", "emails[type eq \"x\"].value", "emails[not (value pr)].primary"]),
             values()), 0..6)
    ) {
        let operations: Vec<Value> = operations.into_iter()
            .map(|(op, path, value)| json!({"op": op, "path": path, "value": value})).collect();
        if let Ok(document) = patched(USER, &ada(), Value::Array(operations)) {
            let again = crate::scim::schema::read(USER, document.as_object().unwrap()).unwrap();
            prop_assert_eq!(Value::Object(again), document);
        }
    }
}
