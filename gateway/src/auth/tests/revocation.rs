//! How tokens are revoked while the gateway runs.

use std::fs;
use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use super::kept::{Document, Kept, answer, keep_all, server};
use super::log;
use super::support::{Gate, NOW, Signer, claims, jwks, settings};
use crate::auth::{Remedy, RevocationList, TokenFault};
use crate::settings::{AuthSettings, InlineKeys, KeySource, RevocationSettings, RevocationSource};

const REFRESH: Duration = Duration::from_secs(10);

fn with_list(signer: &Signer, source: RevocationSource) -> AuthSettings {
    let revocations = Some(RevocationSettings { source, refresh: REFRESH, cache: None });
    AuthSettings { revocations, ..settings(KeySource::Inline(InlineKeys(jwks(&[signer.jwk("k1")])))) }
}

fn keep(signer: &Signer, list: &Document) -> Kept {
    keep_all(with_list(signer, RevocationSource::File(list.path())))
}

#[test]
fn a_token_that_is_known_is_refused_once_it_is_revoked_and_no_other_is() {
    let signer = Signer::p256();
    for list in [
        json!({ "tokens": ["t-1"] }),
        json!({ "subjects": { "pump-operator": null } }),
        json!({ "subjects": { "pump-operator": NOW.0 } }),
        json!({ "keys": ["k1"] }),
        json!({ "issued_before": NOW.0 }),
    ] {
        let mut gate = Gate::with_keys(&[signer.jwk("k1"), signer.jwk("k2")]);
        let known = signer.token("k1");
        let mut other = claims();
        other["jti"] = json!("t-2");
        other["sub"] = json!("other");
        other["iat"] = json!(NOW.0);
        let other = signer.sign(r#"{"alg":"ES256","kid":"k2"}"#, &other.to_string());
        assert!(gate.admit(&known).is_ok() && gate.admit(&other).is_ok());
        gate.verifier.install_revocations(RevocationList::parse(list.to_string().as_bytes()).unwrap());
        for _ in 0..2 {
            assert_eq!(gate.refusal(&known), Some(TokenFault::Revoked), "{list}");
            assert!(gate.admit(&other).is_ok(), "{list}");
        }
        assert_eq!(gate.cache.len(), 1, "{list}");
        gate.verifier.install_revocations(RevocationList::default());
        assert!(gate.admit(&known).is_ok(), "{list}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_changed_list_holds_within_its_interval() {
    let signer = Signer::p256();
    let list = Document::new("revoked", "{}");
    let mut kept = keep(&signer, &list);
    let token = signer.token("k1");
    assert!(kept.gate.admit(&token).is_ok());
    list.write(r#"{"tokens":["t-1"]}"#);
    sleep(REFRESH).await;
    tokio::task::yield_now().await;
    assert_eq!(kept.gate.refusal(&token), Some(TokenFault::Revoked));
    // A list of the same length, written at once, is seen too.
    list.write(r#"{"tokens":["t-2"]}"#);
    sleep(REFRESH).await;
    tokio::task::yield_now().await;
    assert!(kept.gate.admit(&token).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_broken_list_leaves_the_last_good_one_in_force_and_is_told_once() {
    let signer = Signer::p256();
    let list = Document::new("broken-list", r#"{"tokens":["t-1"]}"#);
    let mut kept = keep(&signer, &list);
    assert_eq!(kept.gate.refusal(&signer.token("k1")), Some(TokenFault::Revoked));
    log::take();
    for text in ["", r#"{"token":[]}"#] {
        list.write(text);
        sleep(10 * REFRESH).await;
        assert_eq!(kept.gate.refusal(&signer.token("k1")), Some(TokenFault::Revoked));
    }
    fs::remove_file(list.path()).unwrap();
    sleep(10 * REFRESH).await;
    assert_eq!(kept.gate.refusal(&signer.token("k1")), Some(TokenFault::Revoked));
    let told = log::take();
    let stays = "the last good one stays in force";
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().all(|line| line.starts_with("ERROR ") && line.contains(stays)), "{told:?}");
    list.write("{}");
    sleep(10 * REFRESH).await;
    assert!(kept.gate.admit(&signer.token("k1")).is_ok());
    let news = ["INFO the revocation list has changed entries=0", "INFO the revocation list can be read again"];
    assert_eq!(log::take(), news);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_believed_before_a_configured_list_was_read() {
    let signer = Signer::p256();
    let list = Document::new("late-list", "not yet");
    let mut kept = keep(&signer, &list);
    let token = signer.token("k1");
    assert_eq!(kept.gate.refusal(&token), Some(TokenFault::RevocationsUnknown));
    assert_eq!(kept.gate.verifier.lacks(), Some(TokenFault::RevocationsUnknown));
    assert_eq!(kept.gate.refusal(&Signer::p256().token("k1")), Some(TokenFault::BadSignature));
    assert!(log::take().iter().any(|line| line.contains("every route that asks for a role answers 503")));
    list.write("{}");
    kept.handle.refresh(Remedy::Revocations, None).await;
    assert!(kept.gate.admit(&token).is_ok());
    assert_eq!(kept.gate.verifier.lacks(), None);
}

#[tokio::test]
async fn a_list_at_a_url_is_kept_across_a_restart_if_there_is_a_cache_file() {
    let signer = Signer::p256();
    let (listener, url) = server().await;
    let cache = Document::new("list-cache", "");
    let mut settings = with_list(&signer, RevocationSource::Url(url));
    settings.revocations.as_mut().unwrap().cache = Some(cache.path());
    let mut kept = keep_all(settings.clone());
    assert_eq!(kept.gate.refusal(&signer.token("k1")), Some(TokenFault::RevocationsUnknown));
    let list = r#"{"tokens":["t-1"]}"#;
    tokio::join!(kept.handle.refresh(Remedy::Revocations, None), answer(&listener, list));
    assert_eq!(kept.gate.refusal(&signer.token("k1")), Some(TokenFault::Revoked));
    drop((kept, listener));
    let mut restarted = keep_all(settings);
    assert_eq!(restarted.gate.refusal(&signer.token("k1")), Some(TokenFault::Revoked));
}
