//! The promises of the keyring: what it opens, and that of anything else it gives nothing.

#![cfg(feature = "secrets")]

use std::fs;
use std::io::Write;

use age::secrecy::SecretString;
use age::{Encryptor, scrypt};

use super::*;

/// A new identity, and what opens with it.
fn identity() -> (Keyring, Recipients) {
    let (text, public) = generate();
    let mut recipients = Recipients::default();
    recipients.add(&public).unwrap();
    (keyring(Some(text.expose_text().unwrap()), None).unwrap(), recipients)
}

/// What opens with this identity and this passphrase.
fn keyring(identity: Option<&str>, passphrase: Option<&str>) -> Result<Keyring, IdentityFault> {
    let variables = |name: &str| match name {
        IDENTITY_VARIABLE => identity.map(str::to_owned),
        PASSPHRASE_VARIABLE => passphrase.map(str::to_owned),
        _ => None,
    };
    Keyring::read(&IdentitySources::default().or_environment(&variables), &variables)
}

fn told<T>(result: Result<T, impl std::fmt::Display>) -> String {
    result.err().unwrap().to_string()
}

/// `plain`, encrypted with this passphrase, which takes next to no work to try.
fn sealed_with(passphrase: &str, plain: &[u8]) -> Vec<u8> {
    let mut recipient = scrypt::Recipient::new(SecretString::from(passphrase));
    recipient.set_work_factor(2);
    let encryptor = Encryptor::with_recipients(std::iter::once(&recipient as _)).unwrap();
    let mut writer = encryptor.wrap_output(Vec::new()).unwrap();
    writer.write_all(plain).unwrap();
    writer.finish().unwrap()
}

#[test]
fn what_is_encrypted_to_an_identity_opens_with_it_armored_or_not() {
    let (keyring, recipients) = identity();
    // Nothing, a little, and more than one of age's chunks.
    for length in [0, 1, 200_000] {
        let plain = Secret::from(vec![7; length]);
        for form in [Form::Armored, Form::Binary] {
            let sealed = seal(&plain, &recipients, form).unwrap();
            assert_eq!(keyring.open(&sealed, length).unwrap(), plain);
        }
    }
}

#[test]
fn nobody_else_opens_it_and_the_refusal_names_whose_identity_was_tried() {
    let (_, recipients) = identity();
    let sealed = seal(&Secret::from("x".to_owned()), &recipients, Form::Binary).unwrap();
    let (other, _) = identity();
    let refusal = told(other.open(&sealed, 9));
    assert_eq!(refusal, format!("it is encrypted to somebody else: tried {}", other.public_keys()[0]));
    assert_eq!(told(Keyring::default().open(&sealed, 9)), "it is encrypted, and there is no identity to open it with");
    assert_eq!(
        told(keyring(None, Some("x")).unwrap().open(&sealed, 9)),
        "it is encrypted to somebody else: tried a passphrase"
    );
}

#[test]
fn of_what_was_changed_or_cut_off_nothing_is_given() {
    let (keyring, recipients) = identity();
    let plain = Secret::from(vec![7; 70_000]);
    for form in [Form::Armored, Form::Binary] {
        let sealed = seal(&plain, &recipients, form).unwrap();
        for length in [0, 1, 40, 200, sealed.len() / 2, sealed.len() - 40, sealed.len() - 1] {
            // Armor may lack its last line break.
            if (form, length) != (Form::Armored, sealed.len() - 1) {
                assert!(keyring.open(&sealed[..length], 1 << 20).is_err(), "{form:?} {length}");
            }
        }
        for place in (0..sealed.len()).step_by(997).chain(0..300).chain([sealed.len() - 2]) {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            let opened = keyring.open(&changed, 1 << 20);
            assert!(opened.as_ref().ok().is_none_or(|opened| *opened == plain), "{form:?} {place}");
            assert!(opened.is_err() || form == Form::Armored, "{place}");
        }
    }
}

#[test]
fn what_holds_more_than_it_may_is_refused() {
    let (keyring, recipients) = identity();
    let sealed = seal(&Secret::from(vec![7; 1001]), &recipients, Form::Binary).unwrap();
    assert_eq!(told(keyring.open(&sealed, 1000)), "there is more in it than 1000 bytes");
    let folder = tempfile::tempdir().unwrap();
    let huge = folder.path().join("huge.age");
    fs::File::create(&huge).unwrap().set_len(1 << 40).unwrap();
    assert_eq!(told(keyring.read_file(&huge, 1000)), "the file is longer than 67036 bytes");
}

