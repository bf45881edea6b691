//! What operators see of the gateway, and what they may have it do.

use crate::support::admin::{admin_ask, administered, wait_for_ended};
use std::io::Write as _;

use crate::support::client::{Answer, Client, ask, status};
use crate::support::gateway::{Running, closed_route, open_route, route_file};
use crate::support::upstream::Upstream;
use crate::support::{ISSUER, bearer};

#[test]
fn metrics_come_as_prometheus_text_and_as_openmetrics() {
    let upstream = Upstream::saying("x");
    let gateway = administered(&open_route(upstream.address(), ""), "");
    assert_eq!(status(gateway.address(), "GET /open", ""), 200);
    wait_for_ended(&gateway, 1);
    let plain = admin_ask(gateway.admin(), "GET /metrics", "");
    assert!(plain.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"));
    let line = "gateway_request_total{method=\"GET\",path_template=\"/open\",status_code=\"200\"} 1\n";
    assert!(plain.text().contains(line), "{}", plain.text());
    let open = admin_ask(gateway.admin(), "GET /metrics", "Accept: application/openmetrics-text; version=1.0.0\r\n");
    assert!(open.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    assert!(open.text().contains(line) && open.text().ends_with("# EOF\n"));
}

#[test]
fn the_status_tells_the_routes_as_compiled_and_what_they_have_had() {
    let upstream = Upstream::saying("x");
    let limit = "summary: \"Open to all\"";
    let routes = open_route(upstream.address(), limit) + &closed_route(upstream.address(), "");
    let gateway = administered(&routes, "");
    assert_eq!(status(gateway.address(), "GET /open", ""), 200);
    assert_eq!(status(gateway.address(), "GET /closed", ""), 401);
    wait_for_ended(&gateway, 2);
    let told = admin_ask(gateway.admin(), "GET /status", "").json();
    assert_eq!(
        (told["routes"][0]["path_prefix"].as_str(), told["routes"][0]["roles"].is_null()),
        (Some("/open"), true)
    );
    assert_eq!(
        (&told["routes"][0]["summary"], &told["routes"][1]["roles"][0]),
        (&"Open to all".into(), &"Operations".into())
    );
    assert_eq!((told["requests"]["total"].as_u64(), told["connections"].is_u64()), (Some(2), true));
    assert_eq!(told["rejections"][0]["reason"], "unauthorized");
    assert_eq!(
        (told["rejections"][0]["count"].as_u64(), told["rejections"][0]["last_path_template"].as_str()),
        (Some(1), Some("/closed"))
    );
    assert_eq!((&told["upstreams"][0]["breaker"], &told["keys"]["current"]), (&"closed".into(), &1.into()));
    assert!(told["keys"]["age_seconds"].is_u64() && told["memory_bytes"].is_u64());
}

#[test]
fn what_remains_of_a_limit_is_told() {
    let upstream = Upstream::saying("x");
    let route =
        closed_route(upstream.address(), "").replace("Unlimited(reason: \"test\")", "RateLimit(count: 10, unit: Hour)");
    let gateway = administered(&route, "");
    let remaining =
        || admin_ask(gateway.admin(), "GET /status", "").json()["routes"][0]["now"]["limit_remaining"].as_u64();
    assert_eq!(remaining(), Some(10));
    assert_eq!(status(gateway.address(), "GET /closed", &bearer(&["operations"])), 200);
    assert_eq!(remaining(), Some(9));
}

#[test]
fn it_is_ready_with_keys_and_not_while_it_drains() {
    let (upstream, has_come, _gone) = Upstream::silent();
    let gateway = administered(&closed_route(upstream.address(), "timeout: \"1h\""), "");
    assert_eq!(admin_ask(gateway.admin(), "GET /ready", "").status, 200);
    let mut client = Client::connect(gateway.address());
    client.send("GET /closed", &bearer(&["operations"]));
    has_come.recv().unwrap();
    let drained = admin_ask(gateway.admin(), "POST /drain", "Content-Type: application/json\r\nContent-Length: 0\r\n");
    assert_eq!(drained.status, 202);
    let ready = admin_ask(gateway.admin(), "GET /ready", "");
    assert_eq!((ready.status, ready.json()["reasons"][0].as_str()), (503, Some("draining")));
    drop(client);
}

#[test]
fn without_keys_it_is_alive_and_not_ready() {
    let routes = route_file(&closed_route(Upstream::down(), ""));
    let gateway = Running::start(&routes, "admin: { listen: \"127.0.0.1:0\" }\n");
    assert_eq!(status(gateway.address(), "GET /healthcheck", ""), 200);
    let ready = admin_ask(gateway.admin(), "GET /ready", "");
    assert_eq!((ready.status, ready.json()["reasons"][0].as_str()), (503, Some("no_keys")));
}

fn set_log_level(gateway: &Running, level: &str) -> Answer {
    let body = format!("{{\"level\":\"{level}\"}}");
    let fields = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    let head = format!("POST /log-level HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n");
    Client::connect(gateway.admin()).write(head + &body).answer().unwrap()
}

#[test]
fn the_log_level_is_changed_without_a_restart() {
    let upstream = Upstream::saying("x");
    let gateway = administered(&open_route(upstream.address(), ""), "");
    let set = |level: &str| set_log_level(&gateway, level).status;
    // An exchange ends a moment after its client has the answer.
    let ended = || admin_ask(gateway.admin(), "GET /status", "").json()["requests"]["total"].as_u64().unwrap();
    let ask_and_wait = |path: &str| {
        let before = ended();
        assert_eq!(status(gateway.address(), &format!("GET {path}"), ""), 200);
        while ended() == before {}
    };
    ask_and_wait("/open/seen");
    assert_eq!(set("error"), 200);
    ask_and_wait("/open/unseen");
    assert_eq!(set("info"), 200);
    ask_and_wait("/open/seen-again");
    let log = gateway.stop();
    let paths: Vec<&str> = log.iter().filter_map(|line| line["path"].as_str()).collect();
    assert_eq!(paths, ["/open/seen", "/open/seen-again"]);
    let changes: Vec<_> = log.iter().filter_map(|line| line["new_level"].as_str()).collect();
    assert_eq!(changes, ["error", "info"], "it is said whatever the level was and is");
}

#[test]
fn what_the_log_level_was_set_to_is_told_as_it_was_set() {
    let gateway = administered(&open_route(Upstream::down(), ""), "");
    for level in ["trace", "debug", "error"] {
        assert_eq!(set_log_level(&gateway, level).json()["level"], level);
        assert_eq!(admin_ask(gateway.admin(), "GET /status", "").json()["log"]["level"], level);
    }
    assert_eq!(set_log_level(&gateway, "loud").status, 400);
    let drain = "Content-Type: application/json\r\nContent-Length: 0\r\n";
    assert_eq!(admin_ask(gateway.admin(), "POST /drain", drain).status, 202);
    let log = gateway.stop();
    assert!(log.iter().any(|line| line["message"] == "an operator has the gateway stop"), "{log:?}");
}

#[test]
fn pages_of_other_origins_and_names_that_are_not_its_own_get_nothing() {
    let gateway = administered(&open_route(Upstream::down(), ""), ", hosts: [\"gateway.plant\"]");
    let admin = gateway.admin();
    assert_eq!(ask(admin, "GET /status", "").status, 421, "a name of somebody else's");
    let named = |host: &str, fields: &str| {
        let request = format!("GET /status HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n");
        Client::connect(admin).write(request).answer().unwrap().status
    };
    assert_eq!(named("gateway.plant:8002", ""), 200);
    assert_eq!(named(&admin.to_string(), "Origin: http://evil.example\r\n"), 403);
    assert_eq!(named(&admin.to_string(), "Sec-Fetch-Site: cross-site\r\n"), 403);
    assert_eq!(named(&admin.to_string(), &format!("Origin: http://{admin}\r\nSec-Fetch-Site: same-origin\r\n")), 200);
    let form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n";
    assert_eq!(admin_ask(admin, "POST /drain", form).status, 415);
    assert_eq!(admin_ask(admin, "POST /drain", "Content-Length: 0\r\n").status, 415);
    assert_eq!(admin_ask(admin, "GET /drain", "").status, 405);
    assert_eq!(status(gateway.address(), "GET /healthcheck", ""), 200);
}

#[test]
fn where_a_role_is_asked_for_only_its_bearers_see_or_do_anything() {
    let gateway = administered(&closed_route(Upstream::down(), ""), ", required_role: admin");
    for path in ["/status", "/metrics", "/ready", "/events"] {
        assert_eq!(admin_ask(gateway.admin(), &format!("GET {path}"), "").status, 401, "{path}");
        let stranger = admin_ask(gateway.admin(), &format!("GET {path}"), &bearer(&["operations"]));
        assert_eq!(stranger.status, 403, "{path}");
        assert!(stranger.header("www-authenticate").unwrap().contains("error=\"insufficient_scope\""), "{stranger:?}");
    }
    assert_eq!(admin_ask(gateway.admin(), "GET /status", &bearer(&["admin"])).status, 200);
    let page = admin_ask(gateway.admin(), "GET /", "");
    assert_eq!(page.status, 200, "the page is the same for all");
}

#[test]
fn events_come_every_second() {
    let gateway = administered(&open_route(Upstream::down(), ""), "");
    let mut client = Client::connect(gateway.admin());
    client.write(format!("GET /events HTTP/1.1\r\nHost: {}\r\n\r\n", gateway.admin()));
    client.read_until("content-type: text/event-stream");
    for _ in 0..2 {
        client.read_until("event: status");
        client.read_until("\"uptime_seconds\"");
    }
}

#[test]
fn events_end_when_the_token_does() {
    let gateway = administered(&closed_route(Upstream::down(), ""), ", required_role: admin");
    // The gateway lets clocks be half a minute apart.
    let ends = serde_json::json!({ "exp": stand_ins::unix_now() - 28 });
    let token = ISSUER.token_with("operator", &["admin"], &ends);
    let events = admin_ask(gateway.admin(), "GET /events", &format!("Authorization: Bearer {token}\r\n"));
    assert!(events.is_whole && events.text().starts_with("event: status"), "{}", events.text());
}

#[test]
fn nobody_who_sits_and_waits_keeps_others_out() {
    let gateway = administered(&open_route(Upstream::down(), ""), "");
    let named = |line: &str, fields: &str| format!("{line} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n");
    let without_body = named("POST /log-level", "Content-Type: application/json\r\nContent-Length: 20\r\n");
    let never_read = [named("GET /events", ""), named("GET /", "").repeat(200), without_body.clone(), String::new()];
    let waiting: Vec<Client> = never_read
        .iter()
        .cycle()
        .take(200)
        .map(|requests| {
            let client = Client::connect(gateway.admin());
            // It may be the one that makes way by now.
            let _ = client.writer().write_all(requests.as_bytes());
            client
        })
        .collect();
    assert_eq!(admin_ask(gateway.admin(), "GET /ready", "").status, 200);
    drop(waiting);
    let answer = Client::connect(gateway.admin()).write(without_body).answer().unwrap();
    assert_eq!((answer.status, answer.header("connection")), (408, Some("close")));
}

#[test]
fn the_jwk_set_of_its_own_tokens_is_there_if_it_signs_any() {
    let gateway = administered(&open_route(Upstream::down(), ""), "");
    assert_eq!(admin_ask(gateway.admin(), "GET /jwks.json", "").status, 404);
}
