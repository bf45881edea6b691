//! The licences of others whose code ships: every text once, with the packages that it is for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::licence_expression::{allowed_by, is_allowed};
use crate::packages::Package;
use crate::program::{output, program};
use crate::workspace::{entries, read};

/// Packages that were published without the text of their licence: it is the standard one of this identifier.
const STANDARD_TEXTS: [(&str, &str); 11] = [
    ("age", "MIT"),
    ("age-core", "MIT"),
    ("cookie-factory", "MIT"),
    ("fluent-langneg", "MIT"),
    ("governor", "MIT"),
    ("intl_pluralrules", "MIT"),
    ("io_tee", "MIT"),
    ("opentelemetry", "Apache-2.0"),
    ("opentelemetry-proto", "Apache-2.0"),
    ("opentelemetry_sdk", "Apache-2.0"),
    ("winapi-x86_64-pc-windows-gnu", "MIT"),
];
/// How files with licences are called, in lower case and up to where their names differ.
const BEGINNINGS: [&str; 6] = ["license", "licence", "copying", "notice", "copyright", "unlicense"];
/// Folders whose code does not ship.
const NOT_SHIPPED: [&str; 6] = ["tests", "benches", "examples", "fuzz", "src", "doc"];

/// The page: which packages, under which licences, and the texts; a licence that deny.toml does not allow is refused.
pub(crate) fn page(packages: &[Package], root: &Path) -> Result<String, Failure> {
    let allowed = allowed_by(&read(&root.join("deny.toml"))?);
    let toolchain = toolchain(root)?;
    let mut list = String::new();
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages.iter().filter(|package| !package.is_ours) {
        let _ = writeln!(list, "{}: {}", package.key(), package.license);
        for text in texts_of(package, &allowed, &toolchain)? {
            texts.entry(text).or_default().push(package.key());
        }
    }
    let standard_library = format!("the standard library of {}", toolchain.version);
    let _ = writeln!(list, "{standard_library}: MIT OR Apache-2.0");
    for name in ["MIT", "Apache-2.0"] {
        texts.entry(toolchain.text(name)?).or_default().push(standard_library.clone());
    }
    Ok(laid_out(&list, texts))
}

fn laid_out(list: &str, texts: BTreeMap<String, Vec<String>>) -> String {
    let mut page = format!("CoreGateway contains the code of others, under these licences.\n\n{list}");
    let mut by_packages: Vec<(String, String)> =
        texts.into_iter().map(|(text, packages)| (packages.join(", "), text)).collect();
    by_packages.sort();
    for (packages, text) in by_packages {
        let _ = write!(page, "\n{:=<80}\n{packages}\n{:=<80}\n\n{text}\n", "", "");
    }
    page
}

/// The texts of a package's licence.
fn texts_of(package: &Package, allowed: &[String], toolchain: &Toolchain) -> Result<Vec<String>, Failure> {
    let (key, expression) = (package.key(), package.license.clone());
    if !is_allowed(&expression, allowed) {
        return Err(Failure::Licence { package: key, expression });
    }
    let mut files = Vec::new();
    find(&package.folder, &mut files)?;
    if files.is_empty() {
        let may_be = |licence: &str| is_allowed(&expression, &[licence.to_owned()]);
        let standard = STANDARD_TEXTS.iter().find(|(name, licence)| *name == package.name && may_be(licence));
        let Some((_, licence)) = standard else { return Err(Failure::NoLicenceText { package: key, expression }) };
        return Ok(vec![format!("Copyright (c) {}\n\n{}", package.authors.join(", "), toolchain.text(licence)?)]);
    }
    files.iter().map(|file| tidy(file)).collect()
}

/// A file without what only looks different: its line ends, and spaces at the ends of lines.
fn tidy(file: &Path) -> Result<String, Failure> {
    let bytes = fs::read(file).map_err(Failure::file(file))?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim_matches('\n').to_owned())
}

/// Licences in a folder and below it: code in C that a package brings along has its own.
fn find(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    for entry in entries(folder)? {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if entry.is_dir() {
            let ships = !NOT_SHIPPED.contains(&name.as_str()) && !name.starts_with('.');
            ships.then(|| find(&entry, files)).transpose()?;
        } else if BEGINNINGS.iter().any(|beginning| name.starts_with(beginning)) {
            files.push(entry);
        }
    }
    Ok(())
}

/// The toolchain, which brings the standard texts along.
struct Toolchain {
    folder: PathBuf,
    version: String,
}

fn toolchain(root: &Path) -> Result<Toolchain, Failure> {
    let ask = |argument: &[&str]| output(program("rustc").args(argument).current_dir(root));
    let version = ask(&["--version"])?.split(" (").next().unwrap_or_default().replace("rustc", "Rust");
    Ok(Toolchain { folder: PathBuf::from(ask(&["--print", "sysroot"])?.trim()), version })
}

impl Toolchain {
    fn text(&self, identifier: &str) -> Result<String, Failure> {
        tidy(&self.folder.join("share/doc/rust/licenses").join(identifier).with_added_extension("txt"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packages::linked;
    use crate::platform::{LINUX, WINDOWS};
    use crate::workspace::root;

    #[test]
    fn every_package_of_others_is_there_with_a_text() {
        for platform in [LINUX, WINDOWS] {
            is_complete(&linked(&root(), platform).unwrap());
        }
    }

    fn is_complete(packages: &[Package]) {
        let page = page(packages, &root()).unwrap();
        for package in packages.iter().filter(|package| !package.is_ours) {
            let named = page.lines().filter(|line| line.split(", ").any(|key| key == package.key()));
            assert!(named.count() >= 1, "{} has no text", package.key());
            assert!(page.contains(&format!("{}: {}", package.key(), package.license)), "{}", package.key());
        }
        assert!(page.contains("Andreas Fuchs"), "who wrote a package without a text is named");
    }

    fn package(license: &str, folder: &Path) -> Package {
        Package {
            name: "unheard-of".to_owned(),
            version: "1.0.0".to_owned(),
            description: None,
            authors: Vec::new(),
            license: license.to_owned(),
            repository: None,
            folder: folder.to_owned(),
            is_ours: false,
            checksum: None,
            uses: [].into(),
        }
    }

    #[test]
    fn a_package_without_a_text_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let refused = page(&[package("MIT", folder.path())], &root()).unwrap_err().to_string();
        assert!(refused.starts_with("unheard-of 1.0.0 comes without the text of its licence, `MIT`"), "{refused}");
    }

    #[test]
    fn a_licence_that_is_not_allowed_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let refused = page(&[package("MIT AND SSPL-1.0", folder.path())], &root()).unwrap_err().to_string();
        assert!(refused.contains("`MIT AND SSPL-1.0`, which deny.toml does not allow"), "{refused}");
    }
}
