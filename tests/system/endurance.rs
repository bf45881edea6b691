//! What must hold for long, under load, and while upstreams die: no wrong answer, no multiplied outage, no growing memory.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::support::client::{Answer, Client};
use crate::support::gateway::{Running, open_route, route_file};
use crate::support::upstream::{Peer, Upstream};

/// The body of the answer to the request of this number: nobody else's, and one whose end shows.
fn body_of(id: &str) -> String {
    let number: usize = id.parse().unwrap();
    format!("<{id}>{}</{id}>", id.repeat(number * 37 % 4000))
}

/// Answers requests with what belongs to them, and at one of three breaks the connection somewhere. `left` is how often.
fn answer_or_die(peer: &mut Peer, left: &AtomicUsize) {
    while let Some(request) = peer.request() {
        let id =
            request.split(['/', ' ']).find(|part| part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty());
        let body = body_of(id.unwrap());
        let answer = if fastrand::bool() {
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        } else {
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len())
        };
        let dies = fastrand::u8(0..3) == 0
            && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if dies {
            let said = if fastrand::bool() { fastrand::usize(0..answer.len()) } else { 0 };
            peer.write(&answer[..said]);
            if fastrand::bool() {
                peer.reset();
            }
            return;
        }
        peer.write(answer);
    }
}

#[derive(Default)]
struct Counts {
    whole: AtomicUsize,
    cut: AtomicUsize,
    refused: AtomicUsize,
}

impl Counts {
    /// Every answer is right and whole, or says that it is not.
    fn check(&self, id: &str, answer: Option<Answer>) {
        let count = match answer {
            Some(answer) if answer.status == 502 && answer.is_whole => &self.refused,
            Some(answer) if answer.status == 200 => {
                let (body, expected) = (answer.text(), body_of(id));
                assert!(expected.starts_with(&body), "the answer to {id} is another's: {body:?}");
                assert!(!answer.is_whole || body == expected, "the answer to {id} is short and does not say so");
                if answer.is_whole { &self.whole } else { &self.cut }
            }
            Some(answer) => panic!("{id}: {answer:?}"),
            None => panic!("{id}: the connection ended without an answer"),
        };
        count.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_thousand_kills_of_an_upstream_spoil_no_other_answer() {
    let left = std::sync::Arc::new(AtomicUsize::new(1000));
    let (kills, next, counts) = (std::sync::Arc::clone(&left), AtomicUsize::new(1), Counts::default());
    let upstream = Upstream::scripted(move |peer| answer_or_die(peer, &kills));
    let retry = "breaker: Off, retry: Retry(attempts: 3, backoff: \"1ms\")";
    let routes = route_file(&open_route(upstream.address(), retry));
    let gateway = Running::start(&routes, "threads: 2\n");
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let mut client = Client::connect(gateway.address());
                while left.load(Ordering::SeqCst) > 0 {
                    let id = next.fetch_add(1, Ordering::SeqCst).to_string();
                    let answer = match id.len() % 2 {
                        0 => client.send(&format!("GET /open/{id}"), "").answer(),
                        _ => client.send(&format!("POST /open/{id}"), "Content-Length: 0\r\n").answer(),
                    };
                    let stays =
                        answer.as_ref().is_some_and(|answer| answer.is_whole && answer.header("connection").is_none());
                    counts.check(&id, answer);
                    if !stays {
                        client = Client::connect(gateway.address());
                    }
                }
            });
        }
    });
    let [whole, cut, refused] = [&counts.whole, &counts.cut, &counts.refused].map(|count| count.load(Ordering::SeqCst));
    let sent = upstream.requests().len();
    told(&format!("1000 kills: {whole} whole answers, {cut} cut, {refused} refused; {sent} sent upstream"));
    assert!(whole > 1000 && cut > 0 && refused > 0);
}

#[test]
fn a_full_outage_is_not_multiplied() {
    let upstream = Upstream::scripted(|peer| {
        peer.request();
        peer.reset();
    });
    let fields = "breaker: Off, retry: Retry(attempts: 5, backoff: \"1ms\", max_backoff: \"1ms\")";
    let routes = route_file(&open_route(upstream.address(), fields));
    let gateway = Running::start(&routes, "threads: 2\n");
    let asked = 2000;
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut client = Client::connect(gateway.address());
                for _ in 0..asked / 8 {
                    assert_eq!(client.send("GET /open", "").answer().unwrap().status, 502);
                }
            });
        }
    });
    let sent = upstream.requests().len();
    told(&format!("a full outage: {asked} requests, {sent} sent upstream"));
    assert!(sent > asked && sent <= asked + asked / 5, "{sent}");
}

