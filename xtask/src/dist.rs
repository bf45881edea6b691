//! `dist`: everything that ships, made in one go.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::executable::{Order, Purpose, Toolchain};
use crate::failure::Failure;
use crate::names::{COMPLETIONS, MANUAL, Names, is_of};
use crate::packages::{Package, linked};
use crate::platform::{LINUX, Platform};
use crate::program::{output, program};
use crate::workspace::{cargo_home, dist, entries, make_folder, root, write};
use crate::{checksums, executable, glibc, licences, manual, say, sbom, symbols, sysroot};

/// Makes a release, or the development build with this number.
pub(crate) fn run(dev: Option<u32>) -> Result<(), Failure> {
    let shipped = package(&Toolchain::Own { sysroot: sysroot::folder()? }, dev)?;
    output(program(&shipped).arg("version")).map(|_| ())
}

/// The same for Windows, built by Debian's toolchain in this folder.
pub(crate) fn run_for_windows(toolchain: &Path, dev: Option<u32>) -> Result<(), Failure> {
    let folder = fs::canonicalize(toolchain).map_err(Failure::file(toolchain))?;
    package(&Toolchain::Debian { folder }, dev).map(|_| ())
}

/// Makes all files of a package, and gives the executable's path.
fn package(toolchain: &Toolchain, dev: Option<u32>) -> Result<PathBuf, Failure> {
    let (root, folder, platform) = (root(), dist(), toolchain.platform());
    let names = Names::new(platform, dev);
    let packages = linked(&root, platform)?;
    let licences = licences::page(&packages, &root)?;

    say("building");
    let built =
        executable::build(&Order { root: &root, cargo_home: &cargo_home(), toolchain, purpose: Purpose::Shipping })?;
    same_packages(&built.packages, &packages)?;
    if platform == LINUX {
        let needed = glibc::check(&built.path, glibc::DEBIAN_11)?;
        say(&format!("runs with glibc {needed} and newer"));
    }
    clear(&folder, platform)?;
    let shipped = folder.join(names.executable());
    symbols::part(platform, &built.path, &shipped, &folder.join(names.beside("debug")))?;

    let digest = checksums::digest(&shipped)?;
    let subject = sbom::Subject { executable: &names.executable(), digest: &digest, changed: &changed(&root) };
    write(&folder.join(names.beside("cdx.json")), sbom::bill(&packages, &subject, &root)?)?;
    write(&folder.join(names.beside("licences.txt")), licences)?;
    manual::write_pages(&folder.join(MANUAL))?;
    manual::write_completions(&folder.join(COMPLETIONS))?;
    checksums::write_all(&folder)?;
    say(&format!("{digest}  {}", shipped.display()));
    Ok(shipped)
}

/// What cargo linked is what the bill and the licences speak of. Where the standard library is compiled as well, cargo tells of its parts, too.
fn same_packages(built: &BTreeSet<String>, packages: &[Package]) -> Result<(), Failure> {
    let listed: BTreeSet<String> = packages.iter().map(Package::key).collect();
    let only_in = |one: &BTreeSet<String>, other: &BTreeSet<String>| one.difference(other).cloned().collect::<Vec<_>>();
    let (unlisted, not_built) = (only_in(built, &listed), only_in(&listed, built));
    let has_std = built.iter().any(|key| key.starts_with("std "));
    if not_built.is_empty() && (unlisted.is_empty() || has_std) {
        return Ok(());
    }
    Err(Failure::OtherPackages { built: unlisted, listed: not_built })
}

/// Takes away what an earlier run has made.
fn clear(folder: &Path, platform: Platform) -> Result<(), Failure> {
    make_folder(folder)?;
    let is_earlier = |path: &PathBuf| path.file_name().is_some_and(|name| is_of(platform, &name.to_string_lossy()));
    for path in entries(folder)?.into_iter().filter(is_earlier) {
        fs::remove_file(&path).map_err(Failure::file(&path))?;
    }
    for made_anew in [MANUAL, COMPLETIONS].map(|name| folder.join(name)).iter().filter(|path| path.exists()) {
        fs::remove_dir_all(made_anew).map_err(Failure::file(made_anew))?;
    }
    Ok(())
}

/// When the source was last changed: the time of the commit, or nothing that tells builds of one source apart.
fn changed(root: &Path) -> String {
    let arguments = ["log", "-1", "--format=%cd", "--date=format-local:%Y-%m-%dT%H:%M:%SZ"];
    let told = output(program("git").args(arguments).env("TZ", "UTC").current_dir(root));
    told.map_or_else(|_| "1970-01-01T00:00:00Z".to_owned(), |time| time.trim().to_owned())
}
