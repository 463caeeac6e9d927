//! Component templates: MiniJinja with everything dangerous left out.
//!
//! An environment of its own per component, so no template can include another. Starts from the empty environment and
//! adds a short list of filters and tests; there is no loader, no `safe`, no function; HTML is escaped always; what is
//! not defined is an error; every rendering has fuel.

use crate::component::Component;
use crate::limits;
use crate::rich_text::escape;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, Value, filters, tests};

const NAME: &str = "template";

pub(crate) fn environment(_component: &str, source: &str) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::empty();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(limits::FUEL));
    environment.set_formatter(|out, state, value| {
        if value.is_none() {
            // A prop without a value shows nothing, not the word "none".
            return Ok(());
        }
        match value.as_str() {
            // The crate's own escaping leaves `/` as it is, unlike MiniJinja's, so that addresses can be read.
            Some(text) if !value.is_safe() => {
                let mut escaped = String::with_capacity(text.len());
                escape(&mut escaped, text);
                out.write_str(&escaped).map_err(Error::from)
            }
            _ => minijinja::escape_formatter(out, state, value),
        }
    });
    environment.add_filter("upper", filters::upper);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("length", filters::length);
    environment.add_filter("first", filters::first);
    environment.add_filter("last", filters::last);
    environment.add_filter("join", filters::join);
    environment.add_filter("default", filters::default);
    environment.add_filter("replace", filters::replace);
    environment.add_test("defined", tests::is_defined);
    environment.add_test("none", tests::is_none);
    environment.add_test("odd", tests::is_odd);
    environment.add_test("even", tests::is_even);
    environment.add_template_owned(NAME, source.trim().to_owned())?;
    Ok(environment)
}

pub(super) fn render(component: &Component, context: Value) -> Result<String, Error> {
    component.environment.get_template(NAME)?.render(context)
}
