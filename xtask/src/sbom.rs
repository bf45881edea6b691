//! The bill of materials, in CycloneDX 1.5: what is linked into the executable, from where, under which licence, and what uses what.
//! The same build has the same bill.

use std::path::Path;

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::packages::Package;
use crate::program::{output, program};

/// What is described.
pub(crate) struct Subject<'a> {
    /// The file name of the executable.
    pub(crate) executable: &'a str,
    /// Its SHA-256 digest, in hexadecimal.
    pub(crate) digest: &'a str,
    /// When its source was last changed, as RFC 3339.
    pub(crate) changed: &'a str,
}

/// The bill as JSON.
pub(crate) fn bill(packages: &[Package], subject: &Subject<'_>, root: &Path) -> Result<String, Failure> {
    let rust = output(program("rustc").arg("--version").current_dir(root))?;
    let rust = rust.split(' ').nth(1).unwrap_or_default();
    let (own, others): (Vec<_>, Vec<_>) = packages.iter().partition(|package| package.name == "coregateway");
    let mut components: Vec<Value> = others.iter().map(|package| component(package)).collect();
    components.push(standard_library(rust));
    let bill = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": serial_number(subject.digest),
        "version": 1,
        "metadata": {
            "timestamp": subject.changed,
            "tools": { "components": [{ "type": "application", "name": "cargo xtask", "version": env!("CARGO_PKG_VERSION") }] },
            "component": own.first().map(|package| application(package, subject)),
        },
        "components": components,
        "dependencies": packages.iter().map(|package| dependency(package, packages)).collect::<Vec<_>>(),
    });
    Ok(format!("{bill:#}\n"))
}

fn application(package: &Package, subject: &Subject<'_>) -> Value {
    let mut described = component(package);
    described["type"] = json!("application");
    described["hashes"] = json!([{ "alg": "SHA-256", "content": subject.digest }]);
    described["properties"] = json!([{ "name": "coregateway:executable", "value": subject.executable }]);
    described
}

fn component(package: &Package) -> Value {
    let mut described = json!({
        "type": "library",
        "bom-ref": reference(package),
        "name": package.name,
        "version": package.version,
        "scope": "required",
        "licenses": [{ "expression": package.license.replace('/', " OR ") }],
    });
    if let Some(description) = &package.description {
        described["description"] = json!(description.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    if let Some(checksum) = &package.checksum {
        described["purl"] = json!(reference(package));
        described["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    if let Some(repository) = &package.repository {
        described["externalReferences"] = json!([{ "type": "vcs", "url": repository }]);
    }
    described
}

/// Rust's standard library comes with the compiler, and cargo does not list it.
fn standard_library(version: &str) -> Value {
    json!({
        "type": "library",
        "bom-ref": format!("pkg:generic/rust-std@{version}"),
        "name": "std",
        "version": version,
        "description": "Rust's standard library",
        "scope": "required",
        "licenses": [{ "expression": "MIT OR Apache-2.0" }],
        "purl": format!("pkg:generic/rust-std@{version}"),
    })
}

fn dependency(package: &Package, packages: &[Package]) -> Value {
    let used = packages.iter().filter(|other| package.uses.contains(&other.key()));
    json!({ "ref": reference(package), "dependsOn": used.map(reference).collect::<Vec<_>>() })
}

fn reference(package: &Package) -> String {
    format!("pkg:cargo/{}@{}", package.name, package.version)
}

/// A UUID (RFC 9562, version 8) made from the digest, so that it tells builds apart and stays the same for one.
fn serial_number(digest: &str) -> String {
    let part = |from: usize, to: usize| digest.get(from..to).unwrap_or_default();
    format!("urn:uuid:{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use cyclonedx_bom::models::bom::Bom;
    use cyclonedx_bom::validation::Validate as _;

    use super::*;
    use crate::packages::linked;
    use crate::platform::LINUX;
    use crate::workspace::root;

    fn of_this_workspace() -> (Vec<Package>, String) {
        let packages = linked(&root(), LINUX).unwrap();
        let digest = "0123456789abcdef".repeat(4);
        let subject =
            Subject { executable: "linux-coregateway-v1.2.3", digest: &digest, changed: "2026-01-02T03:04:05Z" };
        let bill = bill(&packages, &subject, &root()).unwrap();
        (packages, bill)
    }

    #[test]
    fn it_is_what_the_standard_says() {
        let (_, bill) = of_this_workspace();
        let parsed = Bom::parse_from_json_v1_5(bill.as_bytes()).unwrap();
        let result = parsed.validate();
        assert!(result.passed(), "{:#?}", result.errors().collect::<Vec<_>>());
        assert_eq!(parsed.serial_number.unwrap().to_string(), "urn:uuid:01234567-89ab-8def-8123-456789abcdef");
    }

    #[test]
    fn the_validator_finds_what_is_wrong() {
        let (_, bill) = of_this_workspace();
        let wrong = bill.replacen("\"SHA-256\"", "\"SHA-0\"", 1);
        let parsed = Bom::parse_from_json_v1_5(wrong.as_bytes());
        assert!(parsed.map_or(true, |bill| !bill.validate().passed()));
    }

    #[test]
    fn every_package_is_in_it_once_and_all_that_is_used_is_there() {
        let (packages, bill) = of_this_workspace();
        let bill: Value = serde_json::from_str(&bill).unwrap();
        let references: Vec<&str> =
            bill["components"].as_array().unwrap().iter().map(|c| c["bom-ref"].as_str().unwrap()).collect();
        let once: BTreeSet<&str> = references.iter().copied().collect();
        assert_eq!((once.len(), references.len()), (packages.len(), packages.len()), "and std, without coregateway");
        for dependency in bill["dependencies"].as_array().unwrap() {
            for used in dependency["dependsOn"].as_array().unwrap() {
                assert!(once.contains(used.as_str().unwrap()), "{used} is used and not listed");
            }
        }
    }
}
