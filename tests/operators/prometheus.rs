//! The metrics, as a real Prometheus reads them.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::client::{Client, status};
use crate::support::gateway::{Running, open_route, route_file};
use crate::support::upstream::Upstream;

/// A Prometheus that scrapes one target; it ends when it is dropped.
struct Prometheus {
    process: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Prometheus {
    fn scraping(target: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("prometheus.yml");
        let configuration = format!(
            "global: {{ scrape_interval: 1s }}\nscrape_configs:\n  - job_name: gateway\n    static_configs: [{{ targets: ['{target}'] }}]\n"
        );
        std::fs::write(&file, configuration).unwrap();
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let process = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Debian's package prometheus has it");
        Self { process, address, _folder: folder }
    }

    /// Waits until a query has an answer, and gives the first value.
    fn value(&self, query: &str) -> String {
        let start = Instant::now();
        loop {
            if let Some(value) = self.ask(query) {
                return value;
            }
            assert!(start.elapsed() < Duration::from_mins(1), "`{query}` stays without an answer");
            std::thread::yield_now();
        }
    }

    fn ask(&self, query: &str) -> Option<String> {
        std::net::TcpStream::connect(self.address).ok()?;
        let line = format!("GET /api/v1/query?query={}", escaped(query));
        let answer = Client::connect(self.address).send(&line, "").answer()?;
        if answer.status != 200 {
            return None;
        }
        let value = answer.json()["data"]["result"][0]["value"][1].as_str()?.to_owned();
        Some(value)
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // One that has ended already cannot be killed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn escaped(query: &str) -> String {
    query
        .bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[test]
#[ignore = "needs Prometheus"]
fn a_real_prometheus_reads_every_series() {
    let upstream = Upstream::saying("hello");
    let configuration = format!("admin: {{ listen: \"127.0.0.1:0\" }}\n{}", crate::support::auth_section());
    let gateway = Running::start(&route_file(&open_route(upstream.address(), "")), &configuration);
    for _ in 0..3 {
        assert_eq!(status(gateway.address(), "GET /open", ""), 200);
    }
    let prometheus = Prometheus::scraping(gateway.admin());
    assert_eq!(prometheus.value("up"), "1");
    assert_eq!(prometheus.value("gateway_request_total{path_template=\"/open\",status_code=\"200\"}"), "3");
    assert_eq!(prometheus.value("gateway_request_duration_seconds_bucket{path_template=\"/open\",le=\"10.0\"}"), "3");
    assert_eq!(prometheus.value("gateway_breaker_state{upstream_service=\"open\"}"), "0");
    assert_eq!(prometheus.value("histogram_quantile(0.99, gateway_request_duration_seconds_bucket) > bool 0"), "1");
    assert_eq!(prometheus.value("count({__name__=~\"gateway_.+\"}) > bool 30"), "1");
}
