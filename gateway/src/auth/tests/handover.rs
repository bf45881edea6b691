//! What a gateway that takes over goes on believing.

use std::time::Duration;

use super::support::{Gate, NOW, Signer, jwks, settings};
use crate::auth::key_set::ReadKeys;
use crate::auth::{RevocationList, TokenFault, Verifier};
use crate::clock::UnixSeconds;
use crate::settings::{InlineKeys, KeySource, RevocationSettings, RevocationSource};

/// A gate of the gateway that comes after this one; the record goes through the text in which it is handed over.
fn next(gate: &Gate, next: Gate) -> Gate {
    let text = serde_json::to_string(&gate.verifier.record()).unwrap();
    next.verifier.resume(&serde_json::from_str(&text).unwrap());
    next
}

fn without_keys() -> Gate {
    Gate::new(&settings(KeySource::Inline(InlineKeys(String::new()))))
}

#[test]
fn every_key_is_believed_as_long_as_it_would_have_been() {
    let signers = [("rsa", Signer::Rsa), ("p256", Signer::p256()), ("p384", Signer::p384()), ("ed", Signer::ed25519())];
    let gate = Gate::with_keys(&signers.each_ref().map(|(kid, signer)| signer.jwk(kid)));
    let rotated = ReadKeys::parse(jwks(&[signers[0].1.jwk("rsa")]).as_bytes()).unwrap().usable;
    let keys = gate.verifier.keys().replaced(&rotated, NOW, Duration::from_mins(10));
    gate.verifier.install(keys);
    gate.verifier.keys_confirmed(NOW);
    let mut next = next(&gate, without_keys());
    assert_eq!(next.verifier.key_age(NOW.plus(Duration::from_secs(5))), Some(Duration::from_secs(5)));
    let later = UnixSeconds(NOW.0 + 600);
    for (kid, signer) in &signers {
        assert!(next.admit(&signer.token(kid)).is_ok(), "{kid}");
        let expected = (*kid != "rsa").then_some(TokenFault::UnknownKey);
        assert_eq!(next.admit_at(&signer.token(kid), later).err(), expected, "{kid}");
    }
}

#[test]
fn what_was_revoked_stays_revoked_before_the_list_has_been_read_again() {
    let source = RevocationSource::File("nowhere.json".into());
    let revocations = RevocationSettings { source, refresh: Duration::from_secs(10), cache: None };
    let mut settings = settings(KeySource::Inline(InlineKeys(String::new())));
    settings.revocations = Some(revocations);
    let signer = Signer::p256();
    let gate = Gate::with_keys(&[signer.jwk("a")]);
    let list = br#"{"tokens":["x"],"subjects":{"pump-operator":null,"else":7},"keys":["old"],"issued_before":5}"#;
    gate.verifier.install_revocations(RevocationList::parse(list).unwrap());
    let mut next = next(&gate, Gate::new(&settings));
    assert_eq!(next.verifier.revocations(), gate.verifier.revocations());
    assert_eq!(next.refusal(&signer.token("a")), Some(TokenFault::Revoked));
}

#[test]
fn nobody_is_believed_where_nobody_is_to_be_any_more() {
    let signer = Signer::p256();
    let gate = Gate::with_keys(&[signer.jwk("a")]);
    let trusting_nobody = Verifier::new(None, super::support::table());
    trusting_nobody.resume(&gate.verifier.record());
    assert_eq!(trusting_nobody.lacks(), Some(TokenFault::NoKeys));
}
