//! Services on the real libzmq, as REP and as ROUTER: right, slow, wrong, killed and started again.
//!
//! `.ci/zeromq-tests` installs what they need and runs them. What needs no libzmq is among the system's tests.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod documented;
mod figures;
mod many;
mod outages;
mod service;
#[path = "../system/support/mod.rs"]
#[expect(dead_code, reason = "the system's tests use the rest")]
mod support;
mod wrong;
