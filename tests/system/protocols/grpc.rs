//! gRPC: HTTP/2 from end to end, with messages both ways and trailers that say how it went.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body_util::BodyExt;
use http_body_util::channel::Channel;
use hyper::body::Incoming;

use crate::support::client::{Client, ask as ask_plainly};
use crate::support::gateway::{Running, open_route};
use crate::support::http2::{Body, ask, connect, empty, full, request, upstream};
use crate::support::upstream::Upstream;

const GRPC: &[(&str, &str)] = &[("content-type", "application/grpc+proto"), ("te", "trailers")];

fn trailers(status: &'static str) -> HeaderMap {
    [(HeaderName::from_static("grpc-status"), HeaderValue::from_static(status))].into_iter().collect()
}

/// Gives back each message as it comes, then says that all is well.
async fn echo(request: Request<Incoming>) -> Response<Body> {
    assert!(request.headers()["te"] == "trailers" && request.headers()["content-type"] == "application/grpc+proto");
    assert!(!request.headers().contains_key("connection") && request.headers().contains_key("via"));
    let (mut sender, body) = Channel::<Bytes, &'static str>::new(1);
    let mut incoming = request.into_body();
    tokio::spawn(async move {
        while let Some(Ok(frame)) = incoming.frame().await {
            if let Some(data) = frame.into_data().ok().filter(|data| !data.is_empty()) {
                sender.send_data(data).await.unwrap();
            }
        }
        sender.send_trailers(trailers("0")).await.unwrap();
    });
    let mut response = Response::new(body.boxed());
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc+proto"));
    response
}

#[tokio::test]
async fn messages_go_both_ways_one_by_one_and_the_trailers_follow() {
    let gateway = Running::in_front_of(upstream(echo));
    let mut connection = connect(gateway.address()).await;
    let (mut sender, body) = Channel::<Bytes, &'static str>::new(1);
    let asked = connection.send_request(request("POST", "/open", GRPC, body.boxed()));
    sender.send_data(Bytes::from_static(b"message 0")).await.unwrap();
    let mut answer = asked.await.unwrap().into_body();
    for n in 0..10 {
        let message = answer.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(message, format!("message {n}"));
        sender.send_data(Bytes::from(format!("message {}", n + 1))).await.unwrap();
    }
    answer.frame().await.unwrap().unwrap();
    drop(sender);
    let frame = answer.frame().await.unwrap().unwrap();
    assert_eq!(frame.into_trailers().unwrap()["grpc-status"], "0");
}

#[tokio::test]
async fn calls_side_by_side_get_each_its_own_messages() {
    let gateway = Running::in_front_of(upstream(echo));
    let connection = connect(gateway.address()).await;
    let calls: Vec<_> = (0..200_usize)
        .map(|n| {
            let connection = connection.clone();
            tokio::spawn(async move {
                let message = format!("{n},").repeat(n * 20 + 1);
                let answer = ask(&connection, request("POST", "/open", GRPC, full(message.clone()))).await.unwrap();
                assert!(answer.text() == message && answer.trailers.unwrap()["grpc-status"] == "0", "{n}");
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
}

#[tokio::test]
async fn a_call_that_fails_at_once_says_so_in_its_only_fields() {
    let failing = |_: Request<Incoming>| async {
        let mut response = Response::new(empty());
        response.headers_mut().extend(trailers("5"));
        response
    };
    let gateway = Running::in_front_of(upstream(failing));
    let connection = connect(gateway.address()).await;
    let answer = ask(&connection, request("POST", "/open", GRPC, full("x"))).await.unwrap();
    assert!(answer.status == 200 && answer.headers["grpc-status"] == "5" && answer.body.is_empty());
}

#[tokio::test]
async fn an_upstream_that_breaks_off_a_call_is_no_shorter_answer() {
    let breaking = |_: Request<Incoming>| async {
        let (mut sender, body) = Channel::<Bytes, &'static str>::new(1);
        tokio::spawn(async move {
            sender.send_data(Bytes::from_static(b"part")).await.unwrap();
            sender.abort("broken");
        });
        Response::new(body.boxed())
    };
    let gateway = Running::in_front_of(upstream(breaking));
    let connection = connect(gateway.address()).await;
    let answer = ask(&connection, request("POST", "/open", GRPC, full("x"))).await;
    // It may break off before the head of its answer has left it.
    assert!(answer.as_ref().map_or(true, |answer| answer.status == 502), "{:?}", answer.map(|answer| answer.body));
}

#[tokio::test]
async fn a_service_that_speaks_no_http_2_goes_on_for_others_while_a_call_to_it_fails() {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let plain = Upstream::scripted(move |peer| {
        while let Some(head) = peer.head() {
            if head.starts_with("PRI") {
                // Slow to say that this is nothing it knows.
                let _ = held.lock().unwrap().recv();
                return;
            }
            peer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        }
    });
    let gateway = Running::with_routes(&open_route(plain.address(), "timeout: \"10s\", breaker: Off"));
    let connection = connect(gateway.address()).await;
    let call = tokio::spawn(async move { ask(&connection, request("POST", "/open", GRPC, full("x"))).await });
    let address = gateway.address();
    let others = tokio::task::spawn_blocking(move || {
        let mut client = Client::connect(address);
        (0..20).all(|_| client.send("GET /open", "").answer().is_some_and(|answer| answer.text() == "hi"))
    });
    assert!(others.await.unwrap());
    release.send(()).unwrap();
    assert_eq!(call.await.unwrap().unwrap().status, 502);
}

#[tokio::test]
async fn a_switch_of_protocols_beside_calls_is_asked_for_over_http_1_1() {
    // Two protocols on one port, as many servers have them.
    let calls = upstream(echo);
    let both = Upstream::scripted(move |peer| {
        let head = peer.head().unwrap_or_default();
        if head.starts_with("PRI") {
            peer.join(calls, head.as_bytes());
        } else if head.contains("upgrade: websocket") {
            peer.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
            peer.wait_for_close();
        }
    });
    let gateway = Running::with_routes(&open_route(both.address(), "timeout: \"10s\""));
    let connection = connect(gateway.address()).await;
    let answer = ask(&connection, request("POST", "/open", GRPC, full("x"))).await.unwrap();
    assert_eq!(answer.trailers.unwrap()["grpc-status"], "0");
    let address = gateway.address();
    let offer = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    let switched = tokio::task::spawn_blocking(move || ask_plainly(address, "GET /open", offer).status);
    assert_eq!(switched.await.unwrap(), 101);
}
