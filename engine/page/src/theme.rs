//! Themes: named tokens in light and dark, and CSS that uses them.
//!
//! A theme is a folder `themes/<name>/{theme.json,style.css,fonts/,pictures/}`. Every theme has a picture `lead.svg`, so
//! that the opening of a page has one in another theme as well. [`Theme::css`] is one style sheet: fonts, tokens
//! as custom properties, the base rules of every site, the components' styles, the theme's own last.

use crate::component::Kit;
use crate::schema::is_file_name;
use indexmap::IndexMap;
use serde::Deserialize;
use std::fmt::Write as _;

/// Tokens that every theme must set, so that every component looks right in every theme.
pub const COLOURS: [&str; 9] =
    ["paper", "raised", "ink", "soft", "line", "accent", "on-accent", "band", "on-band"];
/// Tokens that do not depend on light or dark.
pub const MEASURES: [&str; 8] =
    ["font-text", "font-head", "size-text", "size-h1", "size-h2", "radius", "gutter", "gap"];

/// A theme.
#[derive(Clone, Debug)]
pub struct Theme {
    /// `crust`.
    pub name: String,
    /// The label in the editor.
    pub title: String,
    /// One sentence.
    pub description: String,
    /// The hero's layout on new sites with this theme.
    pub opening: String,
    fonts: Vec<Font>,
    light: IndexMap<String, String>,
    dark: IndexMap<String, String>,
    measures: IndexMap<String, String>,
    style: String,
}

/// Why a theme can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("theme {name}: {problem}")]
pub struct BadTheme {
    /// Its name.
    pub name: String,
    /// What is wrong.
    pub problem: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Font {
    family: String,
    file: String,
    weight: String,
    #[serde(default)]
    italic: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    title: String,
    description: String,
    #[serde(default = "split")]
    opening: String,
    #[serde(default)]
    fonts: Vec<Font>,
    light: IndexMap<String, String>,
    dark: IndexMap<String, String>,
    measures: IndexMap<String, String>,
}

impl Theme {
    /// Reads a theme from its two files.
    ///
    /// # Errors
    /// What is wrong with `theme.json`.
    pub fn compile(name: &str, manifest: &str, style: &str) -> Result<Self, BadTheme> {
        let bad = |problem: String| BadTheme { name: name.to_owned(), problem };
        let manifest: Manifest = serde_json::from_str(manifest).map_err(|error| bad(error.to_string()))?;
        let groups: [(&str, &IndexMap<String, String>, &[&str]); 3] = [
            ("light", &manifest.light, &COLOURS),
            ("dark", &manifest.dark, &COLOURS),
            ("measures", &manifest.measures, &MEASURES),
        ];
        for (group, tokens, needed) in groups {
            if let Some(missing) = needed.iter().find(|token| !tokens.contains_key(**token)) {
                return Err(bad(format!("{group} lacks {missing}")));
            }
            if let Some((token, value)) =
                tokens.iter().find(|(_, value)| value.contains([';', '{', '}', '<']))
            {
                return Err(bad(format!("{group}/{token} has a value that would leave its place: {value}")));
            }
        }
        if let Some(font) = manifest.fonts.iter().find(|font| !is_file_name(&font.file)) {
            return Err(bad(format!("the font file {} must be a plain file name", font.file)));
        }
        Ok(Self {
            name: name.to_owned(),
            title: manifest.title,
            description: manifest.description,
            opening: manifest.opening,
            fonts: manifest.fonts,
            light: manifest.light,
            dark: manifest.dark,
            measures: manifest.measures,
            style: style.to_owned(),
        })
    }

    /// A colour token, for previews: `paper`, `ink`, `accent` …
    #[must_use]
    pub fn colour(&self, token: &str, dark: bool) -> Option<&str> {
        let tokens = if dark { &self.dark } else { &self.light };
        tokens.get(token).map(String::as_str)
    }

    /// The style sheet of a site with this theme. `files`: the address under which the theme's fonts are, with a slash at the end.
    #[must_use]
    pub fn css(&self, kit: &Kit, files: &str) -> String {
        let mut out = String::with_capacity(32 << 10);
        for font in &self.fonts {
            let style = if font.italic { "italic" } else { "normal" };
            let _ = writeln!(
                out,
                "@font-face{{font-family:\"{}\";src:url(\"{files}{}\") format(\"woff2\");font-weight:{};font-style:{style};font-display:swap}}",
                font.family, font.file, font.weight
            );
        }
        out.push_str(":root{color-scheme:light;");
        tokens(&mut out, &self.measures);
        tokens(&mut out, &self.light);
        out.push_str("}\n@media (prefers-color-scheme:dark){:root[data-scheme=auto]{color-scheme:dark;");
        tokens(&mut out, &self.dark);
        out.push_str("}}\n:root[data-scheme=dark]{color-scheme:dark;");
        tokens(&mut out, &self.dark);
        out.push_str("}\n");
        out.push_str(include_str!("base.css"));
        out.push_str(&kit.css());
        out.push_str(&self.style);
        out
    }
}

fn split() -> String {
    "split".to_owned()
}

fn tokens(out: &mut String, tokens: &IndexMap<String, String>) {
    for (name, value) in tokens {
        let _ = write!(out, "--{name}:{value};");
    }
}
