//! The built-in components and themes, embedded, compiled once at start.

use crate::serving::files::SHEET;
use crate::serving::kept::Kept;
use data_encoding::HEXLOWER;
use engine_page::{Component, Kit, Theme};
use indexmap::IndexMap;
use kernel_core::{Error, Result};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeSet;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../components"]
struct Components;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../themes"]
struct Themes;

/// The order in which the editor offers components.
const ORDER: [&str; 10] =
    ["section", "columns", "hero", "text", "image", "button", "card", "list", "nav", "footer"];

/// The style sheet of the editor's canvas: what is selected, what is wrong; links do not lead away.
const CANVAS: &str = include_str!("editor/canvas.css");

/// Components, themes and the files that belong to them.
#[derive(Debug)]
pub struct Library {
    /// The components.
    pub kit: Kit,
    themes: IndexMap<String, BuiltTheme>,
    canvas: Sheet,
}

/// A theme with its style sheet as it is served.
#[derive(Debug)]
pub struct BuiltTheme {
    /// The theme.
    pub theme: Theme,
    /// Its style sheet, components included.
    pub sheet: Sheet,
    /// The address of its fonts and pictures, with a slash at the end.
    pub files: String,
    /// Names of its pictures.
    pub pictures: Vec<String>,
}

/// A style sheet with its hash in its address.
#[derive(Debug)]
pub struct Sheet {
    /// `/_theme/<hash>.css`.
    pub href: String,
    pub(crate) kept: Kept,
}

impl Library {
    /// Compiles everything.
    ///
    /// # Errors
    /// `internal`, with what is wrong in which folder.
    pub fn load() -> Result<Self> {
        let folders: BTreeSet<String> = Components::iter()
            .filter_map(|path| path.split_once('/').map(|parts| parts.0.to_owned()))
            .collect();
        let known = ORDER.iter().map(|name| (*name).to_owned());
        let others = folders.iter().filter(|name| !ORDER.contains(&name.as_str())).cloned();
        let mut components = Vec::new();
        for name in known.chain(others) {
            let text = |file: &str| {
                text(Components::get(&format!("{name}/{file}")), &format!("components/{name}/{file}"))
            };
            let component = Component::compile(
                &name,
                &text("schema.json")?,
                &text("template.html")?,
                &text("style.css")?,
            );
            components.push(component.map_err(Error::internal)?);
        }
        let kit = Kit::new(components);
        let names: BTreeSet<String> =
            Themes::iter().filter_map(|path| path.split_once('/').map(|parts| parts.0.to_owned())).collect();
        let mut themes = IndexMap::new();
        for name in names.into_iter().rev() {
            let built = build_theme(&name, &kit)?;
            themes.insert(name, built);
        }
        Ok(Self { kit, themes, canvas: Sheet::new(CANVAS) })
    }

    /// The themes, as menus show them.
    pub fn themes(&self) -> impl Iterator<Item = &BuiltTheme> {
        self.themes.values()
    }

    /// The theme of this name, else the first: a site never loses its looks because a theme was retired.
    #[must_use]
    pub fn theme(&self, name: &str) -> &BuiltTheme {
        self.themes.get(name).unwrap_or(&self.themes[0])
    }

    /// Whether there is a theme of this name.
    #[must_use]
    pub fn has_theme(&self, name: &str) -> bool {
        self.themes.contains_key(name)
    }

    /// The address of the canvas' style sheet.
    #[must_use]
    pub fn canvas_href(&self) -> &str {
        &self.canvas.href
    }

    pub(crate) fn sheet(&self, href: &str) -> Option<&Kept> {
        let themes = self.themes.values().map(|built| &built.sheet);
        themes.chain([&self.canvas]).find(|sheet| sheet.href == href).map(|sheet| &sheet.kept)
    }

    /// A font or picture: its bytes and whether `folder` names this very build of the theme.
    pub(crate) fn file(&self, folder: &str, file: &str) -> Option<(Cow<'static, [u8]>, bool)> {
        // In development files are read from disk: a name must stay within its folder.
        if file.contains(['/', '\\']) || file.starts_with('.') {
            return None;
        }
        let (name, _) = folder.rsplit_once('-')?;
        let built = self.themes.get(name)?;
        let found =
            ["fonts", "pictures"].iter().find_map(|kind| Themes::get(&format!("{name}/{kind}/{file}")))?;
        Some((found.data, built.files == format!("/_theme/{folder}/")))
    }
}

impl Sheet {
    fn new(css: &str) -> Self {
        Self {
            href: format!("/_theme/{}.css", short_hash(&[css.as_bytes()])),
            kept: Kept::new(css.to_owned(), &SHEET),
        }
    }
}

fn build_theme(name: &str, kit: &Kit) -> Result<BuiltTheme> {
    let read = |file: &str| text(Themes::get(&format!("{name}/{file}")), &format!("themes/{name}/{file}"));
    let theme = Theme::compile(name, &read("theme.json")?, &read("style.css")?).map_err(Error::internal)?;
    let mut pictures: Vec<String> = Vec::new();
    let mut parts = Vec::new();
    for path in Themes::iter().filter(|path| path.starts_with(&format!("{name}/"))) {
        if let Some(picture) = path.strip_prefix(&format!("{name}/pictures/")) {
            pictures.push(picture.to_owned());
        }
        parts.extend(Themes::get(&path).map(|file| file.data));
    }
    pictures.sort();
    let hash = short_hash(&parts.iter().map(AsRef::as_ref).collect::<Vec<_>>());
    let files = format!("/_theme/{name}-{hash}/");
    let sheet = Sheet::new(&theme.css(kit, &files));
    Ok(BuiltTheme { theme, sheet, files, pictures })
}

fn text(file: Option<rust_embed::EmbeddedFile>, path: &str) -> Result<String> {
    let file = file.ok_or_else(|| Error::internal(format!("{path} is missing")))?;
    String::from_utf8(file.data.into_owned()).map_err(Error::internal)
}

fn short_hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    HEXLOWER.encode(&hash.finalize()[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_in_compiles_and_is_found() {
        let library = Library::load().unwrap();
        assert_eq!(library.kit.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ORDER);
        for built in library.themes() {
            assert!(library.sheet(&built.sheet.href).is_some());
            let folder = built.files.trim_matches('/').strip_prefix("_theme/").unwrap();
            for picture in &built.pictures {
                let (bytes, current) = library.file(folder, picture).unwrap();
                assert!(bytes.starts_with(b"<svg") && current);
            }
            assert!(
                library.file(folder, "theme.json").is_none()
                    && library.file(folder, "../theme.json").is_none()
            );
        }
        assert!(library.has_theme("crust") && library.has_theme("atelier"));
        assert_eq!(library.theme("gone").theme.name, library.themes().next().unwrap().theme.name);
    }
}
