//! The peers with their configurations, as far as they are installed here.

use std::net::TcpStream;

use super::*;
use crate::compare::answer::{connect_and_ask, read_one, request};
use crate::compare::load::{Order, run};

/// A bench in a folder of its own, with no gateway of ours; none, if there is no nginx or one core alone.
fn bench(folder: &Path) -> Option<Bench> {
    Tool::Nginx.path().ok()?;
    Cpus::allowed().ok()?;
    let options = Options { rounds: 1, seconds: 1, only: Vec::new(), executable: Some(PathBuf::from("no gateway")) };
    Some(Bench::set_up(&options, folder).unwrap())
}

#[test]
fn every_peer_that_is_installed_forwards_and_only_the_whole_job_wants_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let Some(bench) = bench(folder.path()) else { return };
    let all = [Peer::Nginx, Peer::NginxLargeBuffers, Peer::HaproxyForwarding, Peer::HaproxyWholeJob];
    let stranger = request(STATUS, &Credentials::make(&folder.path().join("stranger")).unwrap().token);
    for live in bench.start_all(&all).unwrap() {
        let requests = [bench.status_request()];
        let order = Order { address: live.address, connections: 4, requests: &requests, count: 20, interval: None };
        assert_eq!(run(&order).unwrap().latencies.len(), 20);
        let (_, is_let_in) = connect_and_ask(live.address, &stranger).unwrap();
        assert_eq!(is_let_in, live.peer != Peer::HaproxyWholeJob, "{}", live.peer.name());
        let id = live.process.id();
        drop(live);
        assert!(!Path::new(&format!("/proc/{id}")).exists());
    }
}

#[test]
fn a_peer_that_cannot_start_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let Some(bench) = bench(folder.path()) else { return };
    let missing = bench.start_warm(Peer::Ours, bench.plain()).unwrap_err();
    assert!(missing.to_string().contains("cannot start `no gateway`"), "{missing}");

    let bench = Bench { executable: PathBuf::from("false"), ..bench };
    let failure = bench.start_warm(Peer::Ours, bench.plain()).unwrap_err();
    assert!(failure.to_string().contains("CoreGateway gives no answer"), "{failure}");
}

#[test]
fn the_origin_has_a_long_answer() {
    let folder = tempfile::tempdir().unwrap();
    let Some(bench) = bench(folder.path()) else { return };
    let mut stream = TcpStream::connect(bench.origin).unwrap();
    std::io::Write::write_all(&mut stream, &request("/api/agent/large", "any")).unwrap();
    assert!(read_one(&mut stream).unwrap());
}
