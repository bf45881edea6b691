//! The file's sections, in the order in which they are documented; the larger ones have files of their own.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;

use super::address::{Address, HttpUrl, UrlFault};
use super::fault::{Reason, SettingsFault};
use super::node::{Node, Value};
use super::secrets::{self, EncryptedFile, Given};
use super::section::{Faults, Field, Section};
use super::{
    LimitSettings, ServiceSettings, Settings, admin, auth, compression, cors, identity, log, response_headers,
    telemetry, tls, zeromq,
};
use crate::secrets::is_encrypted;

const HOUR: Duration = Duration::from_hours(1);

/// What the tree of a file says; `base` is the directory of the file. The result is meaningless if there are faults.
pub(super) fn read(root: Node, base: &Path, given: Given<'_>, faults: &mut Faults) -> Settings {
    let mut settings = Settings::default();
    let keys = [
        "version",
        "listen",
        "tls",
        "admin",
        "auth",
        "identity",
        "services",
        "telemetry",
        "log",
        "limits",
        "secrets",
        "trusted_proxies",
        "cors",
        "response_headers",
        "compression",
        "zeromq",
        "shutdown_grace",
        "threads",
    ];
    // An empty file is an empty section, which lacks the version.
    let root = match root.value {
        Value::Null => Node { value: Value::Map(Vec::new()), ..root },
        _ => root,
    };
    let Some(mut file) = Section::root(root, &keys, faults) else { return settings };
    if let Some(fault) = check_version(&mut file, faults) {
        // Whatever else looks wrong may be right in that version.
        faults.list = vec![fault];
        return settings;
    }
    settings.secrets = secrets::read(file.take("secrets"), given, base, faults);
    secrets::open(&mut file, &mut settings.secrets, faults);
    read_network(&mut file, base, faults, &mut settings);
    settings.auth = file.take("auth").and_then(|field| auth::read(field, base, faults));
    if let Some(field) = file.take("identity") {
        settings.identity = identity::read(field, base, faults);
    }
    settings.services = file.take("services").map(|field| read_services(field, faults)).unwrap_or_default();
    settings.telemetry = file.take("telemetry").and_then(|field| telemetry::read(field, faults));
    if let Some(field) = file.take("log") {
        log::read(field, base, faults, &mut settings.log);
    }
    if let Some(field) = file.take("limits") {
        read_limits(field, faults, &mut settings.limits);
    }
    settings.trusted_proxies =
        file.take("trusted_proxies").map(|field| read_networks(field, faults)).unwrap_or_default();
    read_answers(&mut file, faults, &mut settings);
    if let Some(field) = file.take("zeromq") {
        zeromq::read(field, faults, &mut settings.zeromq);
    }
    let grace = file.take("shutdown_grace").and_then(|field| field.duration(Duration::ZERO..=HOUR / 6, faults));
    assign(&mut settings.shutdown_grace, grace);
    assign(&mut settings.threads, file.take("threads").and_then(|field| field.integer(0..=1024, faults)));
    settings
}

pub(super) fn assign<T>(setting: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *setting = value;
    }
}

/// The fault that hides all others: a version that this program does not know.
fn check_version(file: &mut Section, faults: &mut Faults) -> Option<SettingsFault> {
    let field = file.require("version", "write `version: 1` at the top", faults)?;
    match &field.node.value {
        Value::Integer(1) => None,
        Value::Integer(other) => Some(SettingsFault {
            place: Some(field.place()),
            reason: Reason::UnknownVersion(other.to_string()),
            help: Some("this gateway reads version 1".into()),
        }),
        _ => {
            field.wrong_type("a whole number", "write `version: 1`", faults);
            None
        }
    }
}

fn read_network(file: &mut Section, base: &Path, faults: &mut Faults, settings: &mut Settings) {
    assign(&mut settings.listen, file.take("listen").and_then(|field| socket_of(&field, faults)));
    settings.tls = file.take("tls").and_then(|field| tls::read(field, base, faults));
    settings.admin = file.take("admin").and_then(|field| admin::read(field, settings.listen, base, faults));
}

/// What is added to answers, or done to them.
fn read_answers(file: &mut Section, faults: &mut Faults, settings: &mut Settings) {
    settings.cors = file.take("cors").and_then(|field| cors::read(field, faults));
    if let Some(field) = file.take("response_headers") {
        settings.response_headers = response_headers::read(field, faults);
    }
    settings.compression = file.take("compression").and_then(|field| compression::read(field, faults));
}