const MIB: usize = 1024 * 1024;

/// How much is streamed each way; `COREGATEWAY_STREAM_MIB` asks for more.
fn stream_mib() -> usize {
    std::env::var("COREGATEWAY_STREAM_MIB").ok().and_then(|mib| mib.parse().ok()).unwrap_or(256)
}

/// An upstream that sends as much as it takes.
fn streaming() -> Upstream {
    Upstream::scripted(|peer| {
        let Some(head) = peer.head() else { return };
        let length = stream_mib() * MIB;
        if head.starts_with("GET") {
            peer.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"));
            let piece = vec![b'x'; MIB];
            (0..stream_mib()).for_each(|_| peer.write(&piece));
            return;
        }
        let mut came = 0;
        while came < length {
            let some = peer.some();
            if some.is_empty() {
                return;
            }
            came += some.len();
        }
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    })
}

/// Reads an answer to its end; gives how long it was.
fn take_all(mut stream: TcpStream) -> usize {
    let (mut buffer, mut length) = (vec![0; MIB], 0);
    loop {
        match stream.read(&mut buffer).unwrap() {
            0 => return length,
            read => length += read,
        }
    }
}

fn download(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /open HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    assert!(take_all(stream) > stream_mib() * MIB);
}

fn upload(address: SocketAddr) {
    let mut client = Client::connect(address);
    client.write(format!("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", stream_mib() * MIB));
    let piece = vec![b'x'; MIB];
    for _ in 0..stream_mib() {
        client.write(&piece);
    }
    assert_eq!(client.answer().unwrap().status, 200);
}

#[cfg(target_os = "linux")]
#[test]
fn bodies_of_any_size_stream_through_in_bounded_memory() {
    let upstream = streaming();
    let gateway = Alone::start(upstream.address());
    assert_eq!(crate::support::client::status(gateway.address, "GET /healthcheck", ""), 200);
    let idle = gateway.peak_memory();
    download(gateway.address);
    let down = gateway.peak_memory() - idle;
    upload(gateway.address);
    let both = gateway.peak_memory() - idle;
    told(&format!(
        "{} MiB: {down} KiB above idle ({idle} KiB) after they went down, {both} after as many went up",
        stream_mib()
    ));
    assert!(both < 20 * 1024, "{both} KiB above idle");
}

/// A gateway in a process of its own, so that its memory is its own, too: this program once more, running the test below.
#[cfg(target_os = "linux")]
struct Alone {
    child: Child,
    /// Open for as long as it may say something.
    _said: BufReader<ChildStdout>,
    address: SocketAddr,
}

#[cfg(target_os = "linux")]
impl Alone {
    fn start(upstream: SocketAddr) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "--nocapture", "endurance::a_gateway_serves_alone"]);
        command.env("COREGATEWAY_TEST_UPSTREAM", upstream.to_string());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut lines = said.by_ref().lines().map_while(Result::ok);
        let address = lines.find_map(|line| line.split_once("serving ")?.1.parse().ok()).unwrap();
        Self { child, _said: said, address }
    }

    /// The most memory that it has had so far, in KiB.
    fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

#[cfg(target_os = "linux")]
impl Drop for Alone {
    fn drop(&mut self) {
        // It serves for as long as its standard input is open.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "it is what `bodies_of_any_size_stream_through_in_bounded_memory` starts"]
fn a_gateway_serves_alone() {
    let Some(upstream) = std::env::var("COREGATEWAY_TEST_UPSTREAM").ok() else { return };
    let fields = "max_body: \"4GiB\", timeout: \"1m\"";
    let gateway = Running::with_routes(&open_route(upstream.parse().unwrap(), fields));
    told(&format!("serving {}", gateway.address()));
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

/// Tells a figure, to whoever runs the tests with `--nocapture`.
#[expect(clippy::print_stdout, reason = "figures are what these tests are for")]
fn told(figure: &str) {
    println!("{figure}");
}
