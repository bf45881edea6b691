//! Settings looked at without serving: in, settings that were read, and the table; out, what a start would refuse, what it
//! would live with and hardly anybody wants, and what should be looked at.

use std::path::Path;

use gateway_table::Table;

use crate::auth::refresh::faults_of_files;
use crate::materials::Materials;
use crate::settings::{Reason, Settings, SettingsError, SettingsFault};

/// Checks settings as a start does, and that the files which they name are there; gives what an operator should look at
/// although it works.
///
/// # Errors
///
/// Tells everything that is wrong.
pub fn check(settings: &Settings, table: &Table) -> Result<Vec<String>, SettingsError> {
    let materials = Materials::read(settings, table, None)?;
    let documents =
        settings.auth.as_ref().map(|auth| faults_of_files(auth, &settings.secrets.keyring)).unwrap_or_default();
    let documents = documents.into_iter().map(|fault| (fault.key, Reason::Document(Box::new(fault))));
    let faults: Vec<SettingsFault> = documents
        .chain(fault_of_log(settings))
        .map(|(key, reason)| SettingsFault { place: settings.origins.place_of(key), reason, help: None })
        .collect();
    if !faults.is_empty() {
        return Err(SettingsError { file: settings.file.clone(), faults, log_file: settings.log.file.clone() });
    }
    let mut warnings = materials.warnings(settings);
    if settings.auth.is_none() {
        warnings.push("no keys are configured: every route that asks for a role answers 401".to_owned());
    }
    Ok(warnings)
}

/// A log that could not be written, as its folder is not there.
fn fault_of_log(settings: &Settings) -> Option<(&'static str, Reason)> {
    let file = settings.log.file.as_ref()?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let problem = "cannot be written: its folder is not there".into();
    let reason = || Reason::Invalid { key: "log.file".to_owned(), value: file.display().to_string(), problem };
    (!folder.is_dir()).then(reason).map(|reason| ("log.file", reason))
}
