//! Themes are complete, their CSS is well formed, and their colours can be read in light and dark.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

/// WCAG 2.2 relative luminance of `#rrggbb`.
fn luminance(hex: &str) -> f64 {
    let part = |at: usize| {
        let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

fn contrast(a: &str, b: &str) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn text_has_contrast_in_light_and_dark() {
    for theme in common::themes() {
        for dark in [false, true] {
            let colour = |token: &str| theme.colour(token, dark).unwrap();
            for (text, ground) in [
                ("ink", "paper"),
                ("soft", "paper"),
                ("accent", "paper"),
                ("ink", "raised"),
                ("soft", "raised"),
                ("on-accent", "accent"),
                ("on-band", "band"),
            ] {
                let ratio = contrast(colour(text), colour(ground));
                assert!(ratio >= 4.5, "{} dark={dark}: {text} on {ground} has {ratio:.2}", theme.name);
            }
        }
    }
}

#[test]
fn style_sheets_are_whole() {
    let kit = common::kit();
    let themes = common::themes();
    assert_eq!(themes.iter().map(|theme| theme.name.as_str()).collect::<Vec<_>>(), ["atelier", "crust"]);
    for theme in themes {
        let css = theme.css(&kit, "/_theme/x/");
        assert_eq!(css.matches('{').count(), css.matches('}').count(), "{}", theme.name);
        assert!(!css.contains("@import") && !css.contains("http"), "{} loads from elsewhere", theme.name);
        for used in css.split("var(--").skip(1) {
            let (name, after) = used.split_at(used.find([')', ',']).unwrap());
            let defined = css.contains(&format!("--{name}:")) || after.starts_with(',');
            assert!(defined, "{} uses --{name}, which nothing sets", theme.name);
        }
        let pictures = common::repository().join("themes").join(&theme.name).join("pictures");
        assert!(pictures.join("lead.svg").is_file(), "{} has no leading picture", theme.name);
        for file in css.split("url(\"/_theme/x/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(
                common::repository().join("themes").join(&theme.name).join("fonts").join(file).is_file(),
                "{file}"
            );
        }
    }
}
