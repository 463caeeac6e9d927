//! Every registered template renders with every sample; pages carry the theme and keep to the house's rules.

use super::*;
use crate::{Exchange, Portal, ShellTenant, ShellUser, templates::faults};
use http::HeaderMap;
use minijinja::context;

#[test]
fn every_registered_template_renders_every_sample() {
    assert_eq!(web().check_templates(), vec![]);
    assert!(Web::registered_templates().contains(&"errors/error.html"));
}

fn page(web: &Web, cookie: &str, signed_in: bool) -> Page {
    let mut headers = HeaderMap::new();
    headers.insert(header::COOKIE, cookie.parse().unwrap());
    let id = crate::RequestId::new(web.clock(), web.random());
    let exchange = Exchange::new(id, Portal::App, [127, 0, 0, 1].into(), APP.into());
    if signed_in {
        exchange.shell(|shell| {
            let tenant = ShellTenant {
                id: "ten_1".into(),
                name: "A & B".into(),
                slug: "ab".into(),
                role: "owner".into(),
            };
            shell.user = Some(ShellUser::new("Alex Doe", "alex@example.com"));
            shell.tenants = vec![tenant.clone()];
            shell.tenant = Some(tenant);
        });
    }
    Page::build(web, exchange, &headers, "/o/ab/bases")
}

fn layout(web: &Web, layout: &str, page: &Page, content: &str) -> String {
    let source = format!(
        "{{% extends \"{layout}\" %}}{{% import \"partials/forms.html\" as f %}}{{% import \"partials/parts.html\" as p %}}\
         {{% block content %}}{content}{{% endblock %}}"
    );
    let form =
        crate::FormState::empty().value("email", "a\"b").error("email", "is not an address").message("No.");
    let view = context! { form => minijinja::value::Serde(&form) };
    web.templates().render_source(&source, page.context(), view).unwrap_or_else(|error| panic!("{error:?}"))
}

#[test]
fn layouts_and_macros_render_in_every_state_and_keep_the_house_rules() {
    let web = web();
    let content = "<form method=\"post\">{{ f.csrf(page) }}{{ f.message(form) }}\
        {{ f.field(form, 'email', 'E-mail', type='email', help='Work address', autocomplete='email') }}\
        {{ f.field(form, 'phone', 'Phone', required=false) }}{{ f.password(form, help='12 characters') }}\
        {{ f.textarea(form, 'note', 'Note', rows=3) }}{{ f.select(form, 'role', 'Role', [['a','A'],['b','B']]) }}\
        {{ f.checkbox(form, 'agree', 'I agree') }}{{ f.submit('Save') }}</form>\
        {% call p.empty_state('database', 'No bases', 'Start here') %}<a class=\"btn\" href=\"/x\">New</a>{% endcall %}\
        {{ p.empty_state('database', 'No bases', 'Start here') }}{{ p.notice('Hi') }}{{ p.time('2026-11-21T09:00:00Z') }}\
        {{ p.confirm(page, 'gone', 'Delete?', 'All of it', '/x', 'Delete base', word='Acme') }}\
        {{ p.pager('1 to 10', next='/y') }}{{ p.avatar('AD', 'Alex') }}";
    for name in ["partials/app_shell.html", "partials/auth.html", "partials/admin_shell.html"] {
        for signed_in in [true, false] {
            let html = layout(&web, name, &page(&web, "theme=dark", signed_in), content);
            assert_eq!(faults(&html), Vec::<String>::new(), "{name} {signed_in}");
            assert!(html.contains("data-theme=\"dark\""), "{name}");
            assert!(html.contains("value=\"a&quot;b\""), "values are escaped");
            assert!(
                html.contains("aria-describedby=\"f-email-help\"") && html.contains("aria-invalid=\"true\"")
            );
            assert!(html.contains("This is not an address."), "{html}");
        }
    }
    let html = layout(&web, "partials/app_shell.html", &page(&web, "a=b", true), "x");
    assert!(html.contains("href=\"/o/ab/bases\" class=\"on\" aria-current=\"page\""), "{html}");
    assert!(html.contains("A &amp; B"));
}

#[test]
fn the_theme_comes_from_the_cookie_or_the_device() {
    let web = web();
    for (cookie, hint, expected) in [
        ("theme=dark", "", "dark"),
        ("theme=light", "dark", "light"),
        ("theme=system", "dark", "dark"),
        ("a=b", "", "light"),
        ("theme=<script>", "", "light"),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, cookie.parse().unwrap());
        headers.insert("sec-ch-prefers-color-scheme", hint.parse().unwrap());
        let theme = crate::Theme::from_cookie(crate::cookies::read(&headers, "theme"));
        assert_eq!(theme.shown(&headers), expected, "{cookie} {hint}");
    }
    assert!(web.templates().has("partials/base.html") && !web.templates().has("nothing.html"));
}

#[test]
fn an_undefined_variable_is_an_error() {
    let web = web();
    let page = page(&web, "a=b", false).context();
    let error = web.templates().render_source("{{ not_given }}", page, context! {}).unwrap_err();
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("undefined"), "{error:?}");
}

/// Every template of the product, as it stands in its file.
fn sources(folder: &std::path::Path, out: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|ending| ending == "html") {
            out.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn passwords_are_masked_and_left_to_password_managers() {
    let mut all = Vec::new();
    sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../templates"), &mut all);
    let (mut fields, mut calls) = (0, 0);
    for (name, source) in &all {
        assert!(!source.contains("onpaste") && !source.contains("oncopy"), "{name}");
        calls += source.matches("f.password(").count();
        for tag in source.split("<input").skip(1).filter_map(|rest| rest.split('>').next()) {
            let about_password = tag.contains("password") && !tag.contains("type=\"hidden\"");
            if !about_password {
                continue;
            }
            fields += 1;
            assert!(tag.contains("type=\"password\""), "{name}: <input{tag}>");
            assert!(
                tag.contains("autocomplete=") && !tag.contains("autocomplete=\"off\""),
                "{name}: <input{tag}>"
            );
            assert!(!tag.contains("readonly") && !tag.contains("maxlength"), "{name}: <input{tag}>");
        }
    }
    assert!(
        all.len() > 50 && fields >= 1 && calls >= 5,
        "{} templates, {fields} fields, {calls} uses",
        all.len()
    );
    // The macro that all forms use, with each of its words.
    let web = web();
    for (call, word) in [
        ("{{ f.password(form) }}", "autocomplete=\"current-password\""),
        ("{{ f.password(form, 'new', autocomplete='new-password') }}", "autocomplete=\"new-password\""),
    ] {
        let html = layout(&web, "partials/auth.html", &page(&web, "a=b", false), call);
        assert!(html.contains("type=\"password\"") && html.contains(word), "{html}");
        assert!(!html.contains("value=\"a&quot;b\""), "never filled again");
    }
}
