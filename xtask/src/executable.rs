//! The shipped executable, and those like it that are measured and watched: built so that the same source gives the same bytes, wherever it lies and whenever it is built.
//!
//! No path of this machine and no time goes into it: rustc and the C compiler write names of their own for the folders that they
//! read from. It is linked with the C library of an older system, see `sysroot.rs`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::failure::Failure;
use crate::platform::{LINUX, Platform, WINDOWS};
use crate::profile;
use crate::program::{output, program};
use crate::workspace::cargo;

/// What is built, and from what.
pub(crate) struct Built {
    /// The executable, with its symbols.
    pub(crate) path: PathBuf,
    /// The packages that are linked into it, as `name version`.
    pub(crate) packages: BTreeSet<String>,
}

/// What is built, by whom, and for what.
pub(crate) struct Order<'a> {
    /// The workspace's folder.
    pub(crate) root: &'a Path,
    pub(crate) cargo_home: &'a Path,
    pub(crate) toolchain: &'a Toolchain,
    pub(crate) purpose: Purpose,
}

/// What an executable is for.
pub(crate) enum Purpose {
    /// To be shipped.
    Shipping,
    /// To be measured beside others: what ships, but with the routes that are measured.
    Comparison,
    /// To be watched at work: it counts what it does, and when it ends writes that into a file in this folder.
    Training { profiles: PathBuf },
}

impl Purpose {
    /// A folder for it alone, as it is built with arguments of its own.
    fn target_folder(&self) -> &'static str {
        match self {
            Self::Shipping => "target/dist-build",
            Self::Comparison => "target/compare",
            Self::Training { .. } => "target/profile",
        }
    }

    /// The route file, below the workspace's folder, where it is another than whoever builds has chosen.
    fn routes(&self) -> Option<&'static str> {
        match self {
            Self::Shipping => None,
            Self::Comparison | Self::Training { .. } => Some("xtask/compare/routes.ron"),
        }
    }
}

/// What builds.
pub(crate) enum Toolchain {
    /// The one that runs this, for Linux; and the C library to link with.
    Own { sysroot: PathBuf },
    /// Debian's, unpacked in this folder, with the source of the standard library, which it compiles for Windows.
    Debian { folder: PathBuf },
}

impl Toolchain {
    pub(crate) fn platform(&self) -> Platform {
        match self {
            Self::Own { .. } => LINUX,
            Self::Debian { .. } => WINDOWS,
        }
    }

    fn cargo(&self) -> Command {
        match self {
            Self::Own { .. } => program(cargo()),
            Self::Debian { folder } => {
                let mut command = program(folder.join("usr/bin/cargo"));
                command
                    .arg("-Zbuild-std=std,panic_abort,panic_unwind")
                    // Another version than the pinned one, which so may take what is not stable.
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("RUSTC", folder.join("usr/bin/rustc"))
                    .env("LD_LIBRARY_PATH", folder.join("usr/lib/x86_64-linux-gnu"))
                    .env_remove("RUSTUP_TOOLCHAIN");
                command
            }
        }
    }

    /// What the linker and the C compiler are told, beside the names of folders.
    fn link_arguments(&self) -> (Vec<String>, String) {
        let Self::Own { sysroot } = self else {
            return (vec!["-Clink-arg=-Wl,--no-insert-timestamp".to_owned()], String::new());
        };
        let sysroot = sysroot.display();
        // GCC looks beside itself before it looks there.
        let beside = format!("-Clink-arg=-B{sysroot}/usr/lib/x86_64-linux-gnu/");
        let arguments =
            vec![format!("-Clink-arg=--sysroot={sysroot}"), beside, "-Clink-arg=-Wl,--build-id=sha1".to_owned()];
        (arguments, format!("--sysroot={sysroot}"))
    }
}

/// Builds the executable, in a folder of its own below the workspace's.
pub(crate) fn build(order: &Order<'_>) -> Result<Built, Failure> {
    let Order { root, toolchain, purpose, .. } = order;
    let platform = toolchain.platform();
    let target_folder = root.join(purpose.target_folder());
    let mut command = toolchain.cargo();
    command
        .args(["build", "--locked", "--profile", "dist", "--package", "coregateway", "--bin", "coregateway"])
        .args(["--target", platform.target, "--message-format", "json-render-diagnostics", "--target-dir"])
        .arg(&target_folder)
        .envs(purpose.routes().map(|file| ("COREGATEWAY_ROUTES", root.join(file))))
        .current_dir(root)
        .stderr(Stdio::inherit());
    same_everywhere(&mut command, order);
    let told = output(&mut command)?;
    let target_folder = target_folder.join(platform.target);
    let messages = told.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok());
    let linked = messages.filter(|message| message.is_linked(&target_folder));
    Ok(Built {
        path: target_folder.join("dist/coregateway").with_extension(platform.ending.trim_start_matches('.')),
        packages: linked.filter_map(|message| name_and_version(&message.package_id)).collect(),
    })
}

fn same_everywhere(command: &mut Command, order: &Order<'_>) {
    let Order { root, cargo_home, toolchain, purpose } = order;
    let mut names = vec![(*root, "/coregateway"), (*cargo_home, "/cargo")];
    // Where one of them lies in another, the last counts.
    match toolchain {
        Toolchain::Own { sysroot } => names.push((sysroot, "/sysroot")),
        Toolchain::Debian { folder } => names.push((folder, "/toolchain")),
    }
    let renamed = |option: &str| -> Vec<String> {
        names.iter().map(|(folder, name)| format!("{option}={}={name}", folder.display())).collect()
    };
    let (link, c) = toolchain.link_arguments();
    let rust = [renamed("--remap-path-prefix"), link, profile_arguments(root, toolchain, purpose)].concat();
    command
        .env("CARGO_ENCODED_RUSTFLAGS", rust.join("\x1f"))
        .env("CARGO_HOME", cargo_home)
        .env(
            format!("CFLAGS_{}", toolchain.platform().target.replace('-', "_")),
            format!("{c} {}", renamed("-ffile-prefix-map").join(" ")),
        )
        .env("CARGO_INCREMENTAL", "0")
        .env("SOURCE_DATE_EPOCH", "0");
}

/// What the compiler is told of a profile. The names of functions in it are those that the toolchain gives which it was made with.
fn profile_arguments(root: &Path, toolchain: &Toolchain, purpose: &Purpose) -> Vec<String> {
    match (toolchain, purpose) {
        (Toolchain::Debian { .. }, _) => Vec::new(),
        (_, Purpose::Training { profiles }) => vec![format!("-Cprofile-generate={}", profiles.display())],
        (_, Purpose::Shipping | Purpose::Comparison) => {
            vec![format!("-Cprofile-use={}", root.join(profile::FILE).display())]
        }
    }
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
        assert_eq!(named("registry+https://registry.example/index#serde@1.0.229"), "serde 1.0.229");
        assert_eq!(named("path+file:///src/core/gateway#0.1.0"), "gateway 0.1.0");
        assert_eq!(named("path+file:///src/core#coregateway@0.1.0"), "coregateway 0.1.0");
    }
}
