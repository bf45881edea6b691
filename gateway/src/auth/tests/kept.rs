//! A gate whose keys and revocations are kept fresh by a running task, and where those come from.

use std::fs;
use std::path::PathBuf;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::log;
use super::support::{Gate, NOW, settings};
use crate::auth::refresh::{RefreshHandle, prepare};
use crate::clock::Clock;
use crate::secrets::Keyring;
use crate::settings::{Address, AuthSettings, HttpUrl, KeySource};

/// A gate that is kept up to date.
pub(super) struct Kept {
    pub(super) gate: Gate,
    pub(super) handle: RefreshHandle,
    pub(super) clock: Clock,
}

/// A gate with keys from `source`.
pub(super) fn keep(source: KeySource) -> Kept {
    keep_all(settings(source))
}

#[expect(clippy::needless_pass_by_value, reason = "reads better where it is called")]
pub(super) fn keep_all(settings: AuthSettings) -> Kept {
    log::start();
    let gate = Gate::new(&settings);
    let clock = Clock::standing_at(NOW);
    let (upkeep, handle) = prepare(&settings, &Keyring::default(), &gate.verifier, clock.clone());
    tokio::spawn(upkeep.run());
    Kept { gate, handle, clock }
}

/// A file that goes with its test.
pub(super) struct Document(PathBuf);

impl Document {
    pub(super) fn new(name: &str, text: &str) -> Self {
        let file = Self(std::env::temp_dir().join(format!("gateway-{}-{name}.json", std::process::id())));
        file.write(text);
        file
    }

    pub(super) fn write(&self, text: &str) {
        fs::write(&self.0, text).unwrap();
    }

    pub(super) fn path(&self) -> PathBuf {
        self.0.clone()
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

/// A listener, and its URL.
pub(super) async fn server() -> (TcpListener, HttpUrl) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let address = Address { scheme: gateway_table::Scheme::Http, host: "127.0.0.1".into(), port };
    (listener, HttpUrl { address, path: "/document.json".into() })
}

/// A listener, and the source of keys that it serves.
pub(super) async fn key_server() -> (TcpListener, KeySource) {
    let (listener, url) = server().await;
    (listener, KeySource::Url(url))
}

/// Answers one request with `body`.
pub(super) async fn answer(listener: &TcpListener, body: &str) {
    let (mut tcp, _) = listener.accept().await.unwrap();
    let length = tcp.read(&mut [0; 4096]).await.unwrap();
    assert!(length > 0);
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
    tcp.write_all((head + body).as_bytes()).await.unwrap();
}
