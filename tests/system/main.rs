//! What clients, upstreams and the supervisor see of the gateway, over real sockets.
//!
//! Most tests serve a route file of their own in this process, which is compiled at run time by the same compiler;
//! `platform` and `lifecycle` start the real binary with the real routes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod admin;
mod bad_upstreams;
mod certificates;
mod command_line;
mod compression;
mod configuration;
mod cors;
mod debounce;
mod documents;
mod endurance;
mod forwarding;
mod healthcheck;
mod identity;
mod lifecycle;
mod limits;
mod log_lines;
mod malformed_requests;
mod metrics;
mod platform;
mod protocols;
mod reload;
mod resilience;
mod routing;
mod secrets;
mod supervisor;
mod support;
mod takeover;
mod telemetry;
mod tls;
mod tokens;
mod traces;
mod zeromq;
