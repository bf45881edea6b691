//! The shipped executable: built so that the same source gives the same bytes, wherever it lies and whenever it is built.
//!
//! No path of this machine and no time goes into it: rustc and the C compiler write names of their own for the folders that they
//! read from. It is linked with the C library of an older system, see `sysroot.rs`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::failure::Failure;
use crate::program::{output, program};
use crate::workspace::{TARGET, cargo};

/// What is built, and from what.
pub(crate) struct Built {
    /// The executable, with its symbols.
    pub(crate) path: PathBuf,
    /// The packages that are linked into it, as `name version`.
    pub(crate) packages: BTreeSet<String>,
}

/// Builds the executable of the workspace at `root`, in a folder of its own below it.
pub(crate) fn build(root: &Path, cargo_home: &Path, sysroot: &Path) -> Result<Built, Failure> {
    let target_folder = root.join("target/dist-build");
    let mut command = program(cargo());
    command
        .args(["build", "--locked", "--profile", "dist", "--package", "coregateway", "--bin", "coregateway"])
        .args(["--target", TARGET, "--message-format", "json-render-diagnostics", "--target-dir"])
        .arg(&target_folder)
        .current_dir(root)
        .stderr(Stdio::inherit());
    same_everywhere(&mut command, root, cargo_home, sysroot);
    let told = output(&mut command)?;
    let messages = told.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok());
    let linked = messages.filter(|message| message.is_linked(&target_folder.join(TARGET)));
    Ok(Built {
        path: target_folder.join(TARGET).join("dist/coregateway"),
        packages: linked.filter_map(|message| name_and_version(&message.package_id)).collect(),
    })
}

fn same_everywhere(command: &mut Command, root: &Path, cargo_home: &Path, sysroot: &Path) {
    let [root, cargo_home, sysroot] = [root, cargo_home, sysroot].map(|path| path.display().to_string());
    let rust = [
        format!("--remap-path-prefix={cargo_home}=/cargo"),
        format!("--remap-path-prefix={root}=/coregateway"),
        format!("-Clink-arg=--sysroot={sysroot}"),
        // GCC looks beside itself before it looks there.
        format!("-Clink-arg=-B{sysroot}/usr/lib/x86_64-linux-gnu/"),
        "-Clink-arg=-Wl,--build-id=sha1".to_owned(),
    ];
    let c = format!("--sysroot={sysroot} -ffile-prefix-map={cargo_home}=/cargo -ffile-prefix-map={root}=/coregateway");
    command
        .env("CARGO_ENCODED_RUSTFLAGS", rust.join("\x1f"))
        .env("CARGO_HOME", cargo_home)
        .env(format!("CFLAGS_{}", TARGET.replace('-', "_")), c)
        .env("CARGO_INCREMENTAL", "0")
        .env("SOURCE_DATE_EPOCH", "0")
        .env_remove("COREGATEWAY_ROUTES");
}

/// What cargo says when it has compiled something.
#[derive(Deserialize)]
struct Message {
    package_id: String,
    target: Compiled,
    filenames: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Compiled {
    kind: Vec<String>,
}

impl Message {
    /// Whether it goes into the executable: compiled for the target, and not to run while something is compiled.
    fn is_linked(&self, folder: &Path) -> bool {
        let runs_at_build = self.target.kind.iter().any(|kind| kind == "custom-build" || kind == "proc-macro");
        !runs_at_build && self.filenames.iter().any(|file| file.starts_with(folder))
    }
}

/// The name and version in an identity such as `registry+https://…#serde@1.0.229` or `path+file:///…/gateway#0.1.0`.
fn name_and_version(id: &str) -> Option<String> {
    let (source, fragment) = id.rsplit_once('#')?;
    let (name, version) = fragment.split_once('@').or_else(|| Some((source.rsplit_once('/')?.1, fragment)))?;
    Some(format!("{name} {version}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_of_cargo_tells_name_and_version() {
        let named = |id| name_and_version(id).unwrap();
        assert_eq!(named("registry+https://github.com/rust-lang/crates.io-index#serde@1.0.229"), "serde 1.0.229");
        assert_eq!(named("path+file:///src/core/gateway#0.1.0"), "gateway 0.1.0");
        assert_eq!(named("path+file:///src/core#coregateway@0.1.0"), "coregateway 0.1.0");
    }
}
