//! The supervisor's contract, by a stand-in for coredinator that keeps to it: found by name, started without streams, asked
//! for its health, stopped in time, started again.

use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getsid};
use stand_ins::{Patience, Supervised, newest};

use crate::support::client::{Client, status};
use crate::support::upstream::Upstream;
use crate::support::{auth_section, bearer};

/// Coredinator's, but that it asks more often, so that no test waits for it.
const PATIENCE: Patience = Patience { interval: Duration::from_millis(10), ..Patience::REAL };

/// A folder with executables and a configuration, as coredinator has it.
struct Plant {
    folder: tempfile::TempDir,
    address: SocketAddr,
}

impl Plant {
    /// With this configuration, whose version, address and log are filled in.
    fn with(configuration: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let executable = Path::new(env!("CARGO_BIN_EXE_coregateway"));
        let linked = folder.path().join("linux-coregateway-v0.10.0");
        // A folder on another file system gets a copy.
        std::fs::hard_link(executable, &linked).or_else(|_| std::fs::copy(executable, &linked).map(drop)).unwrap();
        // None of these may be started.
        for name in ["linux-coregateway-v0.9.9", "linux-coregateway-dev1-v1.0.0", "windows-coregateway-v2.0.0.exe"] {
            std::fs::write(folder.path().join(name), "#!/bin/sh\nexit 77\n").unwrap();
        }
        let plant = Self { folder, address: Upstream::down() };
        let address = plant.address;
        plant.configure(&format!("version: 1\nlisten: {address}\nlog: {{ file: gateway.log }}\n{configuration}"));
        plant
    }

    fn configure(&self, text: &str) {
        std::fs::write(self.file("coregateway.yaml"), text).unwrap();
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts it as coredinator does, with the path of the configuration.
    fn start(&self) -> Supervised {
        self.start_by(self.file("coregateway.yaml").to_str().unwrap())
    }

    fn start_by(&self, name: &str) -> Supervised {
        let executable = newest(self.folder.path()).unwrap();
        Supervised::start(&executable, name, self.folder.path(), PATIENCE).unwrap()
    }

    /// Starts it and waits until it is healthy.
    fn run(&self) -> Supervised {
        let mut service = self.start();
        assert!(service.wait_until_healthy(self.address).is_some(), "{}", self.log());
        service
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.file("gateway.log")).unwrap_or_default()
    }

    /// A plant whose CoreTelemetry is this upstream, with callers' tokens believed.
    fn in_front_of(upstream: &Upstream, more: &str) -> Self {
        let address = upstream.address();
        Self::with(&format!("{}services: {{ coretelemetry: \"http://{address}\" }}\n{more}", auth_section()))
    }
}

/// The line of a request that goes to CoreTelemetry, which takes 600 a minute.
const REQUEST: &str = "GET /api/v1/coretelemetry/v1/logs";

#[test]
fn the_newest_stable_build_is_started_by_path_or_stem_and_soon_healthy() {
    let plant = Plant::with("");
    for name in [plant.file("coregateway.yaml").to_str().unwrap(), "coregateway"] {
        let mut service = plant.start_by(name);
        let ready = service.wait_until_healthy(plant.address);
        println!("healthy {ready:?} after its start (build for tests)");
        assert!(ready.is_some(), "{}", plant.log());
        let pid = Pid::from_raw(i32::try_from(service.id()).unwrap());
        assert_eq!(getsid(pid).unwrap(), pid.unwrap(), "it has a session of its own");
        let stopped = service.stop().unwrap();
        assert_eq!((stopped.status.code(), stopped.killed), (Some(0), false));
    }
    assert_eq!(plant.log().matches("\"message\":\"stopped\"").count(), 2);
}

