//! An estate on its way: JSON in a file in memory, whose number the next code finds in its environment; the sockets stay open
//! under their own numbers.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, FromRawFd as _, IntoRawFd, OwnedFd, RawFd};
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::{FdFlags, fcntl_setfd};
use serde::{Deserialize, Serialize};

use super::estate::{Build, Estate, Listening, State};
use crate::connection::Parked;

/// The environment variable that has the number of the file in memory.
pub(super) const VARIABLE: &str = "COREGATEWAY_HANDOVER";

/// What the file is called among the process' descriptors.
const NAME: &str = "coregateway-handover";

/// What this version writes and reads.
const FORMAT: u32 = 1;

/// An [`Estate`] as it is written; sockets are numbers.
#[derive(Debug, Serialize, Deserialize)]
struct Document {
    format: u32,
    /// The process that takes over; for a self-check, its parent.
    process: u32,
    from: Build,
    executable: PathBuf,
    clients: Option<(SocketAddr, Vec<RawFd>)>,
    operators: Option<(SocketAddr, Vec<RawFd>)>,
    /// Connections, and what has been read of their next requests, in base64.
    connections: Vec<(RawFd, String)>,
    state: State,
}

impl Estate {
    /// Writes everything down and has all of it stay open in the next code, or in a child. Gives the number of the file. The
    /// sockets are closed nowhere in this process any more.
    ///
    /// # Errors
    ///
    /// There is no memory for it, or too many files are open.
    pub(super) fn pass_on(self) -> io::Result<File> {
        let listening = |listening: Listening| {
            let sockets = listening.sockets.into_iter().map(kept_open).collect::<io::Result<_>>()?;
            Ok::<_, io::Error>((listening.address, sockets))
        };
        let parked = |parked: Parked| Ok::<_, io::Error>((kept_open(parked.stream)?, STANDARD.encode(&parked.read)));
        let document = Document {
            format: FORMAT,
            process: std::process::id(),
            from: self.from,
            executable: self.executable,
            clients: self.clients.map(listening).transpose()?,
            operators: self.operators.map(listening).transpose()?,
            connections: self.parked.into_iter().map(parked).collect::<io::Result<_>>()?,
            state: self.state,
        };
        let mut file = File::from(memfd_create(NAME, MemfdFlags::empty())?);
        file.write_all(&serde_json::to_vec(&document)?)?;
        Ok(file)
    }
}

/// Has a socket stay open across `exec`, and gives its number.
fn kept_open(socket: impl AsFd + IntoRawFd) -> io::Result<RawFd> {
    fcntl_setfd(&socket, FdFlags::empty())?;
    Ok(socket.into_raw_fd())
}

impl Estate {
    /// Takes over what the code before in this process has left, if there was one. To be asked once, before there are threads.
    ///
    /// # Errors
    ///
    /// What it has left cannot be read.
    pub(crate) fn take() -> io::Result<Option<Self>> {
        let Some((file, document)) = read(std::process::id())? else { return Ok(None) };
        drop(own(file)?);
        let listening = |(address, sockets): (SocketAddr, Vec<RawFd>)| {
            let sockets = sockets.into_iter().map(|socket| Ok(own(socket)?.into())).collect::<io::Result<_>>()?;
            Ok::<_, io::Error>(Listening { address, sockets })
        };
        let parked = |(stream, read): (RawFd, String)| {
            let read = STANDARD.decode(read).map_err(io::Error::other)?;
            Ok(Parked { stream: TcpStream::from(own(stream)?), read: read.into() })
        };
        Ok(Some(Self {
            from: document.from,
            executable: document.executable,
            clients: document.clients.map(listening).transpose()?,
            operators: document.operators.map(listening).transpose()?,
            parked: document.connections.into_iter().map(parked).collect::<io::Result<_>>()?,
            state: document.state,
        }))
    }

    /// Looks at what would be left to this executable by its parent, whose place it may take.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub(crate) fn look() -> io::Result<Option<Self>> {
        let parent = rustix::process::getppid().map_or(0, |parent| parent.as_raw_nonzero().get().unsigned_abs());
        let listening = |(address, _)| Listening { address, sockets: Vec::new() };
        Ok(read(parent)?.map(|(_, document)| Self {
            from: document.from,
            executable: document.executable,
            clients: document.clients.map(listening),
            operators: document.operators.map(listening),
            parked: Vec::new(),
            state: document.state,
        }))
    }
}

/// The document that the environment names, and the number of its file, if it is from this process; a variable may be left from
/// another one.
fn read(process: u32) -> io::Result<Option<(RawFd, Document)>> {
    let number = std::env::var(VARIABLE).ok().and_then(|number| number.parse().ok());
    let file = number.and_then(|number: RawFd| Some((number, File::open(format!("/proc/self/fd/{number}")).ok()?)));
    let Some((number, mut file)) = file else { return Ok(None) };
    let is_memory = std::fs::read_link(format!("/proc/self/fd/{number}"))
        .is_ok_and(|link| link.to_string_lossy().contains(&format!("memfd:{NAME}")));
    if !is_memory {
        return Ok(None);
    }
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    let document: Document = serde_json::from_slice(&text)?;
    if document.format != FORMAT {
        return Err(io::Error::other(format!("it is written in format {}, not {FORMAT}", document.format)));
    }
    Ok((document.process == process).then_some((number, document)))
}

/// Owns a descriptor that the code before has left open. Children do not get it.
#[expect(unsafe_code, reason = "the standard library has no other way to own a descriptor that is known by its number")]
fn own(descriptor: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: the code before has given up this descriptor of this very process for whoever reads its number in the file in
    // memory, which is read once, and by this code alone. If it is not open, the next line says so.
    let owned = unsafe { OwnedFd::from_raw_fd(descriptor) };
    fcntl_setfd(&owned, FdFlags::CLOEXEC)?;
    Ok(owned)
}
