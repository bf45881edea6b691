//! `debian-11`: what was packaged, run on a bare Debian 11, the oldest system that it is for.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::failure::Failure;
use crate::names::Names;
use crate::platform::LINUX;
use crate::program::{output, program, run as run_program};
use crate::workspace::{debian_11, dist, make_folder, root, write};
use crate::{say, sysroot};

/// How long it may take to answer.
const TRIES: u32 = 100;

/// Runs it there.
pub(crate) fn run() -> Result<(), Failure> {
    let system = bare_system()?;
    let executable = dist().join(Names::new(LINUX, None).executable());
    let copied = system.join("coregateway");
    fs::copy(&executable, &copied).map_err(Failure::file(&executable))?;
    let routes = root().join("routes.ron");
    fs::copy(&routes, system.join("routes.ron")).map_err(Failure::file(&routes))?;

    say(&output(there(&system).args(["/coregateway", "version"]))?);
    output(there(&system).args(["/coregateway", "check", "/routes.ron"]))?;
    serves(&system)?;
    say("runs on a bare Debian 11: version, check, start, health, stop");
    Ok(())
}

/// The system, installed where it is not yet.
fn bare_system() -> Result<PathBuf, Failure> {
    let folder = debian_11().join("bare");
    if !folder.join("etc/debian_version").exists() {
        make_folder(&folder)?;
        let mut command = program("debootstrap");
        command.args(["--variant=minbase", sysroot::SUITE]).arg(&folder).arg(sysroot::archive()?);
        run_program(&mut command)?;
    }
    Ok(folder)
}

/// A command in that system.
fn there(system: &Path) -> Command {
    let mut command = program("chroot");
    command.arg(system);
    command
}

/// It starts, is healthy, and ends with status 0 when it is told to.
fn serves(system: &Path) -> Result<(), Failure> {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let address = free.map_err(Failure::file(system))?;
    write(&system.join("coregateway.yaml"), format!("version: 1\nlisten: {address}\n"))?;
    let mut command = there(system);
    command.args(["/coregateway", "--config-name", "/coregateway.yaml"]).stdout(Stdio::null());
    let mut gateway = command.spawn().map_err(|source| Failure::Start { program: "chroot".to_owned(), source })?;
    let healthy = becomes_healthy(&mut gateway, address);
    run_program(program("kill").arg(gateway.id().to_string()))?;
    let status = gateway.wait().map_err(Failure::file(system))?;
    match (healthy, status.success()) {
        (true, true) => Ok(()),
        (false, _) => Err(Failure::Debian11 { what: "it does not become healthy".to_owned() }),
        (true, false) => Err(Failure::Debian11 { what: format!("it ends with {status}") }),
    }
}

fn becomes_healthy(gateway: &mut Child, address: SocketAddr) -> bool {
    (0..TRIES).any(|_| {
        sleep(Duration::from_millis(50));
        matches!(gateway.try_wait(), Ok(None)) && is_healthy(address)
    })
}

fn is_healthy(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut connection = TcpStream::connect(address)?;
        connection.write_all(b"GET /api/healthcheck HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200 "))
}
