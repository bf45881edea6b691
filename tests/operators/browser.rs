//! A Chromium without a window, driven over WebDriver (W3C) by the driver that comes with it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::client::Client;

/// A browser with one window; it is closed when it is dropped.
pub(crate) struct Browser {
    driver: Child,
    address: SocketAddr,
    session: String,
}

impl Browser {
    /// Opens a window that is so large, in pixels, and likes its pages `light` or `dark`.
    pub(crate) fn open(width: u32, height: u32, scheme: &str) -> Self {
        let driver = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).spawn();
        let mut driver = driver.expect("Debian's package chromium-driver has it");
        let started = BufReader::new(driver.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok)
            .find_map(|line| line.split("started successfully on port ").nth(1)?.trim_end_matches('.').parse().ok());
        let address = SocketAddr::from(([127, 0, 0, 1], started.unwrap()));
        let mut browser = Self { driver, address, session: String::new() };
        let mut arguments = vec!["--headless=new".to_owned(), "--no-sandbox".into(), "--disable-dev-shm-usage".into()];
        arguments.push(format!("--window-size={width},{height}"));
        arguments.extend((scheme == "dark").then(|| "--force-dark-mode".to_owned()));
        let wanted = json!({
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        });
        let session = browser.call("POST", "/session", &json!({ "capabilities": { "alwaysMatch": wanted } }));
        browser.session = format!("/session/{}", session["sessionId"].as_str().unwrap());
        browser
    }

    /// Goes to a page.
    pub(crate) fn visit(&self, url: &str) {
        self.command("url", &json!({ "url": url }));
    }

    /// What a piece of JavaScript returns.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.command("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Waits until a piece of JavaScript returns `true`.
    pub(crate) fn wait_until(&self, script: &str) {
        let start = Instant::now();
        while self.run(&format!("return {script}")) != true {
            assert!(
                start.elapsed() < Duration::from_mins(1),
                "{script}\n{}",
                self.run("return document.body.innerText")
            );
        }
    }

    /// Presses keys, wherever the focus is.
    pub(crate) fn press(&self, keys: &str) {
        let each = |key: char| [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })];
        let actions: Vec<Value> = keys.chars().flat_map(each).collect();
        self.command("actions", &json!({ "actions": [{ "type": "key", "id": "keys", "actions": actions }] }));
    }

    /// Makes the page so large, in pixels; windows cannot be as narrow as some screens.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        let call = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": size });
        self.command("goog/cdp/execute", &call);
    }

    /// What the console has been told, warnings and errors.
    pub(crate) fn complaints(&self) -> Vec<Value> {
        let told = self.command("se/log", &json!({ "type": "browser" }));
        let told = told.as_array().unwrap().iter();
        told.filter(|entry| matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING"))).cloned().collect()
    }

    /// Every URL that has been asked for.
    pub(crate) fn requests(&self) -> Vec<String> {
        let told = self.command("se/log", &json!({ "type": "performance" }));
        let events = told.as_array().unwrap().iter();
        let events = events.filter_map(|entry| serde_json::from_str::<Value>(entry["message"].as_str()?).ok());
        let sent = events.filter(|event| event["message"]["method"] == "Network.requestWillBeSent");
        sent.filter_map(|event| event["message"]["params"]["request"]["url"].as_str().map(str::to_owned)).collect()
    }

    /// A picture of the window, as PNG in Base64.
    pub(crate) fn screenshot(&self) -> String {
        self.call("GET", &format!("{}/screenshot", self.session), &Value::Null).as_str().unwrap().to_owned()
    }

    fn command(&self, name: &str, parameters: &Value) -> Value {
        self.call("POST", &format!("{}/{name}", self.session), parameters)
    }

    fn call(&self, method: &str, path: &str, parameters: &Value) -> Value {
        let body = if parameters.is_null() { String::new() } else { parameters.to_string() };
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {length}\r\n\r\n", self.address);
        let answer = Client::connect(self.address).write(head + &body).answer().unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() && !std::thread::panicking() {
            self.call("DELETE", &self.session, &Value::Null);
        }
        // It may have ended with its browser.
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
