//! Which route answers, and what its upstream is asked for.

use crate::support::client::{ask, status};
use crate::support::gateway::{Running, closed_route, open_route};
use crate::support::upstream::Upstream;
use crate::support::{bearer, client::Client};

/// The target of the only request that reached `upstream`.
fn target(upstream: &Upstream) -> String {
    upstream.request().split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn the_prefix_is_taken_off_and_the_rest_appended_to_the_target() {
    for (path, expected) in [
        ("/open", "/base"),
        ("/open/", "/base/"),
        ("/open/a/b", "/base/a/b"),
        ("/open?x=1&y=%2F", "/base?x=1&y=%2F"),
        ("/open/%61?q", "/base/a?q"),
        ("/open/a%20b", "/base/a%20b"),
    ] {
        let upstream = Upstream::saying("hello");
        let gateway = Running::in_front_of(upstream.address());
        assert_eq!(ask(gateway.address(), &format!("GET {path}"), "").text(), "hello");
        assert_eq!(target(&upstream), expected);
    }
}

#[test]
fn a_replacement_uses_what_a_parameter_matched() {
    let upstream = Upstream::saying("");
    let gateway = Running::with_routes(&format!(
        "Route(path_prefix: \"/agent/{{id}}/train\", service: \"a\", target: \"http://{}/api\", \
         rewrite: Replace(\"/jobs/{{id}}\"), required_role: Everyone(reason: \"test\")),",
        upstream.address()
    ));
    assert_eq!(status(gateway.address(), "GET /agent/pump-7/train/now?fast", ""), 200);
    assert_eq!(target(&upstream), "/api/jobs/pump-7/now?fast");
    assert_eq!(status(gateway.address(), "GET /agent/pump-7", ""), 404);
}

#[test]
fn a_prefix_ends_at_a_segment_border() {
    let upstream = Upstream::saying("");
    let gateway = Running::in_front_of(upstream.address());
    assert_eq!(status(gateway.address(), "GET /opened", ""), 404);
    assert!(upstream.requests().is_empty());
}

#[test]
fn a_method_that_the_path_does_not_answer_is_told_which_ones_it_does() {
    let upstream = Upstream::saying("");
    let gateway = Running::with_routes(&open_route(upstream.address(), "methods: [GET, POST]"));
    for method in ["PUT", "TRACE", "BREW"] {
        let answer = ask(gateway.address(), &format!("{method} /open"), "");
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD, POST")), "{method}");
    }
    assert!(upstream.requests().is_empty());
}

#[test]
fn routes_of_one_path_split_the_methods() {
    let (reads, writes) = (Upstream::saying("read"), Upstream::saying("written"));
    let route = |upstream: &Upstream, name: &str, methods: &str| {
        format!(
            "Route(path_prefix: \"/x\", service: \"{name}\", target: \"http://{}\", methods: {methods}, \
             required_role: Everyone(reason: \"test\")),",
            upstream.address()
        )
    };
    let gateway = Running::with_routes(&(route(&reads, "r", "[GET]") + &route(&writes, "w", "[POST, HEAD]")));
    assert_eq!(ask(gateway.address(), "GET /x", "").text(), "read");
    assert_eq!(ask(gateway.address(), "POST /x", "").text(), "written");
    assert_eq!(status(gateway.address(), "HEAD /x", ""), 200);
    assert_eq!((reads.requests().len(), writes.requests().len()), (1, 2));
}

#[test]
fn a_path_that_two_readers_could_read_differently_goes_nowhere() {
    let upstream = Upstream::saying("");
    let gateway = Running::in_front_of(upstream.address());
    for path in [
        "//open",
        "/open//x",
        "/open/../x",
        "/open/./x",
        "/open/%2e%2e/x",
        "/open/.%2E",
        "/open%2fx",
        "/open/a%5cb",
        "/open/a\\b",
        "/open/%00",
        "/open/%0d%0a",
        "/open/%zz",
        "/open/%",
        "/x/../open",
    ] {
        let answer = ask(gateway.address(), &format!("GET {path}"), "");
        assert_eq!(answer.status, 400, "{path}");
    }
    assert!(upstream.requests().is_empty());
}

#[test]
fn a_protected_path_is_protected_in_every_spelling() {
    let upstream = Upstream::saying("secret");
    let routes = closed_route(upstream.address(), "")
        + "Route(path_prefix: \"/\", service: \"ui\", target: \"http://127.0.0.1:9\", required_role: Everyone(reason: \"test\")),";
    let gateway = Running::with_routes(&routes);
    for path in ["/closed", "/%63losed", "/%63%6c%6f%73%65%64", "/closed/", "/closed/x"] {
        assert_eq!(status(gateway.address(), &format!("GET {path}"), ""), 401, "{path}");
    }
    for path in ["//closed", "/./closed", "/x/../closed", "/closed%2f", "\\closed"] {
        let answer = ask(gateway.address(), &format!("GET {path}"), &bearer(&["operations"]));
        assert_eq!(answer.status, 400, "{path}");
    }
    assert!(upstream.requests().is_empty());
}

#[test]
fn the_gateway_answers_its_built_in_paths_itself_even_below_a_catch_all() {
    let upstream = Upstream::saying("upstream");
    let gateway = Running::with_routes(&format!(
        "Route(path_prefix: \"/\", service: \"ui\", target: \"http://{}\", required_role: Everyone(reason: \"test\")),",
        upstream.address()
    ));
    for path in ["/healthcheck", "/api/healthcheck"] {
        let answer = ask(gateway.address(), &format!("GET {path}"), "");
        assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("ok")));
        assert_eq!(status(gateway.address(), &format!("HEAD {path}"), ""), 200);
        assert_eq!(ask(gateway.address(), &format!("POST {path}"), "").header("allow"), Some("GET, HEAD"));
    }
    assert!(upstream.requests().is_empty());
    assert_eq!(ask(gateway.address(), "GET /anything", "").text(), "upstream");
}

#[test]
fn every_answer_carries_the_correlation_id_and_so_does_the_request_upstream() {
    let upstream = Upstream::saying("");
    let gateway = Running::in_front_of(upstream.address());
    let mut client = Client::connect(gateway.address());
    let answer = client.send("GET /open", "X-Correlation-ID: plant-7.a_b\r\n").answer().unwrap();
    assert_eq!(answer.header("x-correlation-id"), Some("plant-7.a_b"));
    assert!(upstream.request().contains("x-correlation-id: plant-7.a_b\r\n"));

    let answer = client.send("GET /nowhere", "X-Correlation-ID: not valid\r\n").answer().unwrap();
    let made = answer.header("x-correlation-id").unwrap();
    assert_eq!(made.len(), 36);
    assert_eq!(answer.json()["correlation_id"], made);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
}
