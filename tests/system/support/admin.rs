//! The admin listener, as operators and their tools ask it.

use std::net::SocketAddr;

use super::auth_section;
use super::client::{Answer, Client};
use super::gateway::{Running, route_file};

/// A gateway with an admin listener that has these further settings.
pub(crate) fn administered(routes: &str, admin: &str) -> Running {
    let configuration = format!("admin: {{ listen: \"127.0.0.1:0\"{admin} }}\n{}", auth_section());
    Running::start(&route_file(routes), &configuration)
}

/// What the listener answers to whoever names it rightly.
pub(crate) fn admin_ask(address: SocketAddr, line: &str, fields: &str) -> Answer {
    let request = format!("{line} HTTP/1.1\r\nHost: {address}\r\n{fields}\r\n");
    Client::connect(address).write(request).answer().unwrap()
}

/// Waits until so many requests have ended: one ends a moment after its client has the answer.
pub(crate) fn wait_for_ended(gateway: &Running, requests: u64) {
    while admin_ask(gateway.admin(), "GET /status", "").json()["requests"]["total"] != requests {}
}

/// The value of a series, with its labels as Prometheus' text has them.
pub(crate) fn metric(gateway: &Running, series: &str) -> Option<f64> {
    let text = admin_ask(gateway.admin(), "GET /metrics", "").text();
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
    Some(line.parse().unwrap())
}

/// Has the gateway read its configuration again; what came of it.
pub(crate) fn reload(gateway: &Running) -> Answer {
    let fields = "Content-Type: application/json\r\nContent-Length: 0\r\n";
    admin_ask(gateway.admin(), "POST /reload-configuration", fields)
}
