//! Browser apps of other origins: what their browser asks beforehand, and what their pages may read.

use crate::support::client::{Answer, Client, ask};
use crate::support::gateway::{Running, closed_route, open_route, route_file};
use crate::support::upstream::Upstream;
use crate::support::{auth_section, bearer};

const UI: &str = "cors: { origins: [\"http://ui.test\"] }\n";

const FROM_UI: &str = "Origin: http://ui.test\r\n";

const PREFLIGHT: &str = "Origin: http://ui.test\r\nAccess-Control-Request-Method: PUT\r\n\
                         Access-Control-Request-Headers: authorization\r\n";

fn gateway(upstream: &Upstream, cors: &str) -> Running {
    let routes = open_route(upstream.address(), "") + &closed_route(upstream.address(), "");
    Running::start(&route_file(&routes), &format!("{}{cors}", auth_section()))
}

/// Whose pages may read the answer.
fn readers(answer: &Answer) -> Vec<&str> {
    let readers = answer.headers.iter().filter(|(name, _)| name == "access-control-allow-origin");
    readers.map(|(_, value)| value.as_str()).collect()
}

#[test]
fn a_preflight_is_answered_by_the_gateway_without_a_token_and_logged() {
    let upstream = Upstream::saying("");
    let gateway = gateway(&upstream, UI);
    let answer = ask(gateway.address(), "OPTIONS /closed/x", PREFLIGHT);
    assert_eq!((answer.status, readers(&answer)), (204, vec!["http://ui.test"]));
    assert_eq!(answer.header("access-control-allow-methods"), Some("GET,HEAD,POST,PUT,PATCH,DELETE"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("authorization,content-type,x-correlation-id"));
    assert_eq!((answer.header("access-control-max-age"), answer.header("vary")), (Some("600"), Some("origin")));
    let correlation_id = answer.header("x-correlation-id").unwrap().to_owned();
    assert_eq!(upstream.requests().len(), 0);
    let lines = gateway.stop();
    let line = lines.iter().find(|line| line["message"] == "request").unwrap();
    assert_eq!((&line["status"], &line["correlation_id"]), (&204.into(), &correlation_id.into()));
}

#[test]
fn a_page_may_read_what_the_upstream_says() {
    let upstream = Upstream::saying("hello");
    let gateway = gateway(&upstream, UI);
    let answer = ask(gateway.address(), "GET /closed", &format!("{FROM_UI}{}", bearer(&["operations"])));
    assert_eq!((answer.status, readers(&answer), answer.text().as_str()), (200, vec!["http://ui.test"], "hello"));
    assert_eq!(
        answer.header("access-control-expose-headers"),
        Some("x-correlation-id,retry-after,ratelimit,ratelimit-policy")
    );
    assert_eq!(answer.header("vary"), Some("origin"));
}

#[test]
fn a_page_may_read_the_gateways_own_errors() {
    let upstream = Upstream::saying("");
    let gateway = gateway(&upstream, UI);
    for (line, status) in [("GET /closed", 401), ("GET /nowhere", 404), ("BREW /open", 405), ("GET /open//x", 400)] {
        let answer = ask(gateway.address(), line, FROM_UI);
        assert_eq!((answer.status, readers(&answer)), (status, vec!["http://ui.test"]), "{line}");
        assert_eq!(answer.header("vary"), Some("origin"));
    }
}

#[test]
fn another_page_may_read_nothing_whatever_the_upstream_allows() {
    let upstream = Upstream::answering(
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nAccess-Control-Allow-Origin: *\r\n\
         Access-Control-Allow-Credentials: true\r\n\r\n",
    );
    let gateway = gateway(&upstream, UI);
    for origin in ["http://evil.test", "http://ui.test.evil.test", "null", "https://ui.test"] {
        let answer = ask(gateway.address(), "GET /open", &format!("Origin: {origin}\r\n"));
        assert_eq!((answer.status, readers(&answer).len()), (200, 0), "{origin}");
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        let preflight = PREFLIGHT.replace("http://ui.test", origin);
        assert_eq!(readers(&ask(gateway.address(), "OPTIONS /open", &preflight)).len(), 0, "{origin}");
    }
    assert_eq!(readers(&ask(gateway.address(), "GET /open", FROM_UI)), ["http://ui.test"]);
}

#[test]
fn an_options_that_asks_for_nothing_goes_to_its_route() {
    let upstream = Upstream::saying("");
    let gateway = gateway(&upstream, UI);
    assert_eq!(ask(gateway.address(), "OPTIONS /open", FROM_UI).status, 200);
    assert!(upstream.request().starts_with("OPTIONS /base"));
}

#[test]
fn everybodys_pages_may_read_where_the_configuration_says_so() {
    let upstream = Upstream::saying("");
    let gateway = gateway(&upstream, "cors: { origins: [\"*\"], methods: [GET], max_age: 0s }\n");
    let answer = ask(gateway.address(), "GET /open", "Origin: null\r\n");
    assert_eq!((readers(&answer), answer.header("vary")), (vec!["*"], None));
    let preflight = ask(gateway.address(), "OPTIONS /open", PREFLIGHT);
    assert_eq!(preflight.header("access-control-allow-methods"), Some("GET"));
}

#[test]
fn a_connection_takes_more_requests_after_a_preflight_with_a_body() {
    let upstream = Upstream::saying("");
    let gateway = gateway(&upstream, UI);
    let mut client = Client::connect(gateway.address());
    client.send("OPTIONS /open", &format!("{PREFLIGHT}Content-Length: 5\r\n")).write("12345");
    assert_eq!(client.answer().unwrap().status, 204);
    assert_eq!(client.send("GET /open", "").answer().unwrap().status, 200);
}

#[test]
fn without_the_section_upstreams_speak_for_themselves() {
    let upstream =
        Upstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nAccess-Control-Allow-Origin: http://a\r\n\r\n");
    let gateway = gateway(&upstream, "");
    assert_eq!(readers(&ask(gateway.address(), "GET /open", FROM_UI)), ["http://a"]);
    assert_eq!(ask(gateway.address(), "OPTIONS /closed", PREFLIGHT).status, 401);
}
