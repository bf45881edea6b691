//! From the name of a configuration to its text, and from there to [`Settings`].

use std::env;
use std::ffi::OsStr;
use std::path::{self, Path, PathBuf};

use super::environment;
use super::fault::{Reason, SettingsError};
use super::origins::Origins;
use super::secrets::{self, Given};
use super::section::Faults;
use super::{Settings, node, read};
use crate::secrets::{FileFault, Keyring, Secret, is_encrypted};

/// The longest file that is read.
const MAX_BYTES: usize = 1 << 20;

/// Reads the configuration of this name; `identity` is the file of the identity that the command line names.
pub(super) fn load(name: &str, identity: Option<&Path>) -> Result<Settings, SettingsError> {
    load_file(&find(name, Path::new(""))?, identity)
}

/// Reads the configuration in this file.
pub(super) fn load_file(file: &Path, identity: Option<&Path>) -> Result<Settings, SettingsError> {
    let given = Given { identity, variables: &|variable| env::var(variable).ok() };
    let content = read_content(file, given)?;
    let text = content.expose_text().ok_or_else(|| SettingsError::of_file(file, Reason::NotUtf8, None))?;
    parse(text, file, given)
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
    let encrypted: Vec<_> = candidates.iter().map(|candidate| with_age(candidate)).collect();
    candidates.extend(encrypted);
    let mut candidates = candidates.into_iter().map(|candidate| directory.join(candidate));
    candidates.find(|candidate| candidate.is_file()).ok_or_else(|| {
        let help = format!("neither `{name}` nor `{name}.yaml` nor `{name}.yml` is a file in the working directory");
        let help = if is_yaml { None } else { Some(help.into()) };
        SettingsError::of_file(path, Reason::NotFound, help)
    })
}

fn with_age(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".age");
    name.into()
}

fn read_content(file: &Path, given: Given<'_>) -> Result<Secret, SettingsError> {
    let keyring = if is_encrypted(file) {
        let failed = |fault| SettingsError::of_file(file, Reason::Identity(Box::new(fault)), None);
        given.keyring().map_err(failed)?
    } else {
        Keyring::default()
    };
    keyring.read_file(file, MAX_BYTES).map_err(|fault| match fault {
        FileFault::Io(error) => SettingsError::of_file(file, Reason::Unreadable(error), None),
        FileFault::TooLarge(_) => SettingsError::of_file(file, Reason::TooLarge, None),
        FileFault::Secret(fault) => {
            let help = fault.help_for_configuration().into();
            SettingsError::of_file(file, Reason::Sealed(fault), Some(help))
        }
    })
}

/// What `text`, the content of `file`, says.
pub(super) fn parse(text: &str, file: &Path, given: Given<'_>) -> Result<Settings, SettingsError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let failed = |faults, log_file| SettingsError { file: Some(file.to_owned()), faults, log_file };
    let mut root = node::parse(text).map_err(|fault| failed(vec![fault], None))?;
    let mut faults = Faults::default();
    environment::expand(&mut root, given.variables, &mut faults);
    let base = file.parent().unwrap_or(Path::new(""));
    let origins = Origins::of(&root);
    let mut settings = read::read(root, base, given, &mut faults);
    secrets::check_files(&mut settings.secrets, &mut faults);
    let mut faults = faults.list;
    if faults.is_empty() {
        return Ok(Settings { file: Some(file.to_owned()), origins, ..settings });
    }
    faults.sort_by_key(|fault| fault.place);
    // What is wrong with text whose variable is missing is that.
    faults.dedup_by(|later, earlier| {
        let of_variable = matches!(earlier.reason, Reason::UnsetVariable(_) | Reason::BrokenVariable);
        of_variable && later.place == earlier.place
    });
    Err(failed(faults, settings.log.file))
}
