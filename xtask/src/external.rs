//! `cargo xtask test --external`: judges that other people wrote, installed from their registries and run against a server
//! of its own. Each adds its lines to a tally; one judge a function.

use crate::ci::Tally;
use crate::machine;
use crate::process::{command, root, run as run_command};
use crate::rig::{Server, server};
use anyhow::Result;

/// The folder of the judges' lists of packages and settings.
const FOLDER: &str = "testkit/external";

/// Runs all judges.
pub fn add(tally: &mut Tally) -> Result<()> {
    machine::postgres()?;
    machine::ui()?;
    machine::modules(FOLDER)?;
    let mut rig = Server::new(&server::build(false)?, "external")?;
    let seeded = rig.seed(1)?;
    rig.start()?;
    openapi(tally, &rig, &seeded.token)
}

/// The OpenAPI document: spectral lints it, schemathesis asks the server everything that it promises.
fn openapi(tally: &mut Tally, rig: &Server, token: &str) -> Result<()> {
    // By address: not every resolver knows names below .localhost (RFC 6761).
    let (api, host) = (format!("http://{}", rig.address()), rig.host("api"));
    let document = root().join("target/openapi.json");
    std::fs::write(&document, rig.run(&["openapi"])?)?;
    let document = document.to_string_lossy();
    let spectral = ["spectral", "lint", "--fail-severity", "hint", "--ruleset", "spectral.yaml", &document];
    tally.check("spectral: openapi.json", || run_command(command(FOLDER, "npx", &spectral)));
    let python = machine::python(&root().join(FOLDER).join("requirements.txt"), "external")?;
    let schemathesis = python.with_file_name("schemathesis");
    let mut run = command(FOLDER, &schemathesis.to_string_lossy(), &["run", &document, "--url", &api]);
    run.args(["--checks", "all", "--mode", "all", "--max-examples", "20", "--workers", "2", "--seed", "1"]);
    run.args(["--request-timeout", "30"]);
    run.arg("--header").arg(format!("Host: {host}"));
    run.arg("--header").arg(format!("Authorization: Bearer {token}"));
    tally.check("schemathesis: /v1 and /v0", || run_command(run));
    Ok(())
}