fn read_services(field: Field, faults: &mut Faults) -> Vec<ServiceSettings> {
    let Some(section) = field.open_section(faults) else { return Vec::new() };
    let help = "write `http://host:port`, `https://host:port` or `tcp://host:port`, without a path";
    let read = |(key, field): (super::node::Key, Field)| {
        let address = Address::parse(field.text(faults)?);
        let address = address.map_err(|fault| field.invalid(fault.to_string(), help, faults)).ok()?;
        Some(ServiceSettings { name: key.name, address, place: field.place() })
    };
    section.into_fields().filter_map(read).collect()
}

fn read_limits(field: Field, faults: &mut Faults, limits: &mut LimitSettings) {
    let keys = [
        "connections",
        "requests_per_connection",
        "header_bytes",
        "header_fields",
        "header_timeout",
        "body_rate",
        "idle_timeout",
    ];
    let Some(mut section) = field.section(&keys, faults) else { return };
    let shortest = Duration::from_millis(100);
    let connections = section.take("connections").and_then(|field| field.integer(1..=1_000_000, faults));
    // The HTTP library refuses a smaller buffer than 8 KiB.
    let header_bytes = section.take("header_bytes").and_then(|field| field.size(8 << 10..=1 << 20, faults));
    let header_timeout = section.take("header_timeout").and_then(|field| field.duration(shortest..=HOUR / 12, faults));
    let requests = section.take("requests_per_connection").and_then(|field| field.integer(1..=1_000_000, faults));
    let body_rate = section.take("body_rate").and_then(|field| field.size(0..=1 << 30, faults));
    let idle_timeout = section.take("idle_timeout").and_then(|field| field.duration(shortest..=HOUR, faults));
    assign(&mut limits.connections, connections);
    assign(&mut limits.header_bytes, header_bytes.and_then(|bytes| u32::try_from(bytes).ok()));
    assign(&mut limits.header_fields, section.take("header_fields").and_then(|field| field.integer(10..=1000, faults)));
    assign(&mut limits.requests_per_connection, requests);
    assign(&mut limits.body_rate, body_rate.and_then(|bytes| u32::try_from(bytes).ok()));
    assign(&mut limits.header_timeout, header_timeout);
    assign(&mut limits.idle_timeout, idle_timeout);
}

fn read_networks(field: Field, faults: &mut Faults) -> Vec<IpNet> {
    let items = field.list(faults).unwrap_or_default();
    let mut read = |field: &Field| {
        let text = field.text(faults)?;
        let network = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        if network.is_none() {
            field.invalid("is no IP address or network", "write `10.0.0.7` or `10.0.0.0/8`", faults);
        }
        network.map(|network| network.trunc())
    };
    items.iter().filter_map(&mut read).collect()
}

pub(super) fn socket_of(field: &Field, faults: &mut Faults) -> Option<SocketAddr> {
    let socket = field.text(faults)?.parse().ok();
    if socket.is_none() {
        field.invalid(
            "is not an IP address and a port",
            "write `127.0.0.1:8001`, `0.0.0.0:8001` or `[::]:8001`",
            faults,
        );
    }
    socket
}

/// An `http` or `https` URL.
pub(super) fn url_of(field: &Field, faults: &mut Faults) -> Option<HttpUrl> {
    HttpUrl::parse(field.text(faults)?)
        .map_err(|fault| {
            let help = match fault {
                UrlFault::UserInfo => "leave it out",
                _ => "write `http://host:port/path` or `https://host:port/path`",
            };
            field.invalid(fault.to_string(), help, faults);
        })
        .ok()
}

/// The path of a file to read; one that is not absolute starts at the directory of the file.
pub(super) fn path_of(field: &Field, base: &Path, faults: &mut Faults) -> Option<PathBuf> {
    let path = base.join(field.text(faults)?);
    if is_encrypted(&path) {
        faults.encrypted_files.push(EncryptedFile { key: field.name(), place: field.place(), path: path.clone() });
    }
    Some(path)
}

/// The path of a file that the gateway writes.
pub(super) fn written_path_of(field: &Field, base: &Path, faults: &mut Faults) -> Option<PathBuf> {
    let path = base.join(field.text(faults)?);
    if is_encrypted(&path) {
        field.invalid("is named like an encrypted file", "the gateway encrypts nothing: give it another name", faults);
        return None;
    }
    Some(path)
}