#[test]
fn it_is_healthy_while_every_connection_is_taken_the_workers_are_busy_and_every_upstream_is_down() {
    let plant = Plant::with("limits: { connections: 64 }\n");
    let service = plant.run();
    let address = plant.address;
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Each worker has more to do than it can; no upstream is there.
        for _ in 0..8 {
            scope.spawn(|| {
                let mut client = Client::connect(address);
                while !is_over.load(Ordering::Relaxed) {
                    client.send("GET /auth/token", "");
                    if client.answer().is_none_or(|answer| answer.header("connection") == Some("close")) {
                        client = Client::connect(address);
                    }
                }
            });
        }
        let _idle: Vec<Client> = (0..56).map(|_| Client::connect(address)).collect();
        for _ in 0..20 {
            assert!(service.is_healthy(address));
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

/// Lets those through who wait, once it is opened.
#[derive(Default)]
struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
    waiting: AtomicUsize,
}

impl Gate {
    fn wait(&self) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut is_open = self.is_open.lock().unwrap();
        while !*is_open {
            is_open = self.opened.wait(is_open).unwrap();
        }
    }

    fn open(&self) {
        *self.is_open.lock().unwrap() = true;
        self.opened.notify_all();
    }
}

#[test]
fn a_stop_finishes_every_request_in_flight_and_closes_idle_connections_at_once() {
    const IN_FLIGHT: usize = 100;
    let gate = Arc::new(Gate::default());
    let at_upstream = Arc::clone(&gate);
    let upstream = Upstream::scripted(move |peer| {
        while peer.request().is_some() {
            at_upstream.wait();
            peer.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
        }
    });
    let plant = Plant::in_front_of(&upstream, "");
    let service = plant.run();
    let token = bearer(&["operations"]);
    let mut clients: Vec<Client> = (0..IN_FLIGHT).map(|_| Client::connect(plant.address)).collect();
    let mut idle: Vec<Client> = (0..50).map(|_| Client::connect(plant.address)).collect();
    for client in &mut idle {
        assert_eq!(client.send("GET /healthcheck", "").answer().unwrap().status, 200);
    }
    for client in &mut clients {
        client.send(REQUEST, &token);
    }
    while gate.waiting.load(Ordering::SeqCst) < IN_FLIGHT {
        std::thread::yield_now();
    }
    let stopping = std::thread::spawn(move || service.stop().unwrap());
    // They close although nothing that is in flight has ended.
    assert!(idle.iter_mut().all(Client::is_closed));
    while TcpStream::connect_timeout(&plant.address, Duration::from_secs(1)).is_ok() {}
    let released = Instant::now();
    gate.open();
    for client in &mut clients {
        let answer = client.answer().unwrap();
        assert_eq!((answer.status, answer.is_whole, answer.text()), (200, true, "late".to_owned()));
    }
    let stopped = stopping.join().unwrap();
    println!(
        "{IN_FLIGHT} in flight: ended {:?} after their answers, {:?} after SIGTERM",
        released.elapsed(),
        stopped.took
    );
    assert_eq!((stopped.status.code(), stopped.killed), (Some(0), false));
}

#[test]
fn a_stop_under_load_cuts_no_answer_short() {
    let plant = Plant::with("");
    let service = plant.run();
    let address = plant.address;
    let (answered, unanswered) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let stopped = std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let mut client = Client::connect(address);
                loop {
                    // A connection that is closed while the next request is on its way gives no answer, not a part of one.
                    let sent = std::io::Write::write_all(
                        &mut client.writer(),
                        b"GET /healthcheck HTTP/1.1\r\nHost: a\r\n\r\n",
                    );
                    let Some(answer) = sent.ok().and_then(|()| client.answer()) else { break };
                    assert!(answer.status == 200 && answer.is_whole);
                    answered.fetch_add(1, Ordering::Relaxed);
                    if answer.header("connection") == Some("close") {
                        return;
                    }
                }
                unanswered.fetch_add(1, Ordering::Relaxed);
            });
        }
        while answered.load(Ordering::Relaxed) < 1000 {
            std::thread::yield_now();
        }
        service.stop().unwrap()
    });
    println!(
        "under load: ended {:?} after SIGTERM, {answered:?} answers, {unanswered:?} closed between two",
        stopped.took
    );
    assert_eq!((stopped.status.code(), stopped.killed), (Some(0), false));
}

#[test]
fn it_starts_again_after_it_was_killed_or_crashed() {
    let plant = Plant::with("");
    for signal in [Signal::KILL, Signal::ABORT] {
        let mut service = plant.run();
        let mut client = Client::connect(plant.address);
        assert_eq!(client.send("GET /healthcheck", "").answer().unwrap().status, 200);
        service.signal(signal).unwrap();
        assert_eq!(service.wait().unwrap().signal(), Some(signal.as_raw()));
        assert!(client.is_closed());
    }
    let stopped = plant.run().stop().unwrap();
    assert_eq!(stopped.status.code(), Some(0));
}

