//! Many requests at once, and long ones: every reply goes to who asked.

use std::sync::mpsc::channel;

use crate::service::{Service, free_address, gateway};
use crate::support::client::{Answer, Client};

/// The same bytes for the same number, and others for any other.
fn body(seed: u64, length: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..length).map(|_| random.u8(..)).collect()
}

fn sha256(bytes: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.as_ref().iter().fold(String::new(), |shown, byte| format!("{shown}{byte:02x}"))
}

fn post(client: &mut Client, path: &str, id: &str, body: &[u8]) -> Answer {
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nHost: a\r\nX-Correlation-ID: {id}\r\nContent-Length: {length}\r\n\r\n");
    client.write(head).write(body).answer().unwrap()
}

#[test]
#[ignore = "needs pyzmq: .ci/zeromq-tests"]
fn a_thousand_requests_at_once_get_each_its_own_reply() {
    let address = free_address();
    let _service = Service::start(address, "router");
    for configuration in ["threads: 1\n", "threads: 2\nzeromq: { connections: 2 }\n"] {
        let gateway = gateway(address, "timeout: \"60s\"", configuration);
        let at = gateway.address();
        let (done, outcomes) = channel();
        for number in 0..1_000_u64 {
            let done = done.clone();
            let one = move || {
                let (id, body) = (format!("r-{number}"), body(number, 10 + fastrand::usize(..2_000)));
                let path = format!("/io?delay={}", fastrand::u32(..1_000));
                let answer = post(&mut Client::connect(at), &path, &id, &body);
                let told = answer.json();
                done.send(answer.status == 200 && told["id"] == id && told["digest"] == sha256(&body)).unwrap();
            };
            std::thread::Builder::new().stack_size(256 * 1024).spawn(one).unwrap();
        }
        drop(done);
        assert_eq!(outcomes.iter().filter(|is_right| *is_right).count(), 1_000);
    }
}

#[test]
#[ignore = "needs pyzmq: .ci/zeromq-tests"]
fn bodies_of_eight_mebibytes_go_both_ways() {
    let address = free_address();
    let _service = Service::start(address, "rep");
    let gateway = gateway(address, "timeout: \"30s\"", "");
    let mut client = Client::connect(gateway.address());
    for seed in 0..3 {
        let body = body(seed, 8 << 20);
        let answer = post(&mut client, "/io", "long", &body);
        assert_eq!((answer.status, answer.json()["digest"].as_str()), (200, Some(&*sha256(&body))));
        let answer = client.send("GET /io?size=8388608", "").answer().unwrap();
        assert!(answer.body.len() == 8 << 20 && answer.body.iter().all(|byte| *byte == b'x'));
    }
}

#[test]
#[ignore = "needs pyzmq: .ci/zeromq-tests"]
fn bodies_for_which_there_is_no_room_are_503_and_the_room_comes_back() {
    let address = free_address();
    let _service = Service::start(address, "router");
    let gateway = gateway(address, "timeout: \"30s\"", "zeromq: { held_bytes: 1MiB }");
    let mut client = Client::connect(gateway.address());
    for _ in 0..3 {
        let answer = client.send("GET /io?size=1048577", "").answer().unwrap();
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
        assert_eq!(client.send("GET /io?size=1000000", "").answer().unwrap().status, 200);
    }
    assert_eq!(post(&mut Client::connect(gateway.address()), "/io", "long", &vec![0; 1_048_577]).status, 503);
}
