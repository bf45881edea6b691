//! The packages that are linked into the shipped executable: what cargo resolves for this target and these features, without
//! what only runs during the build.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::failure::Failure;
use crate::platform::Platform;
use crate::program::{output, program};
use crate::workspace::{cargo, read};

/// A package whose code is in the executable.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) description: Option<String>,
    pub(crate) authors: Vec<String>,
    /// Its licence, as an expression of SPDX identifiers.
    pub(crate) license: String,
    pub(crate) repository: Option<String>,
    /// The folder that it lies in.
    pub(crate) folder: PathBuf,
    /// Whether it is a part of this workspace.
    pub(crate) is_ours: bool,
    /// The digest of what the registry gave, if it came from there.
    pub(crate) checksum: Option<String>,
    /// `name version` of what it uses.
    pub(crate) uses: BTreeSet<String>,
}

impl Package {
    /// `name version`: one package of a kind is linked.
    pub(crate) fn key(&self) -> String {
        format!("{} {}", self.name, self.version)
    }
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Described>,
}

/// A package as `cargo metadata` describes it.
#[derive(Deserialize)]
struct Described {
    name: String,
    version: String,
    description: Option<String>,
    authors: Vec<String>,
    license: Option<String>,
    repository: Option<String>,
    source: Option<String>,
    manifest_path: PathBuf,
}

/// The packages that are linked, by name and version; the executable's own is among them.
pub(crate) fn linked(root: &Path, platform: Platform) -> Result<Vec<Package>, Failure> {
    let told = output(program(cargo()).args(["metadata", "--format-version=1", "--locked"]).current_dir(root))?;
    let metadata: Metadata =
        serde_json::from_str(&told).map_err(|source| Failure::Json { program: "cargo metadata", source })?;
    let uses = uses(&tree(root, platform)?);
    let checksums = checksums(&read(&root.join("Cargo.lock"))?);
    let mut packages: Vec<Package> =
        metadata.packages.into_iter().filter_map(|described| package(described, &uses, &checksums)).collect();
    packages.sort_by_key(Package::key);
    Ok(packages)
}

fn package(
    described: Described,
    uses: &BTreeMap<String, BTreeSet<String>>,
    checksums: &BTreeMap<String, String>,
) -> Option<Package> {
    let key = format!("{} {}", described.name, described.version);
    Some(Package {
        uses: uses.get(&key)?.clone(),
        checksum: checksums.get(&key).cloned(),
        name: described.name,
        version: described.version,
        description: described.description,
        authors: described.authors,
        license: described.license.unwrap_or_default(),
        repository: described.repository,
        folder: described.manifest_path.parent()?.to_owned(),
        is_ours: described.source.is_none(),
    })
}

/// The tree of what the executable's package uses: a line each, its depth first.
fn tree(root: &Path, platform: Platform) -> Result<String, Failure> {
    let shape = ["--edges", "normal,no-proc-macro", "--prefix", "depth", "--no-dedupe", "--format", " {p}"];
    let what = ["tree", "--locked", "--package", "coregateway", "--target", platform.target];
    output(program(cargo()).args(what).args(shape).current_dir(root))
}

/// What each package of the tree uses, both as `name version`.
fn uses(tree: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut above: Vec<String> = Vec::new();
    for (depth, key) in tree.lines().filter_map(entry) {
        above.truncate(depth);
        if let Some(user) = above.last() {
            uses.entry(user.clone()).or_default().insert(key.clone());
        }
        uses.entry(key.clone()).or_default();
        above.push(key);
    }
    uses
}

/// The depth and `name version` of a line such as `2 serde v1.0.229 (…)`.
fn entry(line: &str) -> Option<(usize, String)> {
    let mut words = line.split(' ');
    let depth = words.next()?.parse().ok()?;
    Some((depth, format!("{} {}", words.next()?, words.next()?.strip_prefix('v')?)))
}

/// The digests in a Cargo.lock, by `name version`.
fn checksums(lock: &str) -> BTreeMap<String, String> {
    let packages = lock.split("[[package]]").skip(1);
    let with_checksum = packages.filter_map(|package| {
        let value = |key: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
            line.map(|quoted| quoted.trim_matches('"').to_owned())
        };
        Some((format!("{} {}", value("name")?, value("version")?), value("checksum")?))
    });
    with_checksum.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{LINUX, WINDOWS};
    use crate::workspace::root;

    #[test]
    fn the_depth_of_a_line_tells_who_uses_whom() {
        let uses = uses("0 a v1.0.0 (/src)\n1 b v2.0.0\n2 c v3.0.0\n1 c v3.0.0\n");
        let used_by = |user: &str| uses[user].iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(used_by("a 1.0.0"), ["b 2.0.0", "c 3.0.0"]);
        assert_eq!(used_by("b 2.0.0"), ["c 3.0.0"]);
        assert!(used_by("c 3.0.0").is_empty());
    }

    #[test]
    fn what_is_linked_is_listed_and_what_runs_at_build_time_is_not() {
        let packages = linked(&root(), LINUX).unwrap();
        let names: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
        for linked in ["coregateway", "gateway", "hyper", "aws-lc-sys", "prost"] {
            assert!(names.contains(&linked), "{linked} is not listed");
        }
        for built_with in ["gateway-macros", "cc", "syn", "serde_derive", "tempfile", "xtask", "windows-sys"] {
            assert!(!names.contains(&built_with), "{built_with} is listed");
        }
    }

    #[test]
    fn each_platform_has_its_own_packages() {
        let has = |platform, name| linked(&root(), platform).unwrap().iter().any(|package| package.name == name);
        assert!(has(LINUX, "rustix") && !has(WINDOWS, "rustix"));
        assert!(has(WINDOWS, "windows-sys") && !has(LINUX, "windows-sys"));
    }

    #[test]
    fn whatever_came_from_the_registry_has_the_digest_of_what_came() {
        for package in linked(&root(), LINUX).unwrap() {
            assert_eq!(package.checksum.is_none(), package.is_ours, "{}", package.key());
        }
    }
}
