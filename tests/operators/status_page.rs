//! The status page, as an operator's browser shows it.

use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::browser::Browser;
use crate::support::client::{Client, status};
use crate::support::gateway::{Running, open_route, route_file};
use crate::support::process::Process;
use crate::support::upstream::Upstream;
use crate::support::{auth_section, bearer};

/// The real routes, with one service that works and one that is down.
fn plant(upstream: &Upstream) -> Running {
    let configuration = format!(
        "admin: {{ listen: \"127.0.0.1:0\" }}\n{}services:\n  corerl: http://{}\n  coreconfig: http://{}\n",
        auth_section(),
        upstream.address(),
        Upstream::down(),
    );
    let routes = include_str!("../../routes.ron").replace(", unit: Minute", "000, unit: Minute");
    Running::start(&routes, &configuration)
}

/// Keeps requests coming while `look` looks.
fn under_traffic(gateway: &Running, look: impl FnOnce()) {
    let is_over = AtomicBool::new(false);
    let (operator, admin) = (bearer(&["operations"]), bearer(&["admin"]));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut client = Client::connect(gateway.address());
            for turn in 0_usize.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                let (line, fields) = match turn % 200 {
                    1 => ("GET /api/v1/agent/pump-7", ""),
                    2 => ("GET /api/v1/nowhere", ""),
                    3 => ("GET /api/v1/config/plant", &*operator),
                    4..8 => ("GET /api/v1/config/plant", &*admin),
                    _ => ("GET /api/v1/agent/pump-7/status", &*operator),
                };
                // The gateway ends a connection after so many requests.
                if client.send(line, fields).answer().is_none() {
                    client = Client::connect(gateway.address());
                }
            }
        });
        let looked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(look));
        is_over.store(true, Ordering::Relaxed);
        looked.unwrap();
    });
}

#[test]
#[ignore = "needs Chromium"]
fn it_loads_shows_traffic_and_an_open_breaker_and_asks_nobody_else() {
    let upstream = Upstream::saying("well");
    let gateway = plant(&upstream);
    let browser = Browser::open(1600, 1500, "light");
    let page = format!("http://{}/", gateway.admin());
    browser.visit(&page);
    browser.wait_until("document.querySelectorAll('#route-rows tr').length > 3");
    under_traffic(&gateway, || {
        browser.wait_until("parseFloat(document.getElementById('rate').textContent) > 0");
        browser.wait_until("document.querySelector('#services .open') !== null");
        browser.wait_until("document.getElementById('verdict').className === 'bad'");
        browser.wait_until("document.getElementById('verdict').textContent.includes('without coreconfig')");
        browser.wait_until("document.getElementById('rejections').textContent.includes('breaker open')");
        browser.wait_until("document.getElementById('p99').textContent.includes('ms')");
        browser.wait_until("document.querySelectorAll('#rate-line path').length === 2");
        if let Some(file) = std::env::var_os("STATUS_PAGE_SCREENSHOT") {
            browser.wait_until("past.requests.length > 40");
            std::fs::write(file, STANDARD.decode(browser.screenshot()).unwrap()).unwrap();
        }
    });
    assert_eq!(browser.complaints(), Vec::<serde_json::Value>::new());
    let strangers: Vec<String> =
        browser.requests().into_iter().filter(|url| !url.starts_with(&page) && !url.starts_with("data:")).collect();
    assert!(strangers.iter().all(|url| url.starts_with("chrome:") || url.starts_with("about:")), "{strangers:?}");
}

#[test]
#[ignore = "needs Chromium"]
fn on_no_screen_is_anything_cut_off() {
    let upstream = Upstream::saying("well");
    let gateway = plant(&upstream);
    for scheme in ["light", "dark"] {
        let browser = Browser::open(1600, 1500, scheme);
        browser.visit(&format!("http://{}/", gateway.admin()));
        under_traffic(&gateway, || {
            browser.wait_until("document.querySelector('#services .open') !== null");
            browser.wait_until("past.requests.length > 10");
            for width in [1900, 1600, 1400, 1376, 1280, 1180, 1120, 1000, 800, 768, 500, 400, 320] {
                browser.resize(width, 1500);
                look(&browser, width);
                if let Some(folder) = std::env::var_os("STATUS_PAGE_PICTURES") {
                    let file = std::path::Path::new(&folder).join(format!("{scheme}-{width}.png"));
                    std::fs::write(file, STANDARD.decode(browser.screenshot()).unwrap()).unwrap();
                }
            }
        });
    }
}

/// Whether the page fits, and each part either shows all that it has or can be scrolled.
fn look(browser: &Browser, width: u32) {
    let excess = browser.run("return document.documentElement.scrollWidth - window.innerWidth");
    let widest = "return [...document.querySelectorAll('body *')].filter((element) => \
                  element.getBoundingClientRect().right > window.innerWidth && !element.closest('.scroll, .columns')) \
                  .map((element) => element.outerHTML.slice(0, 60))";
    assert!(excess.as_i64().unwrap() <= 0, "at {width} the page is {excess} too wide: {}", browser.run(widest));
    let cut_off = "return [...document.querySelectorAll('main *')].filter((element) => { \
                   const overflow = getComputedStyle(element).overflowX; \
                   return element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0 && overflow === 'hidden' \
                   }).length";
    assert_eq!(browser.run(cut_off), 0, "at {width}");
    let covered = "return [...document.querySelectorAll('.columns > section')].filter((section) => \
                   section.scrollWidth > section.clientWidth && getComputedStyle(section).overflowX !== 'auto').length";
    assert_eq!(browser.run(covered), 0, "at {width}");
    let scrolled = browser.run(
        "return [...document.querySelectorAll('.columns > section')].map((section) => section.scrollWidth - section.clientWidth)",
    );
    let is_whole = scrolled.as_array().unwrap().iter().all(|excess| excess == 0);
    assert!(is_whole || width <= 500, "at {width} parts must be scrolled: {scrolled}");
    let path = browser.run("return document.querySelector('#route-rows .path').clientWidth").as_u64().unwrap();
    assert!(path > 150, "at {width} a path has {path} pixels");
}

