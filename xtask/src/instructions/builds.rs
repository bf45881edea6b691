//! What is counted: the executable that does one thing many times, and the gateway with routes of its own.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::failure::Failure;
use crate::program::{output, program, run};
use crate::workspace::{cargo, make_folder, root};

/// Executables to count the instructions of.
pub(super) struct Builds {
    /// `benches/counts.rs`.
    pub(super) counts: PathBuf,
    /// The gateway, with `routes.ron` beside this file compiled in.
    pub(super) gateway: PathBuf,
    /// Where files go.
    pub(super) folder: PathBuf,
}

/// Builds both as what is released is built.
pub(super) fn build() -> Result<Builds, Failure> {
    let folder = root().join("target/instructions");
    make_folder(&folder)?;
    let counts = counts()?;
    let gateway = folder.join("coregateway");
    run(release().arg("--quiet").env("COREGATEWAY_ROUTES", root().join("xtask/src/instructions/routes.ron")))?;
    let built = root().join("target/release/coregateway");
    let copied = fs::copy(&built, &gateway).map_err(Failure::file(&built));
    // The executable that lies there is again the one with the workspace's own routes, whatever has failed.
    run(release().arg("--quiet").env_remove("COREGATEWAY_ROUTES"))?;
    copied?;
    Ok(Builds { counts, gateway, folder })
}

fn release() -> Command {
    let mut command = program(cargo());
    command.args(["build", "--release", "--package", "coregateway"]).current_dir(root());
    command
}

fn counts() -> Result<PathBuf, Failure> {
    let arguments = ["--bench", "counts", "--message-format", "json-render-diagnostics"];
    let told = output(release().args(arguments).stderr(Stdio::inherit()))?;
    let messages = told.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok());
    let executable = messages.filter(|message| message.target.name == "counts").find_map(|message| message.executable);
    executable.ok_or(Failure::NoExecutable { name: "counts" })
}

/// What cargo says when it has compiled something.
#[derive(Deserialize)]
struct Message {
    target: Target,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}
