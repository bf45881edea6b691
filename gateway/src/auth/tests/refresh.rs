//! How keys come and go while the gateway runs.

use std::fs;
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::kept::{Document, answer, keep, keep_all, key_server};
use super::log;
use super::support::{NOW, Signer, jwks, settings};
use crate::auth::refresh::{ABSENT_FOR, COOL_DOWN, PATIENCE};
use crate::auth::{Remedy, TokenFault};
use crate::clock::UnixSeconds;
use crate::settings::{InlineKeys, KeySource};

#[tokio::test(start_paused = true)]
async fn keys_in_a_file_are_there_from_the_start() {
    let signer = Signer::p256();
    let file = Document::new("start", &jwks(&[signer.jwk("k1")]));
    assert!(keep(KeySource::File(file.path())).gate.admit(&signer.token("k1")).is_ok());
    let inline = KeySource::Inline(InlineKeys(jwks(&[signer.jwk("k1")])));
    assert!(keep(inline).gate.admit(&signer.token("k1")).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_file_that_has_changed_is_read_again_after_the_interval() {
    let (old, new) = (Signer::p256(), Signer::ed25519());
    let file = Document::new("interval", &jwks(&[old.jwk("k1")]));
    let mut kept = keep(KeySource::File(file.path()));
    file.write(&jwks(&[new.jwk("k2")]));
    assert_eq!(kept.gate.refusal(&new.token("k2")), Some(TokenFault::UnknownKey));
    sleep(Duration::from_secs(301)).await;
    assert!(kept.gate.admit(&new.token("k2")).is_ok());
    assert!(kept.gate.admit(&old.token("k1")).is_ok(), "in its grace period");
    kept.clock.set(UnixSeconds(NOW.0 + 600));
    assert_eq!(kept.gate.admit_at(&old.token("k1"), kept.clock.now()).err(), Some(TokenFault::UnknownKey));
}

#[tokio::test(start_paused = true)]
async fn a_request_with_an_unknown_key_waits_for_one_refresh() {
    let (old, new) = (Signer::p256(), Signer::p256());
    let file = Document::new("unknown", &jwks(&[old.jwk("k1")]));
    let mut kept = keep(KeySource::File(file.path()));
    file.write(&jwks(&[new.jwk("k2")]));
    assert_eq!(kept.gate.refusal(&new.token("k2")), Some(TokenFault::UnknownKey));
    let before = Instant::now();
    kept.handle.refresh(Remedy::Keys, None).await;
    assert!(kept.gate.admit(&new.token("k2")).is_ok());
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn unknown_keys_cause_no_more_than_one_refresh_in_the_cool_down() {
    let (old, new) = (Signer::p256(), Signer::p256());
    let file = Document::new("cool-down", &jwks(&[old.jwk("k1")]));
    let mut kept = keep(KeySource::File(file.path()));
    kept.handle.refresh(Remedy::Keys, None).await;
    file.write(&jwks(&[new.jwk("k2")]));
    let before = Instant::now();
    kept.handle.refresh(Remedy::Keys, None).await;
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert_eq!(kept.gate.refusal(&new.token("k2")), Some(TokenFault::UnknownKey));
    sleep(COOL_DOWN).await;
    kept.handle.refresh(Remedy::Keys, None).await;
    assert!(kept.gate.admit(&new.token("k2")).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_broken_file_changes_nothing_and_is_told_once() {
    let signer = Signer::p256();
    let good = jwks(&[signer.jwk("k1"), json!({ "kty": "oct", "kid": "s", "k": "c2VjcmV0" })]);
    let file = Document::new("broken", &good);
    let mut kept = keep(KeySource::File(file.path()));
    assert_eq!(
        log::take(),
        [
            "WARN a key of the key set is not used index=1 kid=\"s\" \
             reason=it is symmetric: whoever can check a token with it can also make one",
            "INFO the key set has changed keys=1 retired=0 skipped=1",
        ]
    );
    file.write("<html>");
    sleep(Duration::from_mins(20)).await;
    assert!(kept.gate.admit(&signer.token("k1")).is_ok());
    assert_eq!(
        log::take(),
        ["ERROR the key set cannot be read, the keys stay as they are \
          reason=the key set is no JSON object with a list `keys` keys=1"]
    );
    fs::remove_file(file.path()).unwrap();
    sleep(Duration::from_mins(20)).await;
    assert!(kept.gate.admit(&signer.token("k1")).is_ok());
    let told = log::take();
    assert!(told.len() == 1 && told[0].contains("the file cannot be read"), "{told:?}");
    file.write(&good);
    sleep(Duration::from_mins(20)).await;
    assert_eq!(log::take(), ["INFO the key set can be read again"]);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_broken_at_the_start_is_tried_again_soon() {
    let signer = Signer::p256();
    let file = Document::new("late", "");
    let mut kept = keep(KeySource::File(file.path()));
    assert_eq!(kept.gate.refusal(&signer.token("k1")), Some(TokenFault::NoKeys));
    file.write(&jwks(&[signer.jwk("k1")]));
    sleep(Duration::from_millis(1_001)).await;
    assert!(kept.gate.admit(&signer.token("k1")).is_ok());
}

#[tokio::test]
async fn keys_at_a_url_are_fetched_at_once_and_again_when_a_request_asks() {
    let (old, new) = (Signer::p256(), Signer::p256());
    let (listener, source) = key_server().await;
    let mut kept = keep(source);
    assert_eq!(kept.gate.refusal(&old.token("k1")), Some(TokenFault::NoKeys));
    let keys = jwks(&[old.jwk("k1")]);
    // The task has not run yet, so this joins its first fetch or asks for it.
    tokio::join!(kept.handle.refresh(Remedy::Keys, None), answer(&listener, &keys));
    assert!(kept.gate.admit(&old.token("k1")).is_ok());
    assert!(kept.gate.admit(&new.token("k2")).is_err());
}

#[tokio::test]
async fn many_requests_with_unknown_keys_share_one_fetch() {
    let signer = Signer::p256();
    let (listener, source) = key_server().await;
    let mut kept = keep(source);
    let keys = jwks(&[signer.jwk("k1")]);
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let handle = kept.handle.clone();
            tokio::spawn(async move { handle.refresh(Remedy::Keys, None).await })
        })
        .collect();
    // One answer is all they get.
    answer(&listener, &keys).await;
    for request in waiting {
        request.await.unwrap();
    }
    assert!(kept.gate.admit(&signer.token("k1")).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_request_does_not_wait_longer_than_its_patience() {
    let (_listener, source) = key_server().await;
    let kept = keep(source);
    let before = Instant::now();
    kept.handle.refresh(Remedy::Keys, None).await;
    let waited = before.elapsed();
    assert!(waited >= PATIENCE && waited < PATIENCE + Duration::from_millis(100), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_a_refresh_did_not_bring_is_not_asked_for_again_for_a_while() {
    let (old, new) = (Signer::p256(), Signer::p256());
    let file = Document::new("absent", &jwks(&[old.jwk("k1")]));
    let mut kept = keep(KeySource::File(file.path()));
    kept.handle.refresh(Remedy::Keys, Some("k2")).await;
    file.write(&jwks(&[new.jwk("k2")]));
    sleep(COOL_DOWN).await;
    kept.handle.refresh(Remedy::Keys, Some("k2")).await;
    assert_eq!(kept.gate.refusal(&new.token("k2")), Some(TokenFault::UnknownKey));
    kept.handle.refresh(Remedy::Keys, Some("k3")).await;
    assert!(kept.gate.admit(&new.token("k2")).is_ok(), "another key is asked for all the same");
    file.write(&jwks(&[old.jwk("k4")]));
    sleep(ABSENT_FOR).await;
    kept.handle.refresh(Remedy::Keys, Some("k2")).await;
    assert!(kept.gate.admit(&old.token("k4")).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_failed_refresh_says_nothing_of_a_key() {
    let signer = Signer::p256();
    let file = Document::new("failed", "");
    let mut kept = keep(KeySource::File(file.path()));
    kept.handle.refresh(Remedy::Keys, Some("k1")).await;
    file.write(&jwks(&[signer.jwk("k1")]));
    sleep(COOL_DOWN).await;
    kept.handle.refresh(Remedy::Keys, Some("k1")).await;
    assert!(kept.gate.admit(&signer.token("k1")).is_ok());
}

#[tokio::test]
async fn keys_are_kept_in_the_cache_file_across_a_restart() {
    let signer = Signer::p256();
    let (listener, source) = key_server().await;
    let cache = Document::new("key-cache", "rubbish");
    let mut settings = settings(source);
    settings.jwks.cache = Some(cache.path());
    let mut kept = keep_all(settings.clone());
    assert_eq!(kept.gate.refusal(&signer.token("k1")), Some(TokenFault::NoKeys));
    let keys = jwks(&[signer.jwk("k1")]);
    tokio::join!(kept.handle.refresh(Remedy::Keys, None), answer(&listener, &keys));
    assert_eq!(fs::read_to_string(cache.path()).unwrap(), keys);
    drop((kept, listener));
    // Nobody listens any more.
    let mut restarted = keep_all(settings);
    assert!(restarted.gate.admit(&signer.token("k1")).is_ok());
    restarted.handle.refresh(Remedy::Keys, Some("k2")).await;
    assert!(restarted.gate.admit(&signer.token("k1")).is_ok());
}
