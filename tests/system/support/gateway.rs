//! A gateway in this process, with routes of a test's own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread::JoinHandle;

use gateway::{Gateway, Settings, Stopper};
use gateway_routes::{Source, compile};

/// A gateway that serves until it is dropped.
pub(crate) struct Running {
    address: SocketAddr,
    admin: Option<SocketAddr>,
    stopper: Stopper,
    thread: Option<JoinHandle<()>>,
    folder: tempfile::TempDir,
}

/// The roles and services that tests' routes use, around these routes.
pub(crate) fn route_file(routes: &str) -> String {
    format!(
        "Gateway(\n\
         roles: {{ Admin: \"admin\", Operations: \"operations\" }},\n\
         lints: {{ CG0402: Allow }},\n\
         routes: [\n{routes}\n])"
    )
}

/// A public route from `/open` to this upstream, with these further fields.
pub(crate) fn open_route(upstream: SocketAddr, fields: &str) -> String {
    format!(
        "Route(path_prefix: \"/open\", service: \"open\", target: \"http://{upstream}/base\", \
         required_role: Everyone(reason: \"test\"), rate_limit: Unlimited(reason: \"test\"), {fields}),"
    )
}

/// A route from `/closed` to this upstream for operations, with these further fields.
pub(crate) fn closed_route(upstream: SocketAddr, fields: &str) -> String {
    format!(
        "Route(path_prefix: \"/closed\", service: \"closed\", target: \"http://{upstream}\", \
         required_role: Operations, rate_limit: Unlimited(reason: \"test\"), {fields}),"
    )
}

impl Running {
    /// Serves these routes.
    pub(crate) fn with_routes(routes: &str) -> Self {
        Self::start(&route_file(routes), &super::auth_section())
    }

    /// Serves a public route to this upstream.
    pub(crate) fn in_front_of(upstream: SocketAddr) -> Self {
        Self::with_routes(&open_route(upstream, ""))
    }

    /// Serves this route file with this configuration, whose version, address and log are filled in.
    pub(crate) fn start(route_file: &str, configuration: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let table = table(route_file);
        let file = folder.path().join("gateway.yaml");
        std::fs::write(&file, whole(configuration)).unwrap();
        let settings = Settings::load(file.to_str()).unwrap_or_else(|error| panic!("{error}"));
        let gateway = Gateway::bind(settings, table).unwrap();
        let (address, admin, stopper) = (gateway.address(), gateway.admin_address(), gateway.stopper());
        let thread = std::thread::spawn(move || gateway.serve().unwrap());
        Self { address, admin, stopper, thread: Some(thread), folder }
    }

    /// Writes this configuration in the place of the one it was started with, filled in likewise.
    pub(crate) fn configure(&self, configuration: &str) {
        std::fs::write(self.file(), whole(configuration)).unwrap();
    }

    /// Its configuration file.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("gateway.yaml")
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where operators connect, if the configuration says so.
    pub(crate) fn admin(&self) -> SocketAddr {
        self.admin.unwrap()
    }

    pub(crate) fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Stops it, and gives its log, one value for each line.
    pub(crate) fn stop(mut self) -> Vec<serde_json::Value> {
        self.end();
        let log = std::fs::read_to_string(self.folder.path().join("gateway.log")).unwrap();
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn end(&mut self) {
        self.stopper.stop();
        if let Some(thread) = self.thread.take() {
            assert!(thread.join().is_ok(), "the gateway panicked");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.end();
        }
    }
}

/// The text of a configuration, with its version, its address and its log.
fn whole(configuration: &str) -> String {
    let threads = if configuration.contains("threads:") { "" } else { "threads: 1\n" };
    let log = if configuration.contains("log:") { "" } else { "log: { file: gateway.log }\n" };
    format!("version: 1\nlisten: 127.0.0.1:0\n{log}{threads}{configuration}")
}

/// The table of a route file that has no faults.
fn table(route_file: &str) -> &'static gateway::table::Table {
    let source = Source::new("routes.ron", route_file);
    let compilation = compile(&source);
    let Some(table) = compilation.table else {
        panic!("{}", gateway_routes::render::human(&source, &compilation.faults, gateway_routes::render::Style::PLAIN))
    };
    Box::leak(Box::new(table.into_table()))
}
