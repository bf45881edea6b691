//! The promises of encrypted values and files: where they may stand, and what is said of those that cannot be opened.

#![cfg(feature = "secrets")]

use std::fs;
use std::path::Path;

use super::super::{KeySource, Place, Settings, file};
use super::Given;
use crate::secrets::{Form, Recipients, Secret, generate, seal, yaml_value};

/// A folder with an identity file and a configuration, and whose identity it is.
struct Plant {
    folder: tempfile::TempDir,
    recipients: Recipients,
    public: String,
}

impl Plant {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (identity, public) = generate();
        fs::write(folder.path().join("identity"), identity.expose()).unwrap();
        let mut recipients = Recipients::default();
        recipients.add(&public).unwrap();
        Self { folder, recipients, public }
    }

    fn sealed(&self, text: &str, form: Form) -> Vec<u8> {
        seal(&Secret::from(text.to_owned()), &self.recipients, form).unwrap()
    }

    /// `text` as a value of a configuration, to stand behind an indented key.
    fn value(&self, text: &str) -> String {
        let armored = String::from_utf8(self.sealed(text, Form::Armored)).unwrap();
        yaml_value(&armored).replace('\n', "\n  ").trim_end().to_owned()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.folder.path().join(name), content).unwrap();
    }

    /// What comes of this configuration, whose version is filled in, with these environment variables.
    fn load(&self, text: &str, variables: &[(&str, &str)]) -> Result<Settings, String> {
        let path = self.folder.path().join("gateway.yaml");
        let find =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let given = Given { identity: None, variables: &find };
        let settings = file::parse(&format!("version: 1\n{text}"), &path, given);
        settings.map_err(|error| error.to_string().replace(&format!("{}/", self.folder.path().display()), ""))
    }
}

const WITH_FILE: &str = "secrets: { identity: { file: identity } }\n";

#[test]
fn any_text_may_be_encrypted_and_is_read_as_if_it_stood_there() {
    let plant = Plant::new();
    let lines = [
        WITH_FILE.to_owned(),
        // What most tools leave at the end of a value is not part of it.
        format!("listen: {}", plant.value("127.0.0.1:8901\n")),
        format!("threads: {}", plant.value("3")),
        format!("shutdown_grace: {}", plant.value("7s")),
        format!("trusted_proxies:\n  - {}", plant.value("10.0.0.0/8")),
        "auth:\n  issuer: i\n  audience: a".to_owned(),
        format!("  jwks:\n    url: {}", plant.value("http://a/keys?code=hunter2").replace('\n', "\n  ")),
    ];
    let settings = plant.load(&lines.join("\n"), &[]).unwrap();
    assert_eq!(settings.listen, "127.0.0.1:8901".parse().unwrap());
    assert_eq!((settings.threads, settings.shutdown_grace.as_secs()), (3, 7));
    assert_eq!(settings.trusted_proxies[0].to_string(), "10.0.0.0/8");
    let Some(KeySource::Url(url)) = settings.auth.map(|auth| auth.jwks.source) else { panic!("no URL") };
    assert_eq!(url.path, "/keys?code=hunter2");
    let keys: Vec<&str> = settings.secrets.values.iter().map(|value| &*value.key).collect();
    assert_eq!(keys, ["listen", "threads", "shutdown_grace", "trusted_proxies", "auth.jwks.url"]);
    assert_eq!(settings.secrets.values[0].place, Place { line: 5, column: 5 });
}

#[test]
fn the_identity_comes_from_the_section_or_from_the_environment() {
    let plant = Plant::new();
    let value = format!("threads: {}\n", plant.value("3"));
    let file = plant.folder.path().join("identity");
    let identity = fs::read_to_string(&file).unwrap();
    let file = file.to_str().unwrap();
    for (section, variables) in [
        (WITH_FILE, &[][..]),
        ("secrets: { identity: { env: MINE } }\n", &[("MINE", &*identity)]),
        ("", &[("COREGATEWAY_IDENTITY", &identity)]),
        ("", &[("COREGATEWAY_IDENTITY_FILE", file)]),
        // What the file says comes before the environment.
        (WITH_FILE, &[("COREGATEWAY_IDENTITY_FILE", "/no/such")]),
    ] {
        let loaded = plant.load(&format!("{section}{value}"), variables);
        assert_eq!(loaded.map(|settings| settings.threads), Ok(3), "{section} {}", variables.len());
    }
}