#[test]
fn it_starts_again_at_once_while_the_old_connections_linger() {
    let plant = Plant::with("");
    for _ in 0..3 {
        let service = plant.run();
        let mut clients: Vec<Client> = (0..20).map(|_| Client::connect(plant.address)).collect();
        for client in &mut clients {
            assert_eq!(client.send("GET /healthcheck", "").answer().unwrap().status, 200);
        }
        // The side that closes first keeps the connection in TIME_WAIT, and its port.
        assert_eq!(service.stop().unwrap().status.code(), Some(0));
        assert!(clients.iter_mut().all(Client::is_closed));
        drop(clients);
        assert!(lingering(plant.address.port()) > 0, "no connection lingers, so that nothing is tested");
    }
}

/// How many connections of this port are in TIME_WAIT.
fn lingering(port: u16) -> usize {
    let sockets = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let local = format!(":{port:04X}");
    let is_lingering = |line: &&str| {
        let mut words = line.split_whitespace().skip(1);
        words.next().is_some_and(|address| address.ends_with(&local)) && words.nth(1) == Some("06")
    };
    sockets.lines().filter(is_lingering).count()
}

#[test]
fn a_second_copy_is_refused_in_the_log_and_the_first_unharmed() {
    let plant = Plant::with("");
    let first = plant.run();
    let mut kept = Client::connect(plant.address);
    for _ in 0..3 {
        let mut second = plant.start();
        assert_eq!(second.wait().unwrap().code(), Some(1));
        assert_eq!(kept.send("GET /healthcheck", "").answer().unwrap().status, 200);
    }
    let log = plant.log();
    let refusals: Vec<&str> = log.lines().filter(|line| line.contains("\"cannot start\"")).collect();
    assert_eq!(refusals.len(), 3, "{log}");
    let refusal: serde_json::Value = serde_json::from_str(refusals[0]).unwrap();
    assert_eq!(refusal["level"], "ERROR");
    assert!(
        refusal["reason"].as_str().unwrap().starts_with(&format!("cannot listen on {}: ", plant.address)),
        "{refusal}"
    );
    for _ in 0..20 {
        assert_eq!(status(plant.address, "GET /healthcheck", ""), 200);
    }
    assert_eq!(first.stop().unwrap().status.code(), Some(0));
}

/// What is written down of a start with this configuration, in this file.
fn refusal(plant: &Plant, configuration: &str, file: &str) -> String {
    plant.configure(configuration);
    assert_eq!(plant.start().wait().unwrap().code(), Some(2));
    let line = std::fs::read_to_string(plant.file(file)).unwrap();
    let line: serde_json::Value = serde_json::from_str(line.lines().last().unwrap()).unwrap();
    line["reason"].as_str().unwrap().to_owned()
}

#[test]
fn why_a_start_was_refused_is_written_down_though_nobody_sees_standard_error() {
    let plant = Plant::with("");
    let logged = refusal(&plant, "version: 1\nlog: { file: gateway.log }\nlisen: x\n", "gateway.log");
    assert!(logged.contains("coregateway.yaml:3:1: unknown key `lisen`"), "{logged}");
    assert!(!plant.file("coregateway-start.log").exists());
    // Where no log file is known, it is beside the configuration.
    let unlogged = refusal(&plant, "version: 1\nlisen: [\n", "coregateway-start.log");
    assert!(unlogged.contains("coregateway.yaml:"), "{unlogged}");
    let unopened = refusal(&plant, "version: 1\nlog: { file: no/such/folder/log }\n", "coregateway-start.log");
    assert!(unopened.starts_with("cannot open the log file"), "{unopened}");
    let mut missing = plant.start_by("nowhere");
    assert_eq!(missing.wait().unwrap().code(), Some(2));
    let told = std::fs::read_to_string(plant.file("coregateway-start.log")).unwrap();
    assert!(told.lines().last().unwrap().contains("no such configuration file"), "{told}");
}
