//! What the gateway's build script does: find the route file, tell cargo and the macro where it is, print warnings.
//!
//! Errors are told by the macro, which has room for them; a warning has a line of cargo's. So each fault has one voice. Only a
//! file that cannot be read at all is an error here, because there is nothing for the macro to show.

use std::env;
use std::path::{Path, PathBuf};
use std::process;

use crate::{Level, Source, compile, render};

/// The environment variable that names another route file.
const FILE_VARIABLE: &str = "COREGATEWAY_ROUTES";
/// The route file beside `Cargo.toml`.
const DEFAULT_FILE: &str = "routes.ron";

/// Runs the whole build script of a package that embeds a route file.
///
/// The package sees `COREGATEWAY_ROUTES_FILE`, the file's absolute path, and `COREGATEWAY_PROFILE`, the name of the build
/// profile, in its environment when it is compiled. A file that cannot be read ends the process.
pub fn run() {
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let wanted = env::var_os(FILE_VARIABLE).filter(|file| !file.is_empty());
    let file = wanted.map_or_else(|| PathBuf::from(DEFAULT_FILE), PathBuf::from);
    let path = package.join(&file);

    tell_cargo("rerun-if-env-changed", FILE_VARIABLE);
    tell_cargo("rerun-if-changed", &path.display().to_string());
    tell_cargo("rustc-env", &format!("COREGATEWAY_ROUTES_FILE={}", path.display()));
    tell_cargo("rustc-env", &format!("COREGATEWAY_PROFILE={}", profile()));

    match Source::read(file.display().to_string(), &path) {
        Ok(source) => warnings(&source).iter().for_each(|warning| tell_cargo("warning", warning)),
        Err(error) => {
            tell_cargo("error", &format!("cannot read the route file {}: {error}", file.display()));
            process::exit(1);
        }
    }
}

/// The file's warnings, a line each.
fn warnings(source: &Source) -> Vec<String> {
    let faults = compile(source).faults;
    faults.iter().filter(|fault| fault.level == Level::Warning).map(|fault| render::line(source, fault)).collect()
}

/// The profile's name. Cargo tells a build script only whether it is like `dev` or like `release`; the directory that it
/// builds into has the name itself.
fn profile() -> String {
    let named = env::var_os("OUT_DIR").and_then(|out| profile_directory(Path::new(&out)));
    match named.as_deref() {
        Some("debug") => "dev".to_owned(),
        Some(name) => name.to_owned(),
        None => env::var("PROFILE").unwrap_or_else(|_| "unknown".to_owned()),
    }
}

/// The directory above `build/<package>/out`.
fn profile_directory(out: &Path) -> Option<String> {
    let build = out.ancestors().find(|directory| directory.file_name().is_some_and(|name| name == "build"))?;
    Some(build.parent()?.file_name()?.to_str()?.to_owned())
}

/// One instruction to cargo, which reads what a build script prints, line by line.
#[expect(clippy::print_stdout, reason = "standard output is how a build script speaks to cargo")]
fn tell_cargo(instruction: &str, value: &str) {
    println!("cargo::{instruction}={}", value.replace(['\n', '\r'], " "));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_known_by_its_directory() {
        let directory = profile_directory(Path::new("/x/target/dist/build/coregateway-1a2b/out"));
        assert_eq!(directory.as_deref(), Some("dist"));
        assert_eq!(profile_directory(Path::new("/x")), None);
    }

    #[test]
    fn a_warning_is_one_line_and_an_error_is_none() {
        let text = "(routes: [\n  (path_prefix: \"/a\", service: \"s\", target: \"http://s/\", required_role: Admin)])";
        let told = warnings(&Source::new("routes.ron", text));
        assert_eq!(told, ["routes.ron:2:54: a target does not end with `/` [CG0410]; help: leave it out"]);
    }
}
