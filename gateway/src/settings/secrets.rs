//! The `secrets` section, and the values and files that are encrypted: opened before anything else is read.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use super::environment::Variables;
use super::fault::{Place, Reason, SettingsFault};
use super::node::{ENCRYPTED, Node, Text, Value};
use super::section::{Faults, Field, Section, join};
use crate::secrets::{FileFault, IdentitySource, IdentitySources, Keyring, Secret, SecretFault};

/// The longest value, in bytes.
const LONGEST_VALUE: usize = 64 << 10;

/// The longest file that is named by a configuration, in bytes.
const LONGEST_FILE: usize = 16 << 20;

/// The highest number of a file descriptor.
const LAST_DESCRIPTOR: u32 = 1023;

/// What opens what is encrypted, and what is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecretsSettings {
    /// `secrets.identity` and `secrets.passphrase`: where what opens them is, `{ file }`, `{ env }` or `{ fd }` each. Default:
    /// what `--identity` or the environment says.
    pub sources: IdentitySources,
    /// The file of the identity that the command line names, which is to be given again when the configuration is read again.
    pub given: Option<PathBuf>,
    /// What opens them.
    pub keyring: Keyring,
    /// The values that are encrypted: to be hidden wherever a configuration is shown.
    pub values: Vec<EncryptedValue>,
    /// The files that are encrypted.
    pub files: Vec<EncryptedFile>,
}

/// A value that is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptedValue {
    /// Its key, with the sections that it is in.
    pub key: String,
    /// Where it stands.
    pub place: Place,
}

/// A file that is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptedFile {
    /// The key that names it, with the sections that it is in.
    pub key: String,
    /// Where its name stands.
    pub place: Place,
    /// Its path.
    pub path: PathBuf,
}

impl SecretsSettings {
    /// Whether the value of this key is encrypted, so that it is not to be shown.
    pub fn hides(&self, key: &str) -> bool {
        self.values.iter().any(|value| value.key == key)
    }
}

/// What is known of identities before the file is read.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    /// The file that the command line names; it comes before what the configuration says.
    pub(super) identity: Option<&'a Path>,
    pub(super) variables: Variables<'a>,
}

impl Given<'_> {
    /// What opens the configuration itself, if it is encrypted.
    pub(super) fn keyring(self) -> Result<Keyring, crate::secrets::IdentityFault> {
        Keyring::given(self.identity, self.variables)
    }
}

/// Reads the section, and the identity that it names.
pub(super) fn read(field: Option<Field>, given: Given<'_>, base: &Path, faults: &mut Faults) -> SecretsSettings {
    let mut sources = IdentitySources::default();
    let mut place = None;
    if let Some(field) = field {
        place = Some(field.place());
        if let Some(mut section) = field.section(&["identity", "passphrase"], faults) {
            sources.identity = section.take("identity").and_then(|field| read_origin(field, base, faults));
            sources.passphrase = section.take("passphrase").and_then(|field| read_origin(field, base, faults));
        }
    }
    if let Some(path) = given.identity {
        sources.identity = Some(IdentitySource::File(path.to_owned()));
    }
    let keyring = Keyring::read(&sources.clone().or_environment(given.variables), given.variables);
    let keyring = keyring.unwrap_or_else(|fault| {
        let help = "mend it, or name another";
        faults.push(SettingsFault { place, reason: Reason::Identity(Box::new(fault)), help: Some(help.into()) });
        Keyring::default()
    });
    SecretsSettings { sources, given: given.identity.map(Path::to_owned), keyring, ..SecretsSettings::default() }
}

