//! The C library to link with: Debian 11's (glibc 2.31), so that what is linked here runs there and on all that is newer.
//!
//! Debian's own packages are taken, by Debian's own tools, which check their signatures; nothing is installed.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::program::{output, program, run};
use crate::say;
use crate::workspace::{debian_11, entries, make_folder, write};

/// Names another folder with a C library to link with.
const VARIABLE: &str = "COREGATEWAY_SYSROOT";
/// What Debian 11 is called in the archive.
pub(crate) const SUITE: &str = "bullseye";
/// The C library, what is compiled against, what unwinds the stack, and the kernel's part.
const PACKAGES: [&str; 4] = ["libc6", "libc6-dev", "libgcc-s1", "linux-libc-dev"];
/// There once everything is.
const LAST: &str = "usr/lib/x86_64-linux-gnu/libgcc_s.so";

/// The folder with the C library; made where it is not there yet.
pub(crate) fn folder() -> Result<PathBuf, Failure> {
    if let Some(named) = std::env::var_os(VARIABLE) {
        return Ok(PathBuf::from(named));
    }
    let folder = debian_11().join("sysroot");
    if !folder.join(LAST).exists() {
        say("fetching the C library of Debian 11");
        make(&folder)?;
    }
    Ok(folder)
}

fn make(folder: &Path) -> Result<(), Failure> {
    let apt = debian_11().join("apt");
    let downloads = apt.join("downloads");
    for part in ["lists/partial", "cache/archives/partial", "downloads"] {
        make_folder(&apt.join(part))?;
    }
    let keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
    write(&apt.join("sources.list"), format!("deb [signed-by={keyring}] {} {SUITE} main\n", archive()?))?;
    run(apt_get(&apt).args(["-qq", "update"]))?;
    run(apt_get(&apt).args(["-qq", "download"]).args(PACKAGES).current_dir(&downloads))?;
    make_folder(folder)?;
    for package in entries(&downloads)? {
        run(program("dpkg-deb").arg("--extract").arg(package).arg(folder))?;
    }
    mend_links(folder, folder)?;
    let name = folder.join(LAST);
    symlink("../../../lib/x86_64-linux-gnu/libgcc_s.so.1", &name).map_err(Failure::file(&name))
}

/// Where this machine reads Debian from.
pub(crate) fn archive() -> Result<String, Failure> {
    let read = output(program("apt-get").args(["indextargets", "--format=$(REPO_URI)", "Created-By: Packages"]))?;
    let archive =
        read.lines().map(|address| address.trim_end_matches('/')).find(|address| address.ends_with("/debian"));
    archive.map(str::to_owned).ok_or(Failure::NoArchive)
}

/// `apt-get` with lists and settings of its own: this machine's are neither read nor changed.
fn apt_get(apt: &Path) -> Command {
    let mut command = program("apt-get");
    let option = |name: &str, path: PathBuf| format!("--option={name}={}", path.display());
    command
        .arg(option("Dir::Etc::SourceList", apt.join("sources.list")))
        .arg(option("Dir::State", apt.to_owned()))
        .arg(option("Dir::Cache", apt.join("cache")))
        .args(["--option=Dir::Etc::SourceParts=/dev/null", "--option=Dir::State::status=/dev/null"])
        .args(["--option=APT::Architecture=amd64", "--option=Acquire::Languages=none"])
        .arg("--option=APT::Sandbox::User=");
    command
}

/// Links from the root of a file system would lead into this machine's, whose C library is newer.
fn mend_links(folder: &Path, sysroot: &Path) -> Result<(), Failure> {
    for entry in entries(folder)? {
        if let Ok(leads_to) = fs::read_link(&entry) {
            if let Ok(below_root) = leads_to.strip_prefix("/") {
                fs::remove_file(&entry).map_err(Failure::file(&entry))?;
                symlink(sysroot.join(below_root), &entry).map_err(Failure::file(&entry))?;
            }
        } else if entry.is_dir() {
            mend_links(&entry, sysroot)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_into_the_folder_and_not_into_this_machine() {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("usr/lib/libc.so");
        write(&folder.path().join("lib/libc.so.6"), "theirs").unwrap();
        make_folder(library.parent().unwrap()).unwrap();
        symlink("/lib/libc.so.6", &library).unwrap();
        mend_links(folder.path(), folder.path()).unwrap();
        assert_eq!(fs::read_to_string(library).unwrap(), "theirs");
    }
}
