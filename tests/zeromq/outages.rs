//! Services that go away and come back.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::Instant;

use crate::service::{Service, free_address, gateway};
use crate::support::client::{Client, ask, status};

#[test]
#[ignore = "needs pyzmq: .ci/zeromq-tests"]
fn a_service_that_is_not_there_is_502_at_once_and_the_breaker_opens() {
    let gateway = gateway(free_address(), "retry: Off, breaker: (failures: 3, within: \"10s\", open_for: \"60s\")", "");
    let statuses: Vec<u16> = (0..5).map(|_| status(gateway.address(), "GET /io", "")).collect();
    assert_eq!(statuses, [502, 502, 502, 503, 503]);
}

#[test]
#[ignore = "needs pyzmq: .ci/zeromq-tests"]
fn a_service_that_is_killed_in_the_middle_is_502_and_is_found_again() {
    let address = free_address();
    let service = Service::start(address, "router");
    let gateway = gateway(address, "timeout: \"60s\", retry: Off, breaker: Off", "");
    assert_eq!(status(gateway.address(), "GET /io", ""), 200);
    let mut waiting = Client::connect(gateway.address());
    waiting.send("POST /io?delay=60000", "");
    // The service has the first request by the time it has answered the second.
    assert_eq!(status(gateway.address(), "GET /io", ""), 200);
    service.kill();
    assert_eq!(waiting.answer().unwrap().status, 502);
    assert_eq!(status(gateway.address(), "GET /io", ""), 502);
    let _service = Service::start(address, "router");
    while status(gateway.address(), "GET /io", "") != 200 {}
}

#[test]
#[ignore = "needs pyzmq: .ci/zeromq-tests"]
fn a_service_that_stands_still_is_given_up_and_found_again() {
    let address = free_address();
    let service = Service::start(address, "router");
    let gateway = gateway(address, "timeout: \"60s\", retry: Off, breaker: Off", "");
    assert_eq!(status(gateway.address(), "GET /io", ""), 200);
    service.signal("STOP");
    assert_eq!(status(gateway.address(), "GET /io", ""), 502);
    service.signal("CONT");
    while status(gateway.address(), "GET /io", "") != 200 {}
}

#[test]
#[ignore = "needs pyzmq: .ci/zeromq-tests"]
fn a_service_that_is_busy_with_one_request_is_not_given_up() {
    let address = free_address();
    let _service = Service::start(address, "rep");
    let gateway = gateway(address, "timeout: \"60s\", retry: Off", "");
    assert_eq!(status(gateway.address(), "GET /io?delay=12000", ""), 200);
}

/// A breaker that does not leave the service alone for long.
const FIELDS: &str = "timeout: \"2s\", breaker: (failures: 5, within: \"10s\", open_for: \"500ms\")";

/// What came of all requests while a service was killed and started again a few times.
#[test]
#[ignore = "needs pyzmq: .ci/zeromq-tests"]
fn killed_and_started_again_under_load_nothing_is_mixed_up() {
    let address = free_address();
    let mut service = Service::start(address, "router");
    let gateway = gateway(address, FIELDS, "threads: 2\nlimits: { requests_per_connection: 1000000 }\n");
    let (at, is_over) = (gateway.address(), AtomicBool::new(false));
    let (done, outcomes) = channel();
    std::thread::scope(|scope| {
        for caller in 0..16 {
            let (done, is_over) = (done.clone(), &is_over);
            scope.spawn(move || {
                let mut client = Client::connect(at);
                for number in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    let id = format!("{caller}-{number}");
                    let fields = format!("X-Correlation-ID: {id}\r\n");
                    let answer = client.send(&format!("GET /io?delay={}", number % 20), &fields).answer().unwrap();
                    let is_mixed_up = answer.status == 200 && answer.json()["id"] != id;
                    done.send((answer.status, is_mixed_up)).unwrap();
                }
            });
        }
        for _ in 0..5 {
            for _ in 0..50 {
                ask(at, "GET /io?delay=5", "");
            }
            service.kill();
            service = Service::start(address, "router");
            let start = Instant::now();
            while status(at, "GET /io", "") != 200 {}
            println!("answers again {:?} after the service listened", start.elapsed());
        }
        is_over.store(true, Ordering::Relaxed);
    });
    drop(done);
    let (mut statuses, mut mixed_up) = (BTreeMap::new(), 0);
    for (status, is_mixed_up) in outcomes {
        *statuses.entry(status).or_insert(0) += 1;
        mixed_up += u32::from(is_mixed_up);
    }
    println!("{statuses:?}, mixed up: {mixed_up}");
    assert_eq!(mixed_up, 0);
    assert!(statuses[&200] > 500, "{statuses:?}");
    assert!(statuses.keys().all(|status| [200, 502, 503].contains(status)), "{statuses:?}");
}