fn read_origin(field: Field, base: &Path, faults: &mut Faults) -> Option<IdentitySource> {
    let name = field.name();
    let mut section = field.section(&["file", "env", "fd"], faults)?;
    for (_, node) in section.values().filter(|(_, node)| matches!(node.value, Value::Encrypted(_))) {
        let reason = Reason::Conflict(format!("`{name}` says what decrypts, and is encrypted itself").into());
        faults.push(SettingsFault { place: Some(node.place), reason, help: Some("write it in clear text".into()) });
    }
    let (file, env, fd) = (section.take("file"), section.take("env"), section.take("fd"));
    let given = [&file, &env, &fd].into_iter().flatten().count();
    if given != 1 {
        let help = "give exactly one of `file`, `env` and `fd`";
        section.conflict(format!("`{name}` names {given} places"), help, faults);
        return None;
    }
    let file = file.and_then(|field| field.text(faults).map(|path| IdentitySource::File(base.join(path))));
    let env = env.and_then(|field| field.text(faults).map(|name| IdentitySource::Variable(name.to_owned())));
    let fd = fd.and_then(|field| field.integer(0..=LAST_DESCRIPTOR, faults).map(IdentitySource::Descriptor));
    file.or(env).or(fd)
}

/// Opens every encrypted value of the file, and adds those that cannot be opened to `faults`.
pub(super) fn open(file: &mut Section, settings: &mut SecretsSettings, faults: &mut Faults) {
    let may_open = !faults.list.iter().any(|fault| matches!(fault.reason, Reason::Identity(_)));
    let mut opening = Opening { keyring: &settings.keyring, may_open, values: Vec::new(), faults };
    for (path, node) in file.values() {
        opening.open(&path, node);
    }
    settings.values = opening.values;
    settings.values.sort_by_key(|value| value.place);
}

struct Opening<'a> {
    keyring: &'a Keyring,
    /// Whether there is sense in it: without the identity every value would be a fault of its own.
    may_open: bool,
    values: Vec<EncryptedValue>,
    faults: &'a mut Faults,
}

impl Opening<'_> {
    fn open(&mut self, path: &str, node: &mut Node) {
        match &mut node.value {
            Value::Encrypted(sealed) => {
                self.values.push(EncryptedValue { key: path.to_owned(), place: node.place });
                let opened = self.keyring.open(sealed.as_bytes(), LONGEST_VALUE);
                match opened.and_then(|secret| text_of(&secret)) {
                    Ok(text) => node.value = Value::Text(text),
                    Err(fault) if self.may_open => self.faults.push(fault_of(path, node.place, fault)),
                    Err(_) => {}
                }
            }
            Value::List(nodes) => nodes.iter_mut().for_each(|node| self.open(path, node)),
            Value::Map(entries) => {
                for (key, node) in entries {
                    self.open(&join(path, &key.name), node);
                }
            }
            Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::Text(_) | Value::Tagged => {}
        }
    }
}

/// The text in it, without the line break at its end that most tools leave there.
fn text_of(secret: &Secret) -> Result<Text, SecretFault> {
    let text = secret.expose_text().ok_or(SecretFault::NotText)?;
    let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(Text { value: text.to_owned(), written: Some(ENCRYPTED.to_owned()) })
}

fn fault_of(key: &str, place: Place, fault: SecretFault) -> SettingsFault {
    let help = Some(fault.help().into());
    SettingsFault { place: Some(place), reason: Reason::Encrypted { key: key.to_owned(), fault }, help }
}

/// Reads every encrypted file that the configuration names, so that one which cannot be opened is told with its place.
pub(super) fn check_files(settings: &mut SecretsSettings, faults: &mut Faults) {
    settings.files = std::mem::take(&mut faults.encrypted_files);
    for file in &settings.files {
        if let Err(fault) = settings.keyring.read_file(&file.path, LONGEST_FILE) {
            let help = match &fault {
                FileFault::Secret(fault) => Some(fault.help().into()),
                FileFault::Io(_) | FileFault::TooLarge(_) => None,
            };
            let fault = Box::new(fault);
            let reason = Reason::EncryptedFile { key: file.key.clone(), path: file.path.clone(), fault };
            faults.push(SettingsFault { place: Some(file.place), reason, help });
        }
    }
}
