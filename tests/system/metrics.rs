//! What single requests count as.

use crate::support::admin::{administered, metric, wait_for_ended};
use crate::support::bearer;
use crate::support::client::{Client, status};
use crate::support::gateway::{Running, closed_route, open_route};
use crate::support::upstream::Upstream;

const POSTED: &str = "{method=\"POST\",path_template=\"/open\"}";

fn request_bytes(gateway: &Running) -> Option<f64> {
    metric(gateway, &format!("gateway_request_size_bytes_sum{POSTED}"))
}

#[test]
fn a_body_counts_as_long_as_its_head_says_or_as_much_of_it_as_came() {
    let upstream = Upstream::saying("x");
    let gateway = administered(&open_route(upstream.address(), ""), "");
    let mut client = Client::connect(gateway.address());
    client.send("POST /open", "Content-Length: 5\r\n").write("hello").answer().unwrap();
    wait_for_ended(&gateway, 1);
    assert_eq!(request_bytes(&gateway), Some(5.0));
    let chunks = "6\r\n world\r\n1\r\n!\r\n0\r\n\r\n";
    client.send("POST /open", "Transfer-Encoding: chunked\r\n").write(chunks).answer().unwrap();
    wait_for_ended(&gateway, 2);
    assert_eq!(request_bytes(&gateway), Some(12.0));
}

#[test]
fn a_chunked_body_that_was_held_to_be_compared_counts_once() {
    let upstream = Upstream::saying("x");
    let debounced = "debounce: \"1h\", allow: [(CG0801, \"test\")]";
    let gateway = administered(&open_route(upstream.address(), debounced), "");
    let mut client = Client::connect(gateway.address());
    for ended in 1..=2 {
        client.send("POST /open", "Transfer-Encoding: chunked\r\n").write("3\r\nabc\r\n0\r\n\r\n").answer().unwrap();
        wait_for_ended(&gateway, ended);
    }
    assert_eq!(request_bytes(&gateway), Some(6.0));
    assert_eq!(metric(&gateway, "gateway_debounced_total{path_template=\"/open\"}"), Some(1.0));
    assert_eq!(metric(&gateway, "gateway_debounce_refused_total"), Some(0.0));
}

#[test]
fn only_an_answer_that_another_call_has_brought_counts_as_debounced() {
    let (upstream, has_come, _gone) = Upstream::silent();
    let debounced = "debounce: \"1h\", timeout: \"1h\", allow: [(CG0801, \"test\")]";
    let gateway = administered(&open_route(upstream.address(), debounced), "");
    let mut client = Client::connect(gateway.address());
    client.send("GET /open", "");
    has_come.recv().unwrap();
    drop(client);
    wait_for_ended(&gateway, 1);
    assert_eq!(status(gateway.address(), "OPTIONS /open", "Max-Forwards: 0\r\n"), 204);
    wait_for_ended(&gateway, 2);
    let debounced = metric(&gateway, "gateway_debounced_total{path_template=\"/open\"}");
    assert!(debounced.is_none_or(|count| count < 1.0), "{debounced:?}");
}

#[test]
fn an_answer_that_the_upstream_breaks_off_is_its_error() {
    let upstream = Upstream::scripted(|peer| {
        peer.request();
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    });
    let gateway = administered(&open_route(upstream.address(), "retry: Off"), "");
    let mut client = Client::connect(gateway.address());
    client.send("GET /open", "").rest();
    wait_for_ended(&gateway, 1);
    let error = "gateway_upstream_error_total{upstream_service=\"open\",error_type=\"reset\"}";
    assert_eq!(metric(&gateway, error), Some(1.0));
    assert_eq!(metric(&gateway, "gateway_rejection_total{reason=\"broken_off\"}"), Some(1.0));
}

#[test]
fn a_client_that_goes_away_is_nobodys_error() {
    let (upstream, has_come, is_gone) = Upstream::silent();
    let gateway = administered(&closed_route(upstream.address(), "timeout: \"1h\""), "");
    let mut client = Client::connect(gateway.address());
    client.send("GET /closed", &bearer(&["operations"]));
    has_come.recv().unwrap();
    drop(client);
    is_gone.recv().unwrap();
    wait_for_ended(&gateway, 1);
    assert_eq!(metric(&gateway, "gateway_rejection_total{reason=\"client_gone\"}"), Some(1.0));
    assert_eq!(status(gateway.address(), "GET /healthcheck", ""), 200);
    let log = gateway.stop();
    let line = log.iter().find(|line| line["status"] == 499).unwrap();
    assert_eq!((line["level"].as_str(), line["cut"].as_str()), (Some("INFO"), Some("the client went away")), "{line}");
}
