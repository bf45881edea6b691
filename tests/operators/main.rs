//! What operators see with their own tools: the status page in a real Chromium, the metrics in a real Prometheus, TLS by curl
//! and openssl, secrets with a real age.
//!
//! `.ci/operator-tests` installs what they need and runs them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod age;
mod browser;
mod prometheus;
mod status_page;
#[path = "../system/support/mod.rs"]
#[expect(dead_code, reason = "the system's tests use the rest")]
mod support;
mod tls_tools;
