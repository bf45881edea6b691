//! How the files of a package are called. The supervisor finds the executable by its name, so no other file's name begins as
//! the executable's does.

use crate::platform::Platform;

/// The folder of the manual's pages.
pub(crate) const MANUAL: &str = "man";
/// The folder of the shells' completions.
pub(crate) const COMPLETIONS: &str = "completions";

/// A package of one version for one platform.
pub(crate) struct Names {
    platform: Platform,
    build: String,
}

impl Names {
    /// The names of a release, or of the development build with this number.
    pub(crate) fn new(platform: Platform, dev: Option<u32>) -> Names {
        let version = concat!("v", env!("CARGO_PKG_VERSION"));
        let build = dev.map_or_else(|| version.to_owned(), |number| format!("dev{number}-{version}"));
        Names { platform, build }
    }

    /// The executable, such as `linux-coregateway-v1.2.3`.
    pub(crate) fn executable(&self) -> String {
        format!("{}-coregateway-{}{}", self.platform.name, self.build, self.platform.ending)
    }

    /// A file that belongs to it, such as `coregateway-v1.2.3-linux.debug`.
    pub(crate) fn beside(&self, ending: &str) -> String {
        format!("coregateway-{}-{}.{ending}", self.build, self.platform.name)
    }
}

/// Whether an entry of the folder of packages is part of one; cargo puts what it builds for itself there, too.
pub(crate) fn is_packaged(name: &str) -> bool {
    let beginnings = ["linux-coregateway-", "windows-coregateway-", "coregateway-"];
    name == MANUAL || name == COMPLETIONS || beginnings.iter().any(|beginning| name.starts_with(beginning))
}

/// Whether an entry of the folder of packages was made for this platform, of whatever version.
pub(crate) fn is_of(platform: Platform, name: &str) -> bool {
    let is_executable = name.starts_with(&format!("{}-coregateway-", platform.name));
    is_executable || (name.starts_with("coregateway-") && name.contains(&format!("-{}.", platform.name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{LINUX, WINDOWS};

    const VERSION: &str = env!("CARGO_PKG_VERSION");

    #[test]
    fn a_release_is_called_as_the_supervisor_looks_for_it() {
        assert_eq!(Names::new(LINUX, None).executable(), format!("linux-coregateway-v{VERSION}"));
        assert_eq!(Names::new(WINDOWS, None).executable(), format!("windows-coregateway-v{VERSION}.exe"));
        let numbers: Vec<u64> = VERSION.split('.').map(|number| number.parse().unwrap()).collect();
        assert_eq!(numbers.len(), 3, "{VERSION} is a stable version");
    }

    #[test]
    fn a_development_build_says_so() {
        assert_eq!(Names::new(LINUX, Some(7)).executable(), format!("linux-coregateway-dev7-v{VERSION}"));
    }

    #[test]
    fn what_cargo_builds_for_itself_is_no_part_of_a_package() {
        assert!(
            is_packaged(&Names::new(LINUX, None).executable())
                && is_packaged(&Names::new(LINUX, Some(1)).beside("debug"))
        );
        for cargos in ["coregateway", "coregateway.d", "deps", "build", ".fingerprint"] {
            assert!(!is_packaged(cargos), "{cargos}");
        }
    }

    #[test]
    fn what_was_made_for_one_platform_is_not_taken_for_anothers() {
        let made = |platform| {
            let names = Names::new(platform, Some(1));
            [names.executable(), names.beside("debug"), names.beside("cdx.json")]
        };
        for (platform, other) in [(LINUX, WINDOWS), (WINDOWS, LINUX)] {
            assert!(made(platform).iter().all(|name| is_of(platform, name) && !is_of(other, name)));
        }
    }

    #[test]
    fn no_other_file_can_be_taken_for_an_executable() {
        for ending in ["debug", "cdx.json", "licences.txt"] {
            let name = Names::new(LINUX, None).beside(ending);
            assert!(!name.starts_with("linux-") && name.ends_with(ending), "{name}");
        }
    }
}
