//! Our gateway with what it does by default: token, role, limit, a log line for each request, metrics sent every second.

use std::path::{Path, PathBuf};
use std::process::Command;

use stand_ins::Issuer;

use super::peer::Place;
use crate::executable::{self, Order, Purpose, Toolchain};
use crate::failure::Failure;
use crate::program::program;
use crate::sysroot;
use crate::workspace::{cargo_home, root, write};

/// Builds the executable that ships, but for the routes that are measured.
pub(crate) fn build() -> Result<PathBuf, Failure> {
    let toolchain = Toolchain::Own { sysroot: sysroot::folder()? };
    let (root, cargo_home) = (root(), cargo_home());
    let order = Order { root: &root, cargo_home: &cargo_home, toolchain: &toolchain, purpose: Purpose::Comparison };
    Ok(executable::build(&order)?.path)
}

/// Writes the configuration down, and gives the command that serves by it.
pub(crate) fn gateway(place: &Place<'_>, executable: &Path) -> Result<Command, Failure> {
    let file = place.folder.join(format!("coregateway-{}.yaml", place.listen.port()));
    write(&file, configuration(place))?;
    let mut command = program(executable);
    command.arg("--config-name").arg(file);
    Ok(command)
}

fn configuration(place: &Place<'_>) -> String {
    let Place { listen, admin, origin, threads, credentials, .. } = place;
    let tls = if place.tls {
        let (certificate, key) = (credentials.certificate_pem(), credentials.private_key_pem());
        format!("tls: {{ certificate: '{}', private_key: '{}' }}\n", certificate.display(), key.display())
    } else {
        String::new()
    };
    format!(
        "version: 1
listen: {listen}
{tls}admin: {{ listen: {admin} }}
auth:
  issuer: {issuer}
  audience: {audience}
  algorithms: [RS256]
  jwks: {{ file: '{jwks}' }}
services: {{ corerl: 'http://{origin}' }}
telemetry: {{ url: 'http://{origin}' }}
log: {{ file: '{log}' }}
threads: {threads}
",
        issuer = Issuer::NAME,
        audience = Issuer::AUDIENCE,
        jwks = credentials.jwks().display(),
        log = place.folder.join(format!("coregateway-{}.log", listen.port())).display(),
    )
}
