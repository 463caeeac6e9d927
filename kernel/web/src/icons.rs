//! `icon('name')` in templates: the drawing itself, from the sprite that `npm run icons` writes (Lucide, ISC).

use crate::templates::escape;
use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, Error, ErrorKind};
use std::collections::HashMap;

const SPRITE: &str = include_str!("../../../ui/icons/sprite.svg");

fn drawings() -> HashMap<&'static str, &'static str> {
    SPRITE
        .split("<symbol ")
        .skip(1)
        .filter_map(|symbol| {
            let (head, rest) = symbol.split_once('>')?;
            let name = head.split("id=\"").nth(1)?.split('"').next()?;
            let (drawing, _) = rest.split_once("</symbol>")?;
            Some((name, drawing))
        })
        .collect()
}

/// Registers `icon(name, class=…, label=…)`. Without a label the picture is hidden from assistive technology.
pub(crate) fn register(env: &mut Environment<'static>) {
    let drawings = drawings();
    env.add_function("icon", move |name: &str, options: Kwargs| {
        let drawing = drawings.get(name).ok_or_else(|| {
            Error::new(ErrorKind::InvalidOperation, format!("there is no icon named {name}"))
        })?;
        let class: Option<String> = options.get("class")?;
        let label: Option<String> = options.get("label")?;
        options.assert_all_used()?;
        let class = class.map_or_else(String::new, |class| format!(" {}", escape(&class)));
        let name = label.map_or_else(
            || "aria-hidden=\"true\"".to_owned(),
            |label| format!("role=\"img\" aria-label=\"{}\"", escape(&label)),
        );
        let svg = format!("<svg class=\"i{class}\" viewBox=\"0 0 24 24\" {name}>{drawing}</svg>");
        Ok(Value::from_safe_string(svg))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sprite_holds_drawings_by_name() {
        let drawings = drawings();
        assert!(drawings.len() > 100, "{}", drawings.len());
        assert!(drawings["check"].starts_with("<path"));
        assert!(drawings.contains_key("logo"));
    }

    #[test]
    fn icons_are_safe_markup_and_unknown_ones_are_errors() {
        let mut env = Environment::new();
        register(&mut env);
        env.add_template("x.html", "{{ icon('check', label='a\"b') }}").unwrap();
        env.add_template("y.html", "{{ icon('nothing-like-it') }}").unwrap();
        let html = env.get_template("x.html").unwrap().render(()).unwrap();
        assert!(html.starts_with("<svg class=\"i\" ") && html.contains("aria-label=\"a&quot;b\""), "{html}");
        assert!(env.get_template("y.html").unwrap().render(()).is_err());
    }
}
