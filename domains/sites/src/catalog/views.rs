//! Contexts of the pages about sites as a whole.

use kernel_web::{FormState, View, register_view};
use serde::Serialize;

/// `app/sites/list.html`.
#[derive(Serialize)]
pub(crate) struct SitesView {
    pub slug: String,
    pub sites: Vec<SiteCard>,
    /// Sites in the trash: id and name.
    pub trash: Vec<(String, String)>,
    pub may_manage: bool,
    /// The site that was just deleted.
    pub deleted: Option<String>,
}

/// A site in the list.
#[derive(Serialize)]
pub(crate) struct SiteCard {
    pub id: String,
    pub name: String,
    pub host: String,
    pub url: String,
    pub live: bool,
    pub pages: u64,
    pub changed: u64,
    pub published_at: Option<String>,
    /// The home page, for the picture.
    pub home: Option<String>,
}

/// `app/sites/new.html`.
#[derive(Serialize)]
pub(crate) struct NewSiteView {
    pub slug: String,
    pub form: FormState,
    pub themes: Vec<ThemeCard>,
    pub bases: Vec<(String, String)>,
    /// What stands after the address: `.sites.example`.
    pub domain: String,
}

/// A theme to choose.
#[derive(Clone, Serialize)]
pub(crate) struct ThemeCard {
    pub name: String,
    pub title: String,
    pub description: String,
    /// Colours: paper, ink, accent, band; light, then dark.
    pub colours: [[String; 4]; 2],
    /// A picture of the theme.
    pub picture: Option<String>,
}

/// `app/sites/site.html`.
#[derive(Serialize)]
pub(crate) struct SiteView {
    pub slug: String,
    pub id: String,
    pub name: String,
    pub host: String,
    pub url: String,
    pub live: bool,
    pub changed: u64,
    pub pages: Vec<PageRow>,
    pub settings: FormState,
    pub new_page: FormState,
    /// Whether the dialog for a new page is open.
    pub open_new: bool,
    pub themes: Vec<(String, String)>,
    pub bases: Vec<(String, String)>,
    pub may_edit: bool,
    pub may_publish: bool,
    pub may_manage: bool,
    /// The page that was just deleted.
    pub deleted: Option<String>,
    /// How many pages were just published.
    pub published: Option<usize>,
}

/// A page of a site.
#[derive(Serialize)]
pub(crate) struct PageRow {
    pub id: String,
    pub title: String,
    pub path: String,
    pub in_menu: bool,
    /// Whether visitors see it.
    pub live: bool,
    /// Whether the draft is another than what they see.
    pub changed: bool,
    pub saved_at: String,
    pub url: String,
}

/// `app/sites/publish.html`.
#[derive(Serialize)]
pub(crate) struct PublishView {
    pub slug: String,
    pub id: String,
    pub name: String,
    pub host: String,
    pub pages: Vec<PendingPage>,
    /// The drafts that the page shows: `pag_…:pgv_…` joined by commas.
    pub drafts: String,
    pub may_publish: bool,
    pub message: Option<String>,
}

/// A page that publishing would change.
#[derive(Serialize)]
pub(crate) struct PendingPage {
    pub id: String,
    pub title: String,
    pub path: String,
    pub new: bool,
    pub changes: Vec<ChangeRow>,
    pub issues: Vec<String>,
}

/// One difference.
#[derive(Serialize)]
pub(crate) struct ChangeRow {
    pub what: String,
    pub how: &'static str,
    pub before: String,
    pub after: String,
}

impl View for SitesView {
    const TEMPLATE: &'static str = "app/sites/list.html";
    fn samples() -> Vec<Self> {
        let site = |live: bool| SiteCard {
            id: format!("sit_{live}"),
            name: "Tarwe & Co".into(),
            host: "tarwe.sites.example".into(),
            url: "http://tarwe.sites.example".into(),
            live,
            pages: 2,
            changed: u64::from(live),
            published_at: live.then(|| "2026-11-21T10:00:00Z".into()),
            home: live.then(|| "pag_1".into()),
        };
        let view = |sites: Vec<SiteCard>, may_manage: bool| Self {
            slug: "acme".into(),
            trash: if may_manage { vec![("sit_9".into(), "Old".into())] } else { Vec::new() },
            deleted: may_manage.then(|| "sit_9".into()),
            sites,
            may_manage,
        };
        vec![
            view(vec![site(true), site(false)], true),
            view(Vec::new(), true),
            view(Vec::new(), false),
            view(vec![site(true)], false),
        ]
    }
}
register_view!(SitesView);

