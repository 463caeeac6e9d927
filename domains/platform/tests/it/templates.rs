//! Every template of `admin/` with every sample.

use crate::world::web;

#[test]
fn every_sample_of_every_template_renders_and_keeps_the_house_rules() {
    // Other domains' views are linked in as well; they are theirs to prove.
    let ours: Vec<_> =
        web().check_templates().into_iter().filter(|(template, _)| template.starts_with("admin/")).collect();
    assert_eq!(ours, Vec::<(String, String)>::new());
    let registered = kernel_web::Web::registered_templates();
    for name in ["login", "setup", "staff", "overview", "tenants", "tenant", "audit"] {
        let path = format!("admin/{name}.html");
        assert!(registered.contains(&path.as_str()), "{path} has no view");
    }
}
