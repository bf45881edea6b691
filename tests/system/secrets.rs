//! Encrypted configurations, keys and values, as an operator makes them and the real binary reads them.

use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};

use rcgen::generate_simple_self_signed;
use stand_ins::{Issuer, KeyKind};

use crate::support::client::ask;
use crate::support::process::{Process, command};
use crate::support::upstream::Upstream;

/// A folder with an identity, `identity.txt`, and its public key, `public.txt`.
struct Plant(tempfile::TempDir);

impl Plant {
    fn new() -> Self {
        let plant = Self(tempfile::tempdir().unwrap());
        let public = plant.succeed(&["keygen", "--output", "identity.txt"], "");
        plant.write("public.txt", &public);
        plant
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// What `coregateway secrets` says to these arguments and this standard input.
    fn secrets(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = command();
        command.current_dir(self.path()).arg("secrets").args(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // It need not read its input to refuse.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    fn succeed(&self, arguments: &[&str], input: &str) -> String {
        let output = self.secrets(arguments, input);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Encrypts this file to this plant's identity, as `NAME.age`, and removes it.
    fn encrypt(&self, name: &str) {
        self.succeed(&["encrypt", "-R", "public.txt", name, "--output", &format!("{name}.age")], "");
        std::fs::remove_file(self.path().join(name)).unwrap();
    }

    /// `text` as a value, to stand behind a key that is indented by `indent`.
    fn value(&self, text: &str, indent: &str) -> String {
        let value = self.succeed(&["encrypt", "--identity", "identity.txt", "--yaml"], text);
        value.trim_end().replace('\n', &format!("\n{indent}"))
    }

    /// What the gateway says when it does not start.
    fn refused(&self, configuration: &str) -> String {
        self.write("refused.yaml", format!("version: 1\nlisten: 127.0.0.1:0\n{configuration}"));
        let output = command().current_dir(self.path()).args(["--config-name", "refused"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    }
}

const IDENTITY: &str = "secrets: { identity: { file: identity.txt } }\n";

/// Certificate and keys in this plant's folder, all encrypted, and the configuration that names them.
fn with_encrypted_keys(plant: &Plant) -> String {
    let certified = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    plant.write("gateway.crt", certified.cert.pem());
    plant.write("gateway.key", certified.signing_key.serialize_pem());
    plant.write("sign.key", rcgen::KeyPair::generate().unwrap().serialize_pem());
    let issuer = Issuer::new(KeyKind::P256, "plant-1");
    plant.write("keys.json", issuer.jwk_set().to_string());
    for name in ["gateway.crt", "gateway.key", "sign.key", "keys.json"] {
        plant.encrypt(name);
    }
    let tls = "{ certificate: gateway.crt.age, private_key: gateway.key.age }";
    format!(
        "{IDENTITY}tls: {tls}\nadmin: {{ listen: \"127.0.0.1:0\", tls: {tls} }}\n\
         identity: {{ token: {{ private_key: sign.key.age }} }}\n\
         auth: {{ issuer: i, audience: a, jwks: {{ file: keys.json.age }} }}\n"
    )
}

#[test]
fn every_key_may_be_an_encrypted_file() {
    let plant = Plant::new();
    let configuration = with_encrypted_keys(&plant);
    let gateway = Process::start(plant.path(), &configuration);
    let asked = format!("healthcheck --listen {} --config-name coregateway", gateway.address());
    let healthy = command().current_dir(plant.path()).args(asked.split(' ')).output().unwrap();
    assert_eq!(healthy.status.code(), Some(0), "{}", String::from_utf8_lossy(&healthy.stderr));
    gateway.terminate();
    let (status, log) = gateway.wait();
    assert_eq!(status.code(), Some(0));
    assert!(!log.join("").contains("cannot be read"), "{log:?}");
}

#[test]
fn what_was_encrypted_is_nowhere_in_the_log_the_status_or_the_metrics() {
    let plant = Plant::new();
    let (down, operators) = (Upstream::down(), Upstream::down());
    let url = plant.value(&format!("http://{down}/keys?code=hunter2"), "    ");
    let configuration = format!(
        "{IDENTITY}admin: {{ listen: \"{operators}\" }}\nlog: {{ level: trace }}\n\
         auth:\n  issuer: i\n  audience: a\n  jwks:\n    refresh: 100ms\n    url: {url}\n\
         \x20 revocations:\n    url: {url}\n"
    );
    let gateway = Process::start(plant.path(), &configuration);
    // The keys are looked for, in vain, before anybody can be answered.
    assert_eq!(ask(gateway.address(), "GET /api/v1/agent/x", "Authorization: Bearer a.b.c\r\n").status, 401);
    let told = ["/status", "/metrics", "/ready"].map(|path| ask(operators, &format!("GET {path}"), "").text()).join("");
    gateway.terminate();
    let (_, log) = gateway.wait();
    let log = told + &log.join("\n");
    let identity = plant.read("identity.txt");
    let secret = identity.lines().last().unwrap();
    assert!(log.contains("the key set cannot be read"), "{log}");
    assert!(!log.contains("hunter2") && !log.contains(secret), "{log}");
}

#[test]
fn the_configuration_that_is_printed_hides_what_was_encrypted() {
    let plant = Plant::new();
    let (address, issuer) = (plant.value("http://hunter2:1", "  "), plant.value("hunter2", "  "));
    plant.write("keys.json", Issuer::new(KeyKind::P256, "plant-1").jwk_set().to_string());
    let auth = format!("auth:\n  audience: a\n  jwks: {{ file: keys.json }}\n  issuer: {issuer}\n");
    plant.write("coregateway.yaml", format!("version: 1\n{IDENTITY}services:\n  corerl: {address}\n{auth}"));
    for format in ["human", "json"] {
        let arguments = ["config", "--config-name", "coregateway", "--format", format];
        let output = command().current_dir(plant.path()).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(said.matches("(hidden)").count() == 2 && !said.contains("hunter2"), "{said}");
        assert!(said.contains("identity.txt") && !said.contains("AGE-SECRET"), "{said}");
    }
}

#[test]
fn what_cannot_be_opened_is_refused_with_its_place_and_without_its_content() {
    let plant = Plant::new();
    let other = Plant::new();
    let value = plant.value("http://127.0.0.1:1/hunter2", "  ");
    let services = format!("services:\n  corerl: {value}\n");
    for (configuration, place, reason) in [
        (services.clone(), "refused.yaml:5:5: `services.corerl`", "there is no identity to open it with"),
        (
            format!("{IDENTITY}services:\n  corerl: {}\n", other.value("x", "  ")),
            "refused.yaml:6:5: ",
            "to somebody else",
        ),
        (format!("{IDENTITY}{services}"), "refused.yaml:6:5: `services.corerl`: `!age` must end", "after the port"),
        (
            format!("{IDENTITY}{}", services.replace("-----END", "x\n    -----END")),
            "refused.yaml:6:5: ",
            "changed or cut off",
        ),
        ("secrets: { identity: { file: none.txt } }\n".to_owned(), "refused.yaml:3:10: ", "none.txt cannot be used"),
    ] {
        let told = plant.refused(&configuration);
        assert!(told.contains(reason) && !told.contains("hunter2") && !told.contains("AGE-SECRET"), "{told}");
        assert!(told.contains(place), "{told}");
    }
}

#[test]
fn a_whole_configuration_may_be_encrypted() {
    let plant = Plant::new();
    plant.write("plain.yaml", "version: 1\nlisten: 127.0.0.1:0\nthreads: hunter2\n");
    plant.encrypt("plain.yaml");
    let told = |arguments: &[&str], variable: Option<&str>| {
        let mut command = command();
        command.current_dir(plant.path()).args(arguments);
        command.envs(variable.map(|file| ("COREGATEWAY_IDENTITY_FILE", file)));
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    // It is opened and read: it has the fault that it has.
    let opened = "plain.yaml.age:3:10: `threads` must be a whole number, not text";
    assert!(told(&["--config-name", "plain", "--identity", "identity.txt"], None).contains(opened));
    assert!(told(&["--config-name", "plain.yaml"], Some("identity.txt")).contains(opened));
    assert!(
        told(&["--config-name", "plain"], None)
            .contains("the file cannot be decrypted: it is encrypted, and there is no identity")
    );
}

#[test]
fn an_identity_comes_back_from_what_was_encrypted_to_it_and_is_for_its_owners_eyes() {
    use std::os::unix::fs::PermissionsExt as _;

    let plant = Plant::new();
    let mode = std::fs::metadata(plant.path().join("identity.txt")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    for form in [&["--yaml"][..], &["--binary"], &[]] {
        let sealed = plant.secrets(&[&["encrypt", "-R", "public.txt"], form].concat(), "hunter2\n").stdout;
        plant.write("sealed", &sealed);
        if form != ["--yaml"] {
            assert_eq!(plant.succeed(&["decrypt", "--identity", "identity.txt", "sealed"], ""), "hunter2\n");
        }
    }
    let secret = plant.read("identity.txt").lines().last().unwrap().to_owned();
    // What is there is not written over.
    assert_eq!(plant.secrets(&["keygen", "--output", "identity.txt"], "").status.code(), Some(1));
    for (arguments, status, reason) in [
        (&["encrypt"][..], 2, "nobody could open it"),
        (&["encrypt", "-r", "age1x"], 2, "line 1 is no public key"),
        (
            &["encrypt", "-R", "identity.txt"],
            2,
            "line 2 is no public key `age1...`, but an identity, which is to be kept secret",
        ),
        (&["encrypt", "-R", "public.txt", "no-such-file"], 1, "no-such-file: "),
        (&["decrypt", "sealed"], 1, "there is no identity to open it with"),
        (&["decrypt", "--identity", "public.txt", "sealed"], 2, "line 1 is no identity"),
    ] {
        let output = plant.secrets(arguments, "x");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains(reason) && !told.contains(&secret), "{arguments:?}: {told}");
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(status), true), "{arguments:?}");
    }
}

#[test]
fn everything_that_is_encrypted_can_be_encrypted_anew_and_nothing_else_changes() {
    let plant = Plant::new();
    let keys = with_encrypted_keys(&plant);
    let corerl = plant.value("http://127.0.0.1:9100", "  ");
    let before = format!(
        "version: 1 # kept\nlisten: 127.0.0.1:0\n{keys}services: # äö\n  corerl: {corerl}\n  coreauth: http://a:1\n"
    );
    plant.write("coregateway.yaml", &before);
    let public = plant.succeed(&["keygen", "--output", "new.txt"], "");
    let key = plant.read("gateway.key.age");
    let told = plant.succeed(&["rotate", "--config-name", "coregateway", "-r", public.trim()], "");
    assert_eq!(told.matches("value services.corerl\n").count(), 1, "{told}");
    assert_eq!(told.matches("file ").count(), 4, "{told}");
    let after = plant.read("coregateway.yaml");
    let without_armor =
        |text: &str| text.lines().filter(|line| !line.starts_with("    ")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(without_armor(&after), without_armor(&before));
    assert!(after != before && plant.read("gateway.key.age") != key);
    // The old identity opens nothing of it, the new one everything.
    let started = |identity: &str| {
        plant.write("identity.txt", plant.read(identity));
        command().current_dir(plant.path()).args(["healthcheck", "--config-name", "coregateway"]).output().unwrap()
    };
    let old = String::from_utf8(started("identity.txt").stderr).unwrap();
    assert_eq!(old.matches("is encrypted to somebody else").count(), 7, "{old}");
    let new = String::from_utf8(started("new.txt").stderr).unwrap();
    assert!(new.contains("`listen` has port 0"), "{new}");
    let left: Vec<_> = std::fs::read_dir(plant.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        left.iter().all(|name| !name.to_string_lossy().ends_with(".old") && name != "gateway.key.age.new"),
        "{left:?}"
    );
}

#[test]
fn if_one_thing_cannot_be_encrypted_anew_nothing_is() {
    let plant = Plant::new();
    let keys = with_encrypted_keys(&plant);
    let value = plant.value("http://127.0.0.1:9100", "  ");
    plant.write("coregateway.yaml", format!("version: 1\n{keys}services:\n  corerl: {value}\n"));
    plant.write("sign.key.age", Plant::new().value("x", ""));
    let all = |plant: &Plant| ["coregateway.yaml", "gateway.key.age", "keys.json.age"].map(|name| plant.read(name));
    let before = all(&plant);
    let rotate = ["rotate", "--config-name", "coregateway", "-R", "public.txt"];
    let refused = plant.secrets(&rotate, "");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("sign.key.age cannot be read"));
    assert_eq!(all(&plant), before);
    // A file that cannot be replaced: a folder is in the way of its draft.
    plant.write("sign.key", rcgen::KeyPair::generate().unwrap().serialize_pem());
    std::fs::remove_file(plant.path().join("sign.key.age")).unwrap();
    plant.encrypt("sign.key");
    std::fs::create_dir_all(plant.path().join("sign.key.age.old/x")).unwrap();
    let refused = plant.secrets(&rotate, "");
    assert_eq!(refused.status.code(), Some(1), "{}", String::from_utf8_lossy(&refused.stderr));
    assert_eq!(all(&plant), before);
    assert!(!plant.path().join("gateway.key.age.old").exists() && !plant.path().join("gateway.key.age.new").exists());
}

#[test]
fn the_commands_of_the_page_on_secrets_do_what_it_says() {
    const PAGE: &str = include_str!("../../docs/secrets.md");
    let plant = Plant(tempfile::tempdir().unwrap());
    plant.write("gateway.key", "the key");
    plant.write("gateway.crt", "");
    let blocks = |language: &str| -> Vec<&str> {
        PAGE.split(&format!("```{language}\n")).skip(1).map(|block| block.split("```").next().unwrap()).collect()
    };
    let [from_the_start, changing] = blocks("sh")[..] else { panic!("two blocks of commands are shown") };
    let [configuration] = blocks("yaml")[..] else { panic!("one configuration is shown") };
    plant.write("coregateway.yaml", configuration);
    let binary = Path::new(env!("CARGO_BIN_EXE_coregateway")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let script = format!(
        "set -e\n{from_the_start}cp gateway.key.age before\n{changing}coregateway secrets decrypt -i identity.txt gateway.key.age"
    );
    let output = std::process::Command::new("sh")
        .arg("-c")
        .arg(script)
        .env("PATH", path)
        .current_dir(plant.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.starts_with("!age |\n  -----BEGIN") && said.ends_with("the key"), "{said}");
    assert_ne!(plant.read("before"), plant.read("gateway.key.age"));
}