impl View for NewSiteView {
    const TEMPLATE: &'static str = "app/sites/new.html";
    fn samples() -> Vec<Self> {
        let theme = ThemeCard {
            name: "crust".into(),
            title: "Crust".into(),
            description: "Warm paper.".into(),
            colours: std::array::from_fn(|_| ["#f7f0e3", "#2a1a10", "#9c4a1a", "#2f3a2b"].map(str::to_owned)),
            picture: Some("/_theme/crust-1/shelf.svg".into()),
        };
        let other = ThemeCard { name: "atelier".into(), picture: None, ..theme.clone() };
        let view = |bases: Vec<(String, String)>, form: FormState| Self {
            slug: "acme".into(),
            form,
            themes: vec![theme.clone(), other.clone()],
            bases,
            domain: ".sites.example".into(),
        };
        vec![
            view(Vec::new(), FormState::empty().value("theme", "crust")),
            view(
                vec![("app1".into(), "Bakery".into())],
                FormState::empty().error("address", "is taken").message("Not saved."),
            ),
        ]
    }
}
register_view!(NewSiteView);

impl View for SiteView {
    const TEMPLATE: &'static str = "app/sites/site.html";
    fn samples() -> Vec<Self> {
        let row = |live: bool| PageRow {
            id: format!("pag_{live}"),
            title: "Home".into(),
            path: "/".into(),
            in_menu: live,
            live,
            changed: true,
            saved_at: "2026-11-21T10:00:00Z".into(),
            url: "http://tarwe.sites.example/".into(),
        };
        let view = |may: bool| Self {
            slug: "acme".into(),
            id: "sit_1".into(),
            name: "Tarwe".into(),
            host: "tarwe.sites.example".into(),
            url: "http://tarwe.sites.example".into(),
            live: may,
            changed: u64::from(may),
            pages: if may { vec![row(true), row(false)] } else { Vec::new() },
            settings: FormState::empty().value("name", "Tarwe"),
            new_page: FormState::empty().error("path", "is taken by another page"),
            open_new: may,
            themes: vec![("crust".into(), "Crust".into())],
            bases: vec![("app1".into(), "Bakery".into())],
            may_edit: may,
            may_publish: may,
            may_manage: may,
            deleted: may.then(|| "pag_1".into()),
            published: may.then_some(2),
        };
        vec![view(true), view(false)]
    }
}
register_view!(SiteView);

impl View for PublishView {
    const TEMPLATE: &'static str = "app/sites/publish.html";
    fn samples() -> Vec<Self> {
        let change =
            |how: &'static str| ChangeRow { what: "Hero".into(), how, before: "a".into(), after: "b".into() };
        let page = |new: bool| PendingPage {
            id: format!("pag_{new}"),
            title: "Home".into(),
            path: "/".into(),
            new,
            changes: if new {
                Vec::new()
            } else {
                vec![change("changed"), change("added"), change("removed"), change("moved")]
            },
            issues: if new { vec!["There is no description for search results".into()] } else { Vec::new() },
        };
        let view = |pages: Vec<PendingPage>, may_publish: bool| Self {
            slug: "acme".into(),
            id: "sit_1".into(),
            name: "Tarwe".into(),
            host: "tarwe.sites.example".into(),
            pages,
            drafts: "pag_1:pgv_1".into(),
            may_publish,
            message: may_publish.then(|| "A page was saved in the meantime.".into()),
        };
        vec![
            view(vec![page(true), page(false)], true),
            view(Vec::new(), true),
            view(vec![page(false)], false),
        ]
    }
}
register_view!(PublishView);
