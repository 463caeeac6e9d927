//! `cargo xtask test --external`, and the last part of `cargo xtask test external`: judges that other people wrote, installed
//! from their registries and run against a server of its own. Each adds its lines to a tally; one judge a file.
//!
//! The order matters: those that only ask come before those that write what they like.

mod openapi;
mod scim;
mod session;
mod sqlmap;
mod wapiti;

use crate::ci::Tally;
use crate::machine;
use crate::process::root;
use crate::rig::{Seeded, Server, server};
use anyhow::Result;
use session::Session;
use std::path::{Path, PathBuf};

/// The folder of the judges' lists of packages and settings.
const FOLDER: &str = "testkit/external";

/// What every judge gets.
struct Court {
    rig: Server,
    seeded: Seeded,
    /// The Python of the judges' environment; their programs stand beside it.
    python: PathBuf,
}

impl Court {
    /// `demo`: with the demo organisation, which has a published site.
    fn new(python: &Path, demo: bool) -> Result<Self> {
        let mut rig = Server::new(&server::build(false)?, "external")?;
        let seeded = rig.seed(5)?;
        if demo {
            rig.run(&["seed", "--demo"])?;
        }
        rig.start()?;
        Ok(Self { rig, seeded, python: python.to_owned() })
    }

    /// A judge's program.
    fn program(&self, name: &str) -> String {
        self.python.with_file_name(name).to_string_lossy().into_owned()
    }

    /// The server by address: not every resolver knows names below .localhost (RFC 6761).
    fn address(&self) -> String {
        format!("http://{}", self.rig.address())
    }

    /// The owner of the seeded organisation, logged in.
    fn owner(&self) -> Result<Session> {
        Session::log_in(&self.rig, &self.seeded.email, &self.seeded.password)
    }
}

/// Runs all judges.
pub fn add(tally: &mut Tally) -> Result<()> {
    machine::postgres()?;
    machine::ui()?;
    machine::modules(FOLDER)?;
    let lists = root().join(FOLDER);
    // What judges are given and what they report; cargo may keep its own files elsewhere.
    std::fs::create_dir_all(root().join("target"))?;
    let python = machine::python(&lists.join("requirements.txt"), "external")?;
    let scanner = machine::python(&lists.join("requirements-wapiti.txt"), "wapiti")?;
    // A server each: what one judge leaves behind is not what the next one is asked about.
    scim::judge(tally, &Court::new(&python, false)?)?;
    openapi::judge(tally, &Court::new(&python, false)?)?;
    sqlmap::judge(tally, &Court::new(&python, true)?)?;
    wapiti::judge(tally, &Court::new(&scanner, true)?)
}
