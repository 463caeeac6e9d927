//! Formulas kept by field id: renames, hidden names, deleted fields.

use engine_expr::{Scope, Type, compile, compile_stored, format, parse, shown, stored};

const CITY: &str = "fld00000000000003";
const PRICE: &str = "fld00000000000005";

fn scope(city: &str, price: &str) -> Scope {
    let mut scope = Scope::new();
    scope.add(city, CITY, 3, Type::Text).add(price, PRICE, 5, Type::Number);
    scope
}

#[test]
fn a_rename_shows_the_new_name_and_keeps_the_text_as_it_was_written() {
    let text = "IF( {Price}>3,\n  city & \"{Price}\" , '-' )";
    let kept = stored(text, &scope("City", "Price")).unwrap();
    assert_eq!(kept, format!("IF( {{{PRICE}}}>3,\n  {{{CITY}}} & \"{{Price}}\" , '-' )"));
    assert_eq!(
        shown(&kept, &scope("Town {old}", "Price \\ net")).unwrap(),
        "IF( {Price \\\\ net}>3,\n  {Town {old\\}} & \"{Price}\" , '-' )"
    );
    let again = stored(
        &shown(&kept, &scope("Town {old}", "Price \\ net")).unwrap(),
        &scope("Town {old}", "Price \\ net"),
    );
    assert_eq!(again.unwrap(), kept);
}

#[test]
fn ids_win_over_names_in_kept_formulas() {
    // A field that is named like another's id.
    let scope = scope(PRICE, "Price");
    let kept = stored("{Price} * 2", &scope).unwrap();
    assert_eq!(compile_stored(&kept, &scope).unwrap().reads(), [5]);
    assert!(compile(&kept, &scope).is_err(), "as a person writes it, it is the text field");
    assert_eq!(shown(&kept, &scope).unwrap(), "{Price} * 2");
}

#[test]
fn a_hidden_or_deleted_field_keeps_its_id() {
    let mut twice = scope("City", "Price");
    twice.add("City", "fld00000000000009", 9, Type::Text);
    assert_eq!(shown(&format!("{{{CITY}}} & \"\""), &twice).unwrap(), format!("{{{CITY}}} & \"\""));
    let mut gone = Scope::new();
    gone.add("City", CITY, 3, Type::Text);
    let kept = format!("{{{PRICE}}} + 1");
    assert_eq!(shown(&kept, &gone).unwrap(), kept);
    assert_eq!(compile_stored(&kept, &gone).unwrap_err()[0].code.as_str(), "unknown_field");
    assert!(stored("1 +", &gone).is_err());
}

#[test]
fn long_formulas_break_at_arguments_and_conditions() {
    let long = "if({Status of the order}=\"paid\" and {Amount to be paid}>1000,round({Amount to be paid}*0.95,2),\
                if({Status of the order}=\"new\",0,{Amount to be paid}))";
    assert_eq!(
        format(long).unwrap(),
        "IF(\n  {Status of the order} = \"paid\" and {Amount to be paid} > 1000,\n  \
         ROUND({Amount to be paid} * 0.95, 2),\n  IF({Status of the order} = \"new\", 0, {Amount to be paid})\n)"
    );
    let chain = ["{Name of the field} = 1"; 6].join(" or ");
    let lines = format(&chain).unwrap();
    assert_eq!(lines, ["{Name of the field} = 1"; 6].join("\nor "));
    assert_eq!(format(" 1+2 ").unwrap(), "1 + 2");
}

/// Found by the fuzz target: capitals of a letter outside ASCII can be several characters, of which some are no letters.
#[test]
fn a_name_that_is_no_function_stays_readable() {
    for text in ["\u{390}i() = -2", "ŉ(1)", "ſum(1)"] {
        let formatted = format(text).unwrap();
        assert_eq!(parse(&formatted).ast.print(), parse(text).ast.print(), "{text} as {formatted}");
    }
}
