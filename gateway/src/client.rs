//! A client, as far as its connection tells: where it is, and what it is doing.

mod watch;

use std::cell::{Cell, OnceCell};
use std::net::SocketAddr;

use http::HeaderValue;

use crate::headers::ClientOrigin;

pub(crate) use watch::{Limits, Watch};

/// Who is at the other end of a connection.
#[derive(Debug)]
pub(crate) struct Client {
    /// Its address.
    pub(crate) address: SocketAddr,
    /// What upstreams learn of it.
    pub(crate) origin: ClientOrigin,
    /// Whether it came when all connections were taken.
    pub(crate) is_surplus: bool,
    /// Whose certificate it has shown, if it was asked for one and has one.
    pub(crate) certificate: OnceCell<String>,
    /// What the connection is doing.
    pub(crate) watch: Watch,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, scheme: &'static str, is_trusted_proxy: bool, watch: Watch) -> Self {
        let ip = address.ip().to_canonical();
        let text = ip.to_string();
        let node = if ip.is_ipv6() { format!("\"[{text}]\"") } else { text.clone() };
        let text = HeaderValue::from_str(&text).expect("an address is made of digits, letters, dots and colons");
        Self {
            address,
            origin: ClientOrigin { address: text, node, scheme, is_trusted_proxy: Cell::new(is_trusted_proxy) },
            is_surplus: false,
            certificate: OnceCell::new(),
            watch,
        }
    }
}