#[test]
fn a_value_without_an_identity_is_refused_with_its_place_and_where_one_is_looked_for() {
    let plant = Plant::new();
    let refusal = plant.load(&format!("listen: {}\n", plant.value("127.0.0.1:1")), &[]).unwrap_err();
    assert_eq!(
        refusal,
        "gateway.yaml:3:5: `listen` cannot be decrypted: it is encrypted, and there is no identity to open it with\n  \
         help: name it by `--identity FILE`, by `secrets.identity`, or in the environment variable \
         COREGATEWAY_IDENTITY_FILE or COREGATEWAY_IDENTITY"
    );
}

#[test]
fn a_value_for_somebody_else_is_refused_with_the_identity_that_was_tried() {
    let (plant, other) = (Plant::new(), Plant::new());
    let refusal = plant.load(&format!("{WITH_FILE}threads: {}\n", other.value("3")), &[]).unwrap_err();
    let told = format!(
        "gateway.yaml:4:5: `threads` cannot be decrypted: it is encrypted to somebody else: tried {}\n",
        plant.public
    );
    assert!(refusal.starts_with(&told), "{refusal}");
}

#[test]
fn an_identity_that_cannot_be_read_is_one_fault_however_many_values_are_encrypted() {
    let plant = Plant::new();
    let values = format!("threads: {}\nshutdown_grace: {}\nlisten: 5\n", plant.value("3"), plant.value("3s"));
    let refusal = plant.load(&format!("secrets: {{ identity: {{ env: NOPE }} }}\n{values}"), &[]).unwrap_err();
    let told: Vec<&str> = refusal.lines().filter(|line| !line.starts_with("  help")).collect();
    let identity = "gateway.yaml:2:10: the identity from the environment variable NOPE cannot be used: it is not set";
    let [first, second] = told[..] else { panic!("{refusal}") };
    assert_eq!(first, identity);
    assert!(second.contains("`listen` must be text"), "{refusal}");
}

#[test]
fn what_was_encrypted_is_in_no_message() {
    let plant = Plant::new();
    for (key, value) in
        [("listen", "hunter2"), ("threads", "hunter2"), ("shutdown_grace", "hunter2"), ("log", "hunter2")]
    {
        let refusal = plant.load(&format!("{WITH_FILE}{key}: {}\n", plant.value(value)), &[]).unwrap_err();
        assert!(refusal.contains(&format!("`{key}`")) && !refusal.contains("hunter2"), "{refusal}");
    }
}

#[test]
fn armor_that_was_cut_off_changed_or_left_out_is_refused() {
    let plant = Plant::new();
    let value = plant.value("3");
    let lines: Vec<&str> = value.lines().collect();
    let cut = lines[..lines.len() - 1].join("\n");
    let short = [&lines[..2], &lines[3..]].concat().join("\n");
    for (value, reason) in [
        (cut, "it was changed or cut off since it was encrypted"),
        (short, "it was changed or cut off since it was encrypted"),
        ("!age five".to_owned(), "it is no age file: it does not start as one"),
        ("!age 5".to_owned(), "`threads` must be a whole number, not a value with a tag that means nothing here"),
        ("!age".to_owned(), "`threads` must be a whole number, not a value with a tag that means nothing here"),
    ] {
        let refusal = plant.load(&format!("{WITH_FILE}threads: {value}\n"), &[]).unwrap_err();
        assert!(refusal.contains(reason), "{value}: {refusal}");
    }
}

#[test]
fn a_tag_that_means_nothing_is_refused_and_those_of_yaml_are_not() {
    let plant = Plant::new();
    let refusal = plant.load("listen: !agge |\n  x\n", &[]).unwrap_err();
    assert!(refusal.contains("`listen` must be text, not a value with a tag that means nothing here"), "{refusal}");
    assert!(plant.load("log: !age { level: info }\n", &[]).unwrap_err().contains("`log` must be a section"));
    assert!(plant.load("listen: !!str 127.0.0.1:1\nthreads: !!int 3\nlog: !!map { level: info }\n", &[]).is_ok());
}

