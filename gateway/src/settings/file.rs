//! From the name of a configuration to its text, and from there to [`Settings`].

use std::env;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{self, Path, PathBuf};

use super::environment::{self, Variables};
use super::fault::{Reason, SettingsError};
use super::origins::Origins;
use super::{Settings, node, read};

/// The longest file that is read.
const MAX_BYTES: u64 = 1 << 20;

/// Reads the configuration of this name.
pub(super) fn load(name: &str) -> Result<Settings, SettingsError> {
    load_file(&find(name, Path::new(""))?)
}

/// Reads the configuration in this file.
pub(super) fn load_file(file: &Path) -> Result<Settings, SettingsError> {
    let text = read_text(file)?;
    parse(&text, file, &|variable| env::var(variable).ok())
}

/// The file that `name` means: a path, or the stem of a file in `directory`.
pub(super) fn find(name: &str, directory: &Path) -> Result<PathBuf, SettingsError> {
    let path = Path::new(name);
    let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    let stems = [format!("{name}.yaml"), format!("{name}.yml")].map(PathBuf::from);
    // A bare stem may also be the name of something else beside the file, the executable for example.
    let is_stem = !is_yaml && path.file_name() == Some(OsStr::new(name)) && !name.contains(path::is_separator);
    let mut candidates = vec![path.to_owned()];
    if !is_yaml {
        candidates.extend(stems);
    }
    if is_stem {
        candidates.rotate_left(1);
    }
    let mut candidates = candidates.into_iter().map(|candidate| directory.join(candidate));
    candidates.find(|candidate| candidate.is_file()).ok_or_else(|| {
        let help = format!("neither `{name}` nor `{name}.yaml` nor `{name}.yml` is a file in the working directory");
        let help = if is_yaml { None } else { Some(help.into()) };
        SettingsError::of_file(path, Reason::NotFound, help)
    })
}

fn read_text(file: &Path) -> Result<String, SettingsError> {
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|open| open.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| SettingsError::of_file(file, Reason::Unreadable(error), None))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(SettingsError::of_file(file, Reason::TooLarge, None));
    }
    String::from_utf8(bytes).map_err(|_| SettingsError::of_file(file, Reason::NotUtf8, None))
}

/// What `text`, the content of `file`, says.
pub(super) fn parse(text: &str, file: &Path, variables: Variables<'_>) -> Result<Settings, SettingsError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let failed = |faults| SettingsError { file: Some(file.to_owned()), faults };
    let mut root = node::parse(text).map_err(|fault| failed(vec![fault]))?;
    let mut faults = Vec::new();
    environment::expand(&mut root, variables, &mut faults);
    let base = file.parent().unwrap_or(Path::new(""));
    let origins = Origins::of(&root);
    let settings = read::read(root, base, &mut faults);
    if faults.is_empty() {
        return Ok(Settings { file: Some(file.to_owned()), origins, ..settings });
    }
    faults.sort_by_key(|fault| fault.place);
    // What is wrong with text whose variable is missing is that.
    faults.dedup_by(|later, earlier| {
        let of_variable = matches!(earlier.reason, Reason::UnsetVariable(_) | Reason::BrokenVariable);
        of_variable && later.place == earlier.place
    });
    Err(failed(faults))
}
