//! What the log says of a request.

use crate::support::bearer;
use crate::support::client::{Client, ask};
use crate::support::gateway::{Running, closed_route, open_route};
use crate::support::upstream::Upstream;

#[test]
fn every_request_is_a_line_of_json_that_says_who_asked_for_what_and_got_what() {
    let upstream = Upstream::saying("hello");
    let gateway = Running::with_routes(&closed_route(upstream.address(), ""));
    let fields = bearer(&["operations"]) + "X-Correlation-ID: id-1\r\n";
    ask(gateway.address(), "GET /closed/x?secret=1", &fields);
    let log = gateway.stop();
    let line = log.iter().find(|line| line["message"] == "request").unwrap();
    for (name, value) in [
        ("service", "coregateway"),
        ("level", "INFO"),
        ("correlation_id", "id-1"),
        ("method", "GET"),
        ("path", "/closed/x"),
        ("route", "/closed"),
        ("upstream_service", "closed"),
        ("user_id", "tester"),
        ("client", "127.0.0.1"),
    ] {
        assert_eq!(line[name], value, "{line}");
    }
    assert_eq!((line["status"].as_u64(), line["response_bytes"].as_u64()), (Some(200), Some(5)));
    assert!(line["latency_us"].is_u64());
    let timestamp = line["timestamp"].as_str().unwrap();
    assert!(timestamp.len() == 24 && timestamp.ends_with('Z'), "{timestamp}");
}

#[test]
fn neither_a_token_nor_a_query_is_written_down() {
    let upstream = Upstream::saying("");
    let gateway = Running::with_routes(&closed_route(upstream.address(), ""));
    let fields = bearer(&["operations"]);
    let token = fields.trim().rsplit(' ').next().unwrap().to_owned();
    ask(gateway.address(), "GET /closed?secret=hunter2", &fields);
    ask(gateway.address(), "GET /closed?secret=hunter2", "Authorization: Bearer not.a.token\r\nCookie: hunter2\r\n");
    let log = format!("{:?}", gateway.stop());
    assert!(!log.contains("hunter2") && !log.contains(&token) && !log.contains("not.a.token"), "{log}");
}

#[test]
fn a_line_says_why_a_request_ended_early_and_whose_fault_it_is() {
    let gateway = Running::with_routes(&open_route(Upstream::down(), ""));
    ask(gateway.address(), "GET /open", "");
    ask(gateway.address(), "GET /nowhere/\"quoted\"", "");
    let log = gateway.stop();
    let lines: Vec<_> = log.iter().filter(|line| line["message"] == "request").collect();
    assert_eq!((lines[0]["level"].as_str(), lines[0]["blame"].as_str()), (Some("WARNING"), Some("upstream")));
    assert!(lines[0]["reason"].as_str().unwrap().contains("cannot be reached"));
    assert_eq!((lines[1]["level"].as_str(), lines[1]["blame"].as_str()), (Some("INFO"), Some("client")));
    assert_eq!(lines[1]["route"], serde_json::Value::Null);
}

#[test]
fn bytes_that_are_no_request_have_neither_a_method_nor_a_path() {
    let gateway = Running::in_front_of(Upstream::down());
    assert_eq!(Client::connect(gateway.address()).write("nonsense\r\n\r\n").answer().unwrap().status, 400);
    let log = gateway.stop();
    let line = log.iter().find(|line| line["message"] == "request").unwrap();
    assert_eq!((line["method"].as_str(), &line["path"]), (Some("_OTHER"), &serde_json::Value::Null), "{line}");
}

#[test]
fn no_request_is_missing_in_the_log_under_load() {
    let upstream = Upstream::saying("x");
    let gateway = Running::in_front_of(upstream.address());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut client = Client::connect(gateway.address());
                for _ in 0..100 {
                    assert_eq!(client.send("GET /open", "").answer().unwrap().status, 200);
                }
            });
        }
    });
    let log = gateway.stop();
    assert_eq!(log.iter().filter(|line| line["message"] == "request").count(), 800);
}

#[test]
fn an_answer_of_unknown_length_that_came_whole_is_not_called_cut() {
    let upstream = Upstream::answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
    let gateway = Running::in_front_of(upstream.address());
    assert_eq!(ask(gateway.address(), "GET /open", "").text(), "hi");
    let log = gateway.stop();
    let line = log.iter().find(|line| line["message"] == "request").unwrap();
    assert_eq!((line["level"].as_str(), &line["cut"]), (Some("INFO"), &serde_json::Value::Null), "{line}");
}

#[test]
fn a_request_whose_client_went_away_before_the_answer_is_told_too() {
    let (upstream, has_come, is_gone) = Upstream::silent();
    let gateway = Running::with_routes(&open_route(upstream.address(), "timeout: \"1h\""));
    let mut client = Client::connect(gateway.address());
    client.send("POST /open/start", "Content-Length: 0\r\n");
    has_come.recv().unwrap();
    drop(client);
    is_gone.recv().unwrap();
    let log = gateway.stop();
    let line = log.iter().find(|line| line["message"] == "request").unwrap();
    assert_eq!((line["status"].as_u64(), line["cut"].as_str()), (Some(499), Some("the client went away")), "{line}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_stops_nothing_and_what_is_lost_is_counted() {
    let upstream = Upstream::saying("x");
    let configuration = "log: { file: /dev/full }\nadmin: { listen: \"127.0.0.1:0\" }\n";
    let routes = crate::support::gateway::route_file(&open_route(upstream.address(), ""));
    let gateway = Running::start(&routes, configuration);
    for _ in 0..20 {
        assert_eq!(ask(gateway.address(), "GET /open", "").status, 200);
    }
    let dropped = || {
        let request = format!("GET /status HTTP/1.1\r\nHost: {}\r\n\r\n", gateway.admin());
        Client::connect(gateway.admin()).write(request).answer().unwrap().json()["log"]["dropped"].as_u64().unwrap()
    };
    while dropped() < 20 {}
    assert_eq!(ask(gateway.address(), "GET /open", "").status, 200);
}

#[test]
fn queries_and_other_levels_are_written_where_the_configuration_says_so() {
    let upstream = Upstream::saying("x");
    let configuration = "log: { file: gateway.log, query: true, levels: { success: debug, client_error: error } }\n";
    let routes = crate::support::gateway::route_file(&open_route(upstream.address(), ""));
    let gateway = Running::start(&routes, configuration);
    assert_eq!(ask(gateway.address(), "GET /open?unseen", "").status, 200);
    assert_eq!(ask(gateway.address(), "GET /nowhere?a=b", "").status, 404);
    let log = gateway.stop();
    let lines: Vec<_> = log.iter().filter(|line| line["message"] == "request").collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((lines[0]["level"].as_str(), lines[0]["query"].as_str()), (Some("ERROR"), Some("a=b")));
}
