//! `coregateway secrets`: makes identities, encrypts, decrypts, and encrypts anew.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use gateway::secrets::{
    Form, IdentityFault, Keyring, RecipientFault, Recipients, RotateError, Secret, SecretFault, generate, rotate, seal,
    yaml_value,
};

use crate::command_line::{EncryptArguments, RecipientArguments, SecretsCommand};

/// The longest input, in bytes.
const MAX_BYTES: usize = 16 << 20;

/// Why a command did nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("standard input or output: {0}")]
    Stream(#[from] io::Error),
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("the input is longer than 16 MiB")]
    TooLarge,
    #[error("{0}")]
    Recipient(#[from] RecipientFault),
    #[error("{}: {source}", path.display())]
    RecipientsFile { path: PathBuf, source: RecipientFault },
    #[error("nobody could open it: name a public key (--recipient) or an identity (--identity)")]
    NoRecipient,
    #[error("{0}")]
    Identity(#[from] IdentityFault),
    #[error("{0}")]
    Open(#[from] SecretFault),
    #[error(transparent)]
    Rotate(#[from] RotateError),
}

impl Fault {
    /// The exit status that says so: 2 where the command line or the configuration is wrong.
    pub(crate) const fn status(&self) -> u8 {
        match self {
            Self::Recipient(_)
            | Self::RecipientsFile { .. }
            | Self::NoRecipient
            | Self::Identity(_)
            | Self::Rotate(RotateError::Settings(_) | RotateError::Identity(_) | RotateError::Shape(_)) => 2,
            Self::Stream(_) | Self::File { .. } | Self::TooLarge | Self::Open(_) | Self::Rotate(_) => 1,
        }
    }
}

pub(crate) fn run(command: &SecretsCommand) -> Result<(), Fault> {
    match command {
        SecretsCommand::Keygen { output } => keygen(output.as_deref()),
        SecretsCommand::Encrypt(arguments) => encrypt(arguments),
        SecretsCommand::Decrypt { input, identity, output } => {
            let plain = keyring(identity.as_deref())?.open(read(input.as_deref())?.expose(), MAX_BYTES)?;
            write(output.as_deref(), plain.expose())
        }
        SecretsCommand::Rotate { config_name, identity, recipients } => {
            let recipients = named(recipients)?;
            if recipients.is_empty() {
                return Err(Fault::NoRecipient);
            }
            tell_rotated(config_name, identity.as_deref(), &recipients)
        }
    }
}

/// The identity goes where nobody else looks, the public key to where it is seen.
fn keygen(output: Option<&Path>) -> Result<(), Fault> {
    let (identity, public) = generate();
    write(output, identity.expose())?;
    match output {
        Some(_) => writeln!(io::stdout(), "{public}")?,
        None => writeln!(io::stderr(), "public key: {public}")?,
    }
    Ok(())
}

fn encrypt(arguments: &EncryptArguments) -> Result<(), Fault> {
    let mut recipients = named(&arguments.recipients)?;
    if recipients.is_empty() || arguments.identity.is_some() {
        for public in keyring(arguments.identity.as_deref())?.public_keys() {
            recipients.add(public)?;
        }
    }
    if recipients.is_empty() {
        return Err(Fault::NoRecipient);
    }
    let form = if arguments.binary { Form::Binary } else { Form::Armored };
    let sealed = seal(&read(arguments.input.as_deref())?, &recipients, form)?;
    let output = arguments.output.as_deref();
    if arguments.yaml {
        return write(output, yaml_value(&String::from_utf8_lossy(&sealed)).as_bytes());
    }
    write(output, &sealed)
}

fn tell_rotated(config_name: &str, identity: Option<&Path>, recipients: &Recipients) -> Result<(), Fault> {
    let rotated = rotate(config_name, identity, recipients)?;
    let mut stdout = io::stdout().lock();
    for key in rotated.values {
        writeln!(stdout, "value {key}")?;
    }
    for path in rotated.files {
        writeln!(stdout, "file {}", path.display())?;
    }
    Ok(())
}

fn keyring(identity: Option<&Path>) -> Result<Keyring, Fault> {
    Ok(Keyring::given(identity, &|name| env::var(name).ok())?)
}

/// Those whom the command line names.
fn named(arguments: &RecipientArguments) -> Result<Recipients, Fault> {
    let mut recipients = Recipients::default();
    for public in &arguments.recipient {
        recipients.add(public)?;
    }
    for path in &arguments.recipients_file {
        let text = fs::read_to_string(path).map_err(|source| Fault::File { path: path.clone(), source })?;
        recipients.add(&text).map_err(|source| Fault::RecipientsFile { path: path.clone(), source })?;
    }
    Ok(recipients)
}

fn read(input: Option<&Path>) -> Result<Secret, Fault> {
    // What is read must not have to move, as it would leave a copy behind.
    let mut bytes = Vec::with_capacity(64 << 10);
    match input {
        None => io::stdin().lock().take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?,
        Some(path) => File::open(path)
            .and_then(|file| {
                bytes.reserve(usize::try_from(file.metadata()?.len()).unwrap_or_default().min(MAX_BYTES));
                file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)
            })
            .map_err(|source| Fault::File { path: path.to_owned(), source })?,
    };
    let secret = Secret::from(bytes);
    if secret.expose().len() > MAX_BYTES { Err(Fault::TooLarge) } else { Ok(secret) }
}

/// To a new file that only its owner can read, or to standard output.
fn write(output: Option<&Path>, bytes: &[u8]) -> Result<(), Fault> {
    let Some(path) = output else {
        let mut stdout = io::stdout().lock();
        return Ok(stdout.write_all(bytes).and_then(|()| stdout.flush())?);
    };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let written = options.open(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|source| Fault::File { path: path.to_owned(), source })
}
