//! `dist`: everything that ships, made in one go.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::names::{COMPLETIONS, MANUAL, Names, is_packaged};
use crate::packages::{Package, linked};
use crate::program::{output, program};
use crate::workspace::{dist, entries, make_folder, root, write};
use crate::{checksums, executable, glibc, licences, manual, say, sbom, symbols, sysroot};

/// Makes a release, or the development build with this number.
pub(crate) fn run(dev: Option<u32>) -> Result<(), Failure> {
    let (root, folder, names) = (root(), dist(), Names::linux(dev));
    let packages = linked(&root)?;
    let licences = licences::page(&packages, &root)?;
    let sysroot = sysroot::folder()?;

    say("building");
    let built = executable::build(&root, &cargo_home(), &sysroot)?;
    same_packages(&built.packages, &packages)?;
    clear(&folder)?;
    let shipped = folder.join(names.executable());
    symbols::part(&built.path, &shipped, &folder.join(names.beside("debug")))?;
    let needed = glibc::check(&shipped, glibc::DEBIAN_11)?;
    output(program(&shipped).arg("version"))?;

    let digest = checksums::digest(&shipped)?;
    let subject = sbom::Subject { executable: &names.executable(), digest: &digest, changed: &changed(&root) };
    write(&folder.join(names.beside("cdx.json")), sbom::bill(&packages, &subject, &root)?)?;
    write(&folder.join(names.beside("licences.txt")), licences)?;
    manual::write_pages(&folder.join(MANUAL))?;
    manual::write_completions(&folder.join(COMPLETIONS))?;
    checksums::write_all(&folder)?;
    say(&format!("{digest}  {}\nruns with glibc {needed} and newer", shipped.display()));
    Ok(())
}

/// Where cargo keeps what it downloads.
pub(crate) fn cargo_home() -> PathBuf {
    let named = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    named.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).unwrap_or_default()
}

/// What cargo linked is what the bill and the licences speak of.
fn same_packages(built: &BTreeSet<String>, packages: &[Package]) -> Result<(), Failure> {
    let listed: BTreeSet<String> = packages.iter().map(Package::key).collect();
    if *built == listed {
        return Ok(());
    }
    let only_in = |one: &BTreeSet<String>, other: &BTreeSet<String>| one.difference(other).cloned().collect();
    Err(Failure::OtherPackages { built: only_in(built, &listed), listed: only_in(&listed, built) })
}

/// Takes away what an earlier run has made.
fn clear(folder: &Path) -> Result<(), Failure> {
    make_folder(folder)?;
    let ours = |path: &PathBuf| path.file_name().is_some_and(|name| is_packaged(&name.to_string_lossy()));
    for path in entries(folder)?.into_iter().filter(ours) {
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(Failure::file(&path))?;
    }
    Ok(())
}

/// When the source was last changed: the time of the commit, or nothing that tells builds of one source apart.
fn changed(root: &Path) -> String {
    let arguments = ["log", "-1", "--format=%cd", "--date=format-local:%Y-%m-%dT%H:%M:%SZ"];
    let told = output(program("git").args(arguments).env("TZ", "UTC").current_dir(root));
    told.map_or_else(|_| "1970-01-01T00:00:00Z".to_owned(), |time| time.trim().to_owned())
}