#[test]
fn what_decrypts_cannot_be_encrypted_itself() {
    let plant = Plant::new();
    let refusal =
        plant.load(&format!("secrets:\n  identity:\n    env: {}\n", plant.value("X").replace('\n', "\n  ")), &[]);
    assert!(refusal.unwrap_err().contains("`secrets.identity` says what decrypts, and is encrypted itself"));
    let version = format!("{}\nversion: {}\n", WITH_FILE, plant.value("1"));
    assert!(plant.load(&version, &[]).is_err());
    assert!(plant.load("secrets: { identity: { env: A, file: b } }\n", &[]).unwrap_err().contains("names 2 places"));
}

#[test]
fn a_file_that_cannot_be_opened_is_refused_with_the_place_of_its_name() {
    let plant = Plant::new();
    plant.write("good.age", plant.sealed("x", Form::Binary));
    plant.write("other.age", Plant::new().sealed("x", Form::Binary));
    plant.write("plain.age", "-----BEGIN CERTIFICATE-----");
    for (name, reason) in [
        ("missing.age", "No such file"),
        ("other.age", "it is encrypted to somebody else"),
        ("plain.age", "it is no age file"),
    ] {
        let text = format!("{WITH_FILE}tls: {{ certificate: good.age, private_key: {name} }}\n");
        let refusal = plant.load(&text, &[]).unwrap_err();
        let told = format!("gateway.yaml:3:44: `tls.private_key`: {name} cannot be read: {reason}");
        assert!(refusal.starts_with(&told), "{refusal}");
    }
    let settings = plant.load(&format!("{WITH_FILE}tls: {{ certificate: a, private_key: good.age }}\n"), &[]).unwrap();
    assert_eq!(settings.secrets.files[0].key, "tls.private_key");
}

#[test]
fn what_the_gateway_writes_is_not_named_like_an_encrypted_file() {
    assert!(
        Plant::new()
            .load("log: { file: gateway.log.age }\n", &[])
            .unwrap_err()
            .contains("is named like an encrypted file")
    );
}

#[test]
fn a_whole_configuration_may_be_encrypted_and_is_found_by_its_plain_name() {
    let plant = Plant::new();
    plant.write("gateway.yaml.age", plant.sealed("version: 1\nthreads: 7\n", Form::Binary));
    let path = |name: &str| plant.folder.path().join(name).to_str().unwrap().to_owned();
    let identity = path("identity");
    for name in ["gateway.yaml.age", "gateway.yaml", "gateway"] {
        let settings = Settings::load_with_identity(Some(&path(name)), Some(Path::new(&identity))).unwrap();
        assert_eq!(settings.threads, 7);
    }
    let refusal = Settings::load(Some(&path("gateway.yaml.age"))).unwrap_err().to_string();
    assert!(refusal.contains("the file cannot be decrypted: it is encrypted, and there is no identity"), "{refusal}");
    assert!(refusal.contains("an encrypted configuration cannot say it itself"), "{refusal}");
}

#[test]
#[cfg(unix)]
fn an_identity_may_come_from_a_file_descriptor_and_a_pipe_is_read_once() {
    use std::io::Write as _;
    use std::os::fd::AsRawFd as _;

    let plant = Plant::new();
    let file = fs::File::open(plant.folder.path().join("identity")).unwrap();
    let (pipe, mut writer) = std::io::pipe().unwrap();
    writer.write_all(&fs::read(plant.folder.path().join("identity")).unwrap()).unwrap();
    drop(writer);
    for descriptor in [file.as_raw_fd(), pipe.as_raw_fd()] {
        let text = format!("secrets: {{ identity: {{ fd: {descriptor} }} }}\nthreads: {}\n", plant.value("3"));
        // The second time is a reload.
        for _ in 0..2 {
            assert_eq!(plant.load(&text, &[]).map(|settings| settings.threads), Ok(3), "{descriptor}");
        }
    }
}

#[test]
#[cfg(unix)]
fn an_identity_file_that_everybody_can_read_is_noticed() {
    use std::os::unix::fs::PermissionsExt as _;

    let plant = Plant::new();
    for (mode, noticed) in [(0o644, 1), (0o600, 0)] {
        fs::set_permissions(plant.folder.path().join("identity"), fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(plant.load(WITH_FILE, &[]).unwrap().secrets.keyring.open_to_all().count(), noticed);
    }
}
