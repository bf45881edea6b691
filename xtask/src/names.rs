//! How the files of a package are called. The supervisor finds the executable by its name, so no other file's name begins as
//! the executable's does.

/// The folder of the manual's pages.
pub(crate) const MANUAL: &str = "man";
/// The folder of the shells' completions.
pub(crate) const COMPLETIONS: &str = "completions";

/// A package of one version for one platform.
pub(crate) struct Names {
    platform: &'static str,
    ending: &'static str,
    build: String,
}

impl Names {
    /// The names of a release, or of the development build with this number.
    pub(crate) fn linux(dev: Option<u32>) -> Names {
        Names { platform: "linux", ending: "", build: build(dev) }
    }

    /// The executable, such as `linux-coregateway-v1.2.3`.
    pub(crate) fn executable(&self) -> String {
        format!("{}-coregateway-{}{}", self.platform, self.build, self.ending)
    }

    /// A file that belongs to it, such as `coregateway-v1.2.3-linux.debug`.
    pub(crate) fn beside(&self, ending: &str) -> String {
        format!("coregateway-{}-{}.{ending}", self.build, self.platform)
    }
}

/// Whether an entry of the folder of packages is part of one; cargo puts what it builds for itself there, too.
pub(crate) fn is_packaged(name: &str) -> bool {
    let beginnings = ["linux-coregateway-", "windows-coregateway-", "coregateway-"];
    name == MANUAL || name == COMPLETIONS || beginnings.iter().any(|beginning| name.starts_with(beginning))
}

fn build(dev: Option<u32>) -> String {
    let version = concat!("v", env!("CARGO_PKG_VERSION"));
    dev.map_or_else(|| version.to_owned(), |number| format!("dev{number}-{version}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION: &str = env!("CARGO_PKG_VERSION");

    #[test]
    fn a_release_is_called_as_the_supervisor_looks_for_it() {
        assert_eq!(Names::linux(None).executable(), format!("linux-coregateway-v{VERSION}"));
        let numbers: Vec<u64> = VERSION.split('.').map(|number| number.parse().unwrap()).collect();
        assert_eq!(numbers.len(), 3, "{VERSION} is a stable version");
    }

    #[test]
    fn a_development_build_says_so() {
        assert_eq!(Names::linux(Some(7)).executable(), format!("linux-coregateway-dev7-v{VERSION}"));
    }

    #[test]
    fn what_cargo_builds_for_itself_is_no_part_of_a_package() {
        assert!(is_packaged(&Names::linux(None).executable()) && is_packaged(&Names::linux(Some(1)).beside("debug")));
        for cargos in ["coregateway", "coregateway.d", "deps", "build", ".fingerprint"] {
            assert!(!is_packaged(cargos), "{cargos}");
        }
    }

    #[test]
    fn no_other_file_can_be_taken_for_an_executable() {
        for ending in ["debug", "cdx.json", "licences.txt"] {
            let name = Names::linux(None).beside(ending);
            assert!(!name.starts_with("linux-") && name.ends_with(ending), "{name}");
        }
    }
}