#[test]
fn a_passphrase_opens_what_was_encrypted_with_it() {
    let sealed = sealed_with("correct horse", b"x");
    assert_eq!(keyring(None, Some("correct horse\n")).unwrap().open(&sealed, 9).unwrap().expose(), b"x");
    assert_eq!(told(keyring(None, Some("wrong")).unwrap().open(&sealed, 9)), "the passphrase does not open it");
    let (without, _) = identity();
    assert_eq!(told(without.open(&sealed, 9)), "a passphrase opens it, and none is given");
}

#[test]
fn a_passphrase_that_takes_too_much_work_is_not_even_tried() {
    let sealed = sealed_with("x", b"x");
    let start = sealed.windows(9).position(|bytes| bytes == b"-> scrypt").unwrap();
    let end = start + sealed[start..].iter().position(|byte| *byte == b'\n').unwrap();
    let asking = |work: &str| [&sealed[..end - 1], work.as_bytes(), &sealed[end..]].concat();
    let refusal = told(keyring(None, Some("x")).unwrap().open(&asking("30"), 9));
    assert_eq!(refusal, "to try the passphrase takes 2^30 steps, and 2^18 are allowed");
}

#[test]
fn an_identity_may_itself_be_encrypted_with_a_passphrase() {
    let (text, public) = generate();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("identity.age");
    fs::write(&file, sealed_with("pass", text.expose())).unwrap();
    let sources = IdentitySources {
        identity: Some(IdentitySource::File(file)),
        passphrase: Some(IdentitySource::Variable("PASS".to_owned())),
    };
    let keyring = Keyring::read(&sources, &|_| Some("pass".to_owned())).unwrap();
    assert_eq!(keyring.public_keys(), [public]);
    let refusal = told(Keyring::read(&IdentitySources { passphrase: None, ..sources }, &|_| None));
    assert!(refusal.ends_with("cannot be used: a passphrase opens it, and none is given"), "{refusal}");
}

#[test]
fn an_identity_that_cannot_be_used_is_told_without_its_content() {
    let (text, _) = generate();
    let broken = format!("{}\nAGE-SECRET-KEY-1HUNTER2\n", text.expose_text().unwrap());
    let from = "the identity from the environment variable COREGATEWAY_IDENTITY cannot be used: ";
    assert_eq!(told(keyring(Some(&broken), None)), format!("{from}line 4 is no identity `AGE-SECRET-KEY-1...`"));
    assert_eq!(told(keyring(Some("# none\n"), None)), format!("{from}there is none in it"));
    let file = IdentitySources { identity: Some(IdentitySource::File("/no/such".into())), passphrase: None };
    let refusal = told(Keyring::read(&file, &|_| None));
    assert!(refusal.starts_with("the identity from the file /no/such cannot be used: No such file"), "{refusal}");
}

#[test]
fn a_keyring_shows_where_it_comes_from_and_never_what_it_is() {
    let (text, _) = generate();
    let secret = text.expose_text().unwrap().lines().last().unwrap().to_owned();
    let keyring = keyring(Some(&secret), Some("hunter2")).unwrap();
    let shown = format!("{keyring:?}");
    assert!(
        shown.contains("COREGATEWAY_IDENTITY") && !shown.contains(&secret) && !shown.contains("hunter2"),
        "{shown}"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn whoever_holds_an_identity_leaves_no_core_dump() {
    identity();
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().filter(|word| *word == "0").count(), 2, "{core}");
    assert_eq!(rustix::process::dumpable_behavior().unwrap(), rustix::process::DumpableBehavior::NotDumpable);
}

#[test]
fn an_identity_is_not_taken_for_a_public_key() {
    let (text, public) = generate();
    let mut recipients = Recipients::default();
    let refusal = told(recipients.add(&format!("{public}\nage1x\n")));
    assert_eq!(refusal, "line 2 is no public key `age1...`");
    let secret = text.expose_text().unwrap();
    let refusal = told(recipients.add(secret));
    assert_eq!(refusal, "line 2 is no public key `age1...`, but an identity, which is to be kept secret");
}
