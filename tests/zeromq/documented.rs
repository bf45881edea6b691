//! The services that `docs/zeromq.md` shows, run as they stand there.

use crate::service::{Service, free_address, gateway};
use crate::support::client::{Client, ask};

const DOCUMENT: &str = include_str!("../../docs/zeromq.md");

/// Starts the example of this number.
fn example(number: usize, address: std::net::SocketAddr, folder: &tempfile::TempDir) -> Service {
    let code = DOCUMENT.split("```python\n").nth(number + 1).unwrap().split("```").next().unwrap();
    let script = folder.path().join("service.py");
    std::fs::write(&script, code).unwrap();
    Service::run(&script, address, "")
}

#[test]
#[ignore = "needs pyzmq: .ci/zeromq-tests"]
fn the_service_in_ten_lines_answers() {
    let (address, folder) = (free_address(), tempfile::tempdir().unwrap());
    let _service = example(0, address, &folder);
    let gateway = gateway(address, "", "");
    let mut client = Client::connect(gateway.address());
    for _ in 0..3 {
        client.write("PUT /io/valves/7?fast=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nopen");
        let answer = client.answer().unwrap();
        assert_eq!((answer.status, &*answer.text()), (200, "PUT /base/valves/7 with 4 bytes"));
        assert_eq!(answer.header("content-type"), Some("text/plain"));
    }
    client.send("HEAD /io", "");
    let head = client.answer_to("HEAD").unwrap();
    assert_eq!((head.status, head.header("content-length")), (200, Some("23")));
}

#[test]
#[ignore = "needs pyzmq: .ci/zeromq-tests"]
fn the_service_that_answers_in_any_order_answers() {
    let (address, folder) = (free_address(), tempfile::tempdir().unwrap());
    let _service = example(1, address, &folder);
    let gateway = gateway(address, "", "");
    assert_eq!(ask(gateway.address(), "GET /io/a", "").text(), "/base/a");
}