#[test]
#[ignore = "needs Chromium"]
fn it_says_since_when_nothing_comes_any_more_and_goes_on_when_it_does() {
    let (folder, admin) = (tempfile::tempdir().unwrap(), Upstream::down());
    let gateway = Process::start(folder.path(), &format!("admin: {{ listen: \"{admin}\" }}\n"));
    let browser = Browser::open(1200, 900, "light");
    browser.visit(&format!("http://{admin}/"));
    let says = |text: &str| {
        browser.wait_until(&format!("document.getElementById('verdict').textContent.includes('{text}')"));
    };
    says("Not ready: no keys to check tokens with");
    gateway.signal("-STOP");
    says("No news since ");
    browser.wait_until("document.body.className === 'stale'");
    gateway.signal("-CONT");
    says("Not ready: no keys to check tokens with");
    browser.wait_until("document.body.className === ''");
}

#[test]
#[ignore = "needs Chromium"]
fn a_service_that_may_be_tried_again_is_no_alarm_and_telemetry_that_fails_is_told() {
    let configuration = format!(
        "admin: {{ listen: \"127.0.0.1:0\" }}\ntelemetry: {{ url: \"http://{}\" }}\n{}",
        Upstream::down(),
        auth_section(),
    );
    let breaker = "retry: Off, breaker: Breaker(failures: 1, within: \"10s\", open_for: \"1s\")";
    let gateway = Running::start(&route_file(&open_route(Upstream::down(), breaker)), &configuration);
    assert_eq!(status(gateway.address(), "GET /open", ""), 502);
    let browser = Browser::open(1200, 900, "light");
    browser.visit(&format!("http://{}/", gateway.admin()));
    let verdict = "document.getElementById('verdict')";
    browser.wait_until(&format!("{verdict}.textContent.includes('open may be tried again')"));
    browser.wait_until(&format!("{verdict}.textContent.includes('CoreTelemetry takes nothing')"));
    assert_eq!(browser.run(&format!("return {verdict}.className")), "warn");
    browser.wait_until("document.getElementById('keys').textContent.includes('failing for')");
    browser.wait_until("document.querySelector('#services .half_open').textContent === 'may be tried again'");
}

#[test]
#[ignore = "needs Chromium"]
fn routes_are_searched_without_a_mouse() {
    let gateway = plant(&Upstream::saying(""));
    let browser = Browser::open(1200, 900, "light");
    browser.visit(&format!("http://{}/", gateway.admin()));
    browser.wait_until("document.querySelectorAll('#route-rows tr').length > 3");
    browser.press("/config adm");
    browser.wait_until("document.querySelectorAll('#route-rows tr').length === 1");
    assert_eq!(
        browser.run("return document.querySelector('#route-rows .path').firstChild.textContent"),
        "/api/v1/config"
    );
    let escape = '\u{e00c}'.to_string();
    browser.press(&escape);
    browser.wait_until("document.querySelectorAll('#route-rows tr').length > 3");
}

#[test]
#[ignore = "needs Chromium"]
fn it_is_dark_where_the_system_is() {
    let gateway = plant(&Upstream::saying(""));
    let ground = |scheme| {
        let browser = Browser::open(800, 600, scheme);
        browser.visit(&format!("http://{}/", gateway.admin()));
        browser.run("return getComputedStyle(document.body).backgroundColor")
    };
    assert_eq!((ground("light"), ground("dark")), ("rgb(243, 244, 242)".into(), "rgb(18, 21, 23)".into()));
}

#[test]
#[ignore = "needs Chromium"]
fn where_a_role_is_asked_for_it_asks_for_a_token_and_keeps_it_to_itself() {
    let configuration = format!("admin: {{ listen: \"127.0.0.1:0\", required_role: admin }}\n{}", auth_section());
    let gateway = Running::start(include_str!("../../routes.ron"), &configuration);
    let browser = Browser::open(1200, 900, "light");
    browser.visit(&format!("http://{}/", gateway.admin()));
    browser.wait_until("!document.getElementById('token').hidden");
    browser.wait_until("document.getElementById('verdict').textContent === 'Waiting for an access token'");
    let token = bearer(&["admin"]).trim().rsplit(' ').next().unwrap().to_owned();
    browser.run(&format!(
        "document.getElementById('token-field').value = '{token}'; document.querySelector('#token button').click()"
    ));
    browser.wait_until("document.querySelectorAll('#route-rows tr').length > 3");
    assert_eq!(browser.run("return localStorage.length + sessionStorage.length + document.cookie.length"), 0);
    assert_eq!(status(gateway.address(), "GET /healthcheck", ""), 200);
}
