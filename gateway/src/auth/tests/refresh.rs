//! How keys come and go while the gateway runs.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

use super::log;
use super::support::{Gate, NOW, Signer, jwks, settings};
use crate::auth::TokenFault;
use crate::auth::refresh::{COOL_DOWN, PATIENCE, RefreshHandle, prepare};
use crate::clock::{Clock, UnixSeconds};
use crate::settings::{Address, HttpUrl, InlineKeys, KeySource};

/// A gate whose keys are kept fresh by a running task.
struct Kept {
    gate: Gate,
    handle: RefreshHandle,
    clock: Clock,
}

fn keep(source: KeySource) -> Kept {
    log::start();
    let settings = settings(source);
    let gate = Gate::new(&settings);
    let clock = Clock::standing_at(NOW);
    let (refresh, handle) = prepare(settings.jwks, Arc::clone(&gate.verifier), clock.clone());
    tokio::spawn(refresh.run());
    Kept { gate, handle, clock }
}

/// A file that goes with its test.
struct KeyFile(PathBuf);

impl KeyFile {
    fn new(name: &str, text: &str) -> Self {
        let file = Self(std::env::temp_dir().join(format!("gateway-{}-{name}.json", std::process::id())));
        file.write(text);
        file
    }

    fn write(&self, text: &str) {
        fs::write(&self.0, text).unwrap();
    }

    fn source(&self) -> KeySource {
        KeySource::File(self.0.clone())
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

#[tokio::test(start_paused = true)]
async fn keys_in_a_file_are_there_from_the_start() {
    let signer = Signer::p256();
    let file = KeyFile::new("start", &jwks(&[signer.jwk("k1")]));
    assert!(keep(file.source()).gate.admit(&signer.token("k1")).is_ok());
    let inline = KeySource::Inline(InlineKeys(jwks(&[signer.jwk("k1")])));
    assert!(keep(inline).gate.admit(&signer.token("k1")).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_file_that_has_changed_is_read_again_after_the_interval() {
    let (old, new) = (Signer::p256(), Signer::ed25519());
    let file = KeyFile::new("interval", &jwks(&[old.jwk("k1")]));
    let mut kept = keep(file.source());
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
    let file = KeyFile::new("unknown", &jwks(&[old.jwk("k1")]));
    let mut kept = keep(file.source());
    file.write(&jwks(&[new.jwk("k2")]));
    assert_eq!(kept.gate.refusal(&new.token("k2")), Some(TokenFault::UnknownKey));
    let before = Instant::now();
    kept.handle.refresh_once().await;
    assert!(kept.gate.admit(&new.token("k2")).is_ok());
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn unknown_keys_cause_no_more_than_one_refresh_in_the_cool_down() {
    let (old, new) = (Signer::p256(), Signer::p256());
    let file = KeyFile::new("cool-down", &jwks(&[old.jwk("k1")]));
    let mut kept = keep(file.source());
    kept.handle.refresh_once().await;
    file.write(&jwks(&[new.jwk("k2")]));
    let before = Instant::now();
    kept.handle.refresh_once().await;
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert_eq!(kept.gate.refusal(&new.token("k2")), Some(TokenFault::UnknownKey));
    sleep(COOL_DOWN).await;
    kept.handle.refresh_once().await;
    assert!(kept.gate.admit(&new.token("k2")).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_broken_file_changes_nothing_and_is_told_once() {
    let signer = Signer::p256();
    let good = jwks(&[signer.jwk("k1"), json!({ "kty": "oct", "kid": "s", "k": "c2VjcmV0" })]);
    let file = KeyFile::new("broken", &good);
    let mut kept = keep(file.source());
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
    fs::remove_file(&file.0).unwrap();
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
    let file = KeyFile::new("late", "");
    let mut kept = keep(file.source());
    assert_eq!(kept.gate.refusal(&signer.token("k1")), Some(TokenFault::NoKeys));
    file.write(&jwks(&[signer.jwk("k1")]));
    sleep(Duration::from_millis(1_001)).await;
    assert!(kept.gate.admit(&signer.token("k1")).is_ok());
}

/// A listener, and the source of keys that it serves.
async fn url_source() -> (TcpListener, KeySource) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let address = Address { scheme: gateway_table::Scheme::Http, host: "127.0.0.1".into(), port };
    (listener, KeySource::Url(HttpUrl { address, path: "/jwks.json".into() }))
}

/// Answers one request with `body`.
async fn answer(listener: &TcpListener, body: &str) {
    let (mut tcp, _) = listener.accept().await.unwrap();
    let length = tcp.read(&mut [0; 4096]).await.unwrap();
    assert!(length > 0);
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
    tcp.write_all((head + body).as_bytes()).await.unwrap();
}

#[tokio::test]
async fn keys_at_a_url_are_fetched_at_once_and_again_when_a_request_asks() {
    let (old, new) = (Signer::p256(), Signer::p256());
    let (listener, source) = url_source().await;
    let mut kept = keep(source);
    assert_eq!(kept.gate.refusal(&old.token("k1")), Some(TokenFault::NoKeys));
    let keys = jwks(&[old.jwk("k1")]);
    // The task has not run yet, so this joins its first fetch or asks for it.
    tokio::join!(kept.handle.refresh_once(), answer(&listener, &keys));
    assert!(kept.gate.admit(&old.token("k1")).is_ok());
    assert!(kept.gate.admit(&new.token("k2")).is_err());
}

#[tokio::test]
async fn many_requests_with_unknown_keys_share_one_fetch() {
    let signer = Signer::p256();
    let (listener, source) = url_source().await;
    let mut kept = keep(source);
    let keys = jwks(&[signer.jwk("k1")]);
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let handle = kept.handle.clone();
            tokio::spawn(async move { handle.refresh_once().await })
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
    let (_listener, source) = url_source().await;
    let kept = keep(source);
    let before = Instant::now();
    kept.handle.refresh_once().await;
    let waited = before.elapsed();
    assert!(waited >= PATIENCE && waited < PATIENCE + Duration::from_millis(100), "{waited:?}");
}
