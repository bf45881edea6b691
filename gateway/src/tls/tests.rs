//! When certificates are served with, and what is warned of.

use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use super::*;

/// 2030-01-01 00:00 UTC
const START: u64 = 1_893_456_000;
const DAY: u64 = 86_400;

/// What is warned of or refused at `now` of a certificate that is good in January 2030, and of its key's file.
fn read_at(now: u64, mode: u32) -> Result<Vec<String>, String> {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    parameters.not_before = date_time_ymd(2030, 1, 1);
    parameters.not_after = date_time_ymd(2030, 1, 31);
    let key = KeyPair::generate().unwrap();
    let pair = PairSettings { certificate: folder.path().join("own.crt"), private_key: folder.path().join("own.key") };
    std::fs::write(&pair.certificate, parameters.self_signed(&key).unwrap().pem()).unwrap();
    std::fs::write(&pair.private_key, key.serialize_pem()).unwrap();
    std::fs::set_permissions(&pair.private_key, std::fs::Permissions::from_mode(mode)).unwrap();
    let settings = TlsSettings { pair, by_name: Vec::new(), minimum: TlsVersion::V1_3, clients: None };
    let now = UnixSeconds(now);
    let without_folder = |text: String| text.replace(&format!("{}/", folder.path().display()), "");
    match TlsServer::read(&settings, &Keyring::default(), now) {
        Ok(server) => Ok(server.warnings(now).into_iter().map(without_folder).collect()),
        Err(fault) => Err(without_folder(fault.to_string())),
    }
}

#[test]
fn a_certificate_is_served_with_in_its_time_alone() {
    assert_eq!(read_at(START + DAY, 0o600), Ok(vec![]));
    let early = "own.crt: the certificate is not valid yet, only in 2 days";
    assert_eq!(read_at(START - 2 * DAY, 0o600), Err(early.to_owned()));
    let late = "own.crt: the certificate has expired, 1 day ago";
    assert_eq!(read_at(START + 31 * DAY, 0o600), Err(late.to_owned()));
}

#[test]
fn what_will_become_a_fault_is_warned_of() {
    let soon = "own.crt: the certificate expires in 5 days";
    assert_eq!(read_at(START + 25 * DAY, 0o600), Ok(vec![soon.to_owned()]));
    let open = "own.key: the private key can be read by everybody";
    assert_eq!(read_at(START + DAY, 0o644), Ok(vec![open.to_owned()]));
}
