//! The built-in components from their folders, and sample data.

#![allow(dead_code, reason = "each test file uses another part")]

use engine_page::{
    Collection, CollectionField, CollectionRow, Component, Data, Kit, MenuItem, PageLink, Theme,
};
use serde_json::json;
use std::path::{Path, PathBuf};

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn folders(name: &str) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(repository().join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    folders
}

pub fn kit() -> Kit {
    Kit::new(folders("components").into_iter().map(|folder| {
        let text = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
        let name = folder.file_name().unwrap().to_str().unwrap();
        Component::compile(name, &text("schema.json"), &text("template.html"), &text("style.css")).unwrap()
    }))
}

pub fn themes() -> Vec<Theme> {
    let themes = folders("themes").into_iter().map(|folder| {
        let text = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
        let name = folder.file_name().unwrap().to_str().unwrap();
        Theme::compile(name, &text("theme.json"), &text("style.css")).unwrap()
    });
    themes.collect()
}

pub fn data() -> Data {
    let row = |n: u32, name: &str, price: serde_json::Value| CollectionRow {
        id: format!("rec{n}"),
        values:
            json!({"fldName": name, "fldPrice": price, "fldSite": "https://a.example/x", "fldPic": "/p.svg",
            "fldBad": "javascript:alert(1)", "fldMail": "a@b.example", "fldDone": true,
            "fldLinks": [{"id": "rec9", "name": "One"}, {"id": "rec8", "name": "Two"}]})
            .as_object()
            .unwrap()
            .clone(),
    };
    let field = |id: &str, name: &str, kind: &str| CollectionField {
        id: id.to_owned(),
        name: name.to_owned(),
        kind: kind.to_owned(),
    };
    Data {
        site_name: "Tarwe & Co".to_owned(),
        path: "/".to_owned(),
        title: "Home".to_owned(),
        pages: [("pag_home", "/", "Home"), ("pag_about", "/about", "About")]
            .map(|(id, path, title)| {
                (id.to_owned(), PageLink { path: path.to_owned(), title: title.to_owned() })
            })
            .into(),
        menu: vec![
            MenuItem { label: "Home".to_owned(), href: "/".to_owned(), current: true },
            MenuItem { label: "About <us>".to_owned(), href: "/about".to_owned(), current: false },
        ],
        collections: [(
            "viw1".to_owned(),
            Collection {
                fields: vec![field("fldName", "Name", "text"), field("fldPrice", "Price", "number")],
                rows: vec![
                    row(1, "Rye <b>", json!(6.2)),
                    row(2, "Baguette", json!(2.0)),
                    row(3, "Bun", json!(null)),
                ],
            },
        )]
        .into(),
        assets: [("ast_1".to_owned(), "/_assets/ast_1.jpg".to_owned())].into(),
        pictures: "/_theme/crust/".to_owned(),
        picture_names: vec!["shelf.svg".to_owned()],
    }
}
