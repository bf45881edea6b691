//! What a request costs over ZeroMQ and over HTTP: CPU time of the gateway's worker, with services that do the same.
//!
//! `cargo test --release --test zeromq -- --ignored --nocapture figures`

use std::net::SocketAddr;
use std::time::Instant;

use stand_ins::{core_io, echo};

use crate::service::route;
use crate::support::client::Client;
use crate::support::gateway::{Running, open_route, route_file};

const ROUNDS: usize = 11;
const REQUESTS: usize = 6_400;

/// The nanoseconds that worker threads of this process have been on a processor.
fn worker_nanos() -> u64 {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path());
    let workers =
        tasks.filter(|task| std::fs::read_to_string(task.join("comm")).is_ok_and(|name| name.starts_with("worker-")));
    let on_processor = |task: std::path::PathBuf| {
        let statistics = std::fs::read_to_string(task.join("schedstat")).unwrap();
        statistics.split(' ').next().unwrap().parse::<u64>().unwrap()
    };
    workers.map(on_processor).sum()
}

/// What one round has shown.
#[derive(Clone, Copy)]
struct Figures {
    /// Microseconds of the worker for each request.
    cpu: f64,
    /// Requests a second.
    rate: f64,
}

fn round(at: SocketAddr, path: &str, clients: usize) -> Figures {
    let (before, start) = (worker_nanos(), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                let mut client = Client::connect(at);
                for _ in 0..REQUESTS / clients {
                    assert_eq!(client.send(&format!("GET {path}"), "").answer().unwrap().status, 200);
                }
            });
        }
    });
    #[expect(clippy::cast_precision_loss, reason = "exact enough")]
    let (count, nanos) = (REQUESTS as f64, (worker_nanos() - before) as f64);
    Figures { cpu: nanos / 1e3 / count, rate: count / start.elapsed().as_secs_f64() }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[test]
#[ignore = "measures, and asserts nothing"]
fn figures_of_a_request_over_zeromq_beside_http() {
    let (messages, http) = (core_io(|_| {}).unwrap(), echo("io", |_| {}).unwrap());
    let gateway = Running::start(&route_file(&(route(messages.address(), "") + &open_route(http.address(), ""))), "");
    for clients in [1, 16] {
        let (mut zeromq, mut plain) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            zeromq.push(round(gateway.address(), "/io/a", clients));
            plain.push(round(gateway.address(), "/open/a", clients));
        }
        tell(clients, &zeromq, &plain);
    }
}

#[expect(clippy::print_stdout, reason = "figures are there to be read")]
fn tell(clients: usize, zeromq: &[Figures], plain: &[Figures]) {
    let differences = zeromq.iter().zip(plain).map(|(one, other)| one.cpu - other.cpu).collect();
    let cpu = |rounds: &[Figures]| median(rounds.iter().map(|round| round.cpu).collect());
    let rate = |rounds: &[Figures]| median(rounds.iter().map(|round| round.rate).collect());
    println!("{clients} clients, medians of {ROUNDS} paired rounds of {REQUESTS} requests:");
    println!("  CPU µs: ZeroMQ {:.1}, HTTP {:.1}, difference {:.1}", cpu(zeromq), cpu(plain), median(differences));
    println!("  requests a second: ZeroMQ {:.0}, HTTP {:.0}", rate(zeromq), rate(plain));
}
