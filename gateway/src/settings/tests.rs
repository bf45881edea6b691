//! The promises of the configuration: what it accepts, and what it says of what it refuses.

mod answers;
mod auth;
mod catalogue;
mod files;
mod identity;
mod operators;

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::secrets::Given;
use super::*;

const SAMPLE: &str = r#"
version: 1
listen: 0.0.0.0:8001
tls: { certificate: gateway.crt, private_key: gateway.key }      # optional; TLS 1.3 only unless tls.minimum: "1.2"
admin: { listen: 127.0.0.1:8002 }                                # metrics, status page, drain, reload; loopback unless said
auth:
  issuer: https://coreauth.local
  audience: coregateway
  algorithms: [RS256, ES256]
  leeway: 30s
  roles_claim: roles                                             # or a dotted path: realm_access.roles
  jwks: { url: http://coreauth:8002/.well-known/jwks.json, refresh: 5m, grace: 10m }   # or { file: PATH }, or { inline: {...} }
  revocations: { file: revoked.json, refresh: 10s }              # optional; or { url: ... }
services:                                                        # where a service is, here: replaces scheme and authority of its targets
  corerl: http://127.0.0.1:9100
telemetry: { url: http://127.0.0.1:7001, interval: 1s }
log: { level: info, file: coregateway.log }                      # rotated; standard output when it is a terminal or no file is named
limits: { connections: 10000, header_bytes: 32KiB, header_timeout: 10s, idle_timeout: 60s }
trusted_proxies: []                                              # whose X-Forwarded-For is believed
cors: { origins: ["http://coreui.local"] }                       # optional
shutdown_grace: 4s
threads: 0                                                       # 0: one per core
"#;

/// What the reader makes of a file.
fn read(text: &str) -> Result<Settings, SettingsError> {
    let variables = |name: &str| match name {
        "PORT" => Some("8101".to_owned()),
        "SECRET" => Some("hunter2".to_owned()),
        _ => None,
    };
    file::parse(text, Path::new("etc/gateway.yaml"), Given { identity: None, variables: &variables })
}

/// As [`read`], and as an editor sees it with the schema.
fn parse(text: &str) -> Result<Settings, SettingsError> {
    let read = read(text);
    catalogue::compare(text, &read);
    read
}

/// What is said of `text`, which lacks the version.
fn refusal(text: &str) -> String {
    parse(&format!("version: 1\n{text}")).expect_err(text).to_string().replace("etc/gateway.yaml:", "")
}

/// A file of these further lines is refused with this message and this remedy, and nothing else.
fn assert_refused(text: &str, message: &str, help: &str) {
    assert_eq!(refusal(text), format!("{message}\n  help: {help}"), "{text}");
}

fn auth_with(line: &str) -> String {
    format!("auth:\n  issuer: i\n  audience: a\n  jwks: {{ file: keys.json }}\n  {line}\n")
}

#[test]
fn the_documented_sample_is_read_whole() {
    let settings = parse(SAMPLE).unwrap();
    let url = HttpUrl {
        address: Address { scheme: gateway_table::Scheme::Http, host: "coreauth".into(), port: 8002 },
        path: "/.well-known/jwks.json".into(),
    };
    assert_eq!(settings.listen, "0.0.0.0:8001".parse().unwrap());
    assert_eq!(settings.tls.unwrap().pair.certificate, Path::new("etc/gateway.crt"));
    assert_eq!(settings.admin.unwrap().listen, "127.0.0.1:8002".parse().unwrap());
    let auth = settings.auth.unwrap();
    assert_eq!(auth.roles_claim, ["roles"]);
    assert_eq!(
        auth.jwks,
        JwksSettings {
            source: KeySource::Url(url),
            refresh: Duration::from_mins(5),
            grace: Duration::from_mins(10),
            cache: None,
        }
    );
    assert_eq!(auth.revocations.unwrap().source, RevocationSource::File("etc/revoked.json".into()));
    assert_eq!(settings.services[0].address.to_string(), "http://127.0.0.1:9100");
    assert_eq!(settings.services[0].place, Place { line: 15, column: 11 });
    assert_eq!(settings.telemetry.unwrap().url.to_string(), "http://127.0.0.1:7001/");
    assert_eq!(settings.log.file.as_deref(), Some(Path::new("etc/coregateway.log")));
    assert_eq!(settings.limits, LimitSettings::default());
    let cors = settings.cors.unwrap();
    assert_eq!(cors.origins, CorsOrigins::These(vec!["http://coreui.local".parse().unwrap()]));
    assert_eq!(cors.methods, ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]);
    assert_eq!(cors.headers, ["authorization", "content-type", "x-correlation-id"]);
    assert_eq!(cors.expose, ["x-correlation-id", "retry-after", "ratelimit", "ratelimit-policy"]);
    assert_eq!((cors.credentials, cors.max_age), (false, Duration::from_mins(10)));
    assert_eq!(settings.shutdown_grace, Duration::from_secs(4));
}

#[test]
fn a_file_with_nothing_but_its_version_says_what_the_defaults_say() {
    let expected = Settings { file: Some("etc/gateway.yaml".into()), ..Settings::default() };
    assert_eq!(parse("version: 1").unwrap(), expected);
    assert_eq!(parse("\u{feff}version: 1\r\n").unwrap(), expected);
}

#[test]
fn variables_are_expanded_in_text_and_numbers() {
    let settings = parse("version: 1\nlisten: 127.0.0.1:${PORT}\nthreads: 3\nlog: { file: \"/$${x}\" }").unwrap();
    assert_eq!(settings.listen.port(), 8101);
    assert_eq!(settings.log.file.as_deref(), Some(Path::new("/${x}")));
    assert_eq!(parse("version: 1\nlimits: { connections: \"${PORT}\" }").unwrap().limits.connections, 8101);
}

#[test]
fn a_refusal_never_shows_what_a_variable_holds() {
    assert_eq!(
        refusal("listen: ${SECRET}"),
        "2:9: `listen`: `${SECRET}` is not an IP address and a port\n  \
         help: write `127.0.0.1:8001`, `0.0.0.0:8001` or `[::]:8001`"
    );
}

#[test]
fn a_proxy_is_an_address_or_a_network() {
    let settings = parse("version: 1\ntrusted_proxies: [10.0.0.7, 10.1.2.3/8, \"::1\"]").unwrap();
    let shown: Vec<String> = settings.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["10.0.0.7/32", "10.0.0.0/8", "::1/128"]);
}

#[test]
fn every_mistake_is_told_with_its_place_its_reason_and_its_remedy() {
    let duration = "write a duration as `500ms`, `2s`, `5m` or `1h`";
    let cases = [
        ("lisen: 0.0.0.0:1", "2:1: unknown key `lisen`", "did you mean `listen`?"),
        ("log:\n  levle: info", "3:3: unknown key `levle`", "did you mean `level`?"),
        (
            "log: { colour: red }",
            "2:8: unknown key `colour`",
            "the keys here are `level`, `file`, `max_size`, `keep`, `query`, `levels`",
        ),
        ("log:", "2:4: `log` must be a section, not nothing", "write its keys below it, indented, or in braces"),
        (
            "threads: 1\nthreads: 2",
            "3:1: the key `threads` stands here for the second time, first in line 2",
            "keep one of them",
        ),
        ("listen: 8001", "2:9: `listen` must be text, not a number", "put it in quotes"),
        (
            "listen: localhost:8001",
            "2:9: `listen`: `localhost:8001` is not an IP address and a port",
            "write `127.0.0.1:8001`, `0.0.0.0:8001` or `[::]:8001`",
        ),
        ("listen: \"\"", "2:9: `listen`: `` is empty", "give it a value or leave the key out"),
        (
            "listen: ${NOPE}",
            "2:9: the environment variable `NOPE` is not set",
            "set it before the gateway starts, or write the value here",
        ),
        ("shutdown_grace: 4", "2:17: `shutdown_grace`: `4` has no unit", duration),
        ("shutdown_grace: 4 sec", "2:17: `shutdown_grace`: `4 sec` is not a whole number and a unit", duration),
        ("shutdown_grace: 1h", "2:17: `shutdown_grace`: `1h` is out of range", "it goes from 0s to 10m"),
        (
            "shutdown_grace: [1s]",
            "2:17: `shutdown_grace` must be a duration, not a list",
            "write it as `500ms`, `2s`, `5m` or `1h`",
        ),
        ("threads: 1025", "2:10: `threads`: `1025` is out of range", "it goes from 0 to 1024"),
        ("threads: -1", "2:10: `threads`: `-1` is out of range", "it goes from 0 to 1024"),
        ("threads: \"2\"", "2:10: `threads` must be a whole number, not text", "write it in digits, without quotes"),
    ];
    for (text, message, help) in cases {
        assert_refused(text, message, help);
    }
}

#[test]
fn every_mistake_in_a_section_is_told_with_its_place_its_reason_and_its_remedy() {
    let cases = [
        ("limits: { connections: 0 }", "2:24: `limits.connections`: `0` is out of range", "it goes from 1 to 1000000"),
        (
            "limits: { header_bytes: 32768 }",
            "2:25: `limits.header_bytes`: `32768` has no unit",
            "write a size as `512B`, `32KiB`, `1MiB` or `2GiB`",
        ),
        (
            "limits: { header_bytes: 4KiB }",
            "2:25: `limits.header_bytes`: `4KiB` is out of range",
            "it goes from 8KiB to 1MiB",
        ),
        (
            "telemetry: { url: http://a, interval: 10ms }",
            "2:39: `telemetry.interval`: `10ms` is out of range",
            "it goes from 50ms to 1h",
        ),
        ("telemetry: { interval: 1s }", "2:12: `telemetry.url` is missing", "name the base URL of CoreTelemetry"),
        (
            "telemetry: { url: \"http://u:p@a\" }",
            "2:19: `telemetry.url`: `http://...@a` must not hold a name or password",
            "leave it out",
        ),
        (
            "log: { level: verbose }",
            "2:15: `log.level`: `verbose` is no log level",
            "choose from error, warn, info, debug, trace",
        ),
        ("tls: { certificate: a }", "2:6: `tls.private_key` is missing", "name the PEM file of the private key"),
        (
            "tls: { certificate: a, private_key: b, minimum: 1.2 }",
            "2:49: `tls.minimum` must be text, not a number with a fraction",
            "put it in quotes",
        ),
        (
            "tls: { certificate: a, private_key: b, minimum: \"1.1\" }",
            "2:49: `tls.minimum`: `1.1` is no version of TLS that is served",
            "write \"1.2\" or \"1.3\"",
        ),
        (
            "admin: { listen: 0.0.0.0:8001 }",
            "2:18: `admin.listen`: `0.0.0.0:8001` is where clients connect already",
            "choose another port than that of `listen`",
        ),
        (
            "admin: { hosts: [\"http://x:1\"] }",
            "2:18: `admin.hosts`: `http://x:1` is no name of a host",
            "write it like `gateway.plant.local`, without scheme and port",
        ),
        (
            "telemetry: { url: \"http://h?x=1\" }",
            "2:19: `telemetry.url`: `http://h?x=1` has a query, behind which no path can be put",
            "leave the query out; `metrics_path` and `logs_path` may have one",
        ),
        (
            "services: { corerl: \"http://a:1/api\" }",
            "2:21: `services.corerl`: `http://a:1/api` must end after the port",
            "write `http://host:port`, `https://host:port` or `tcp://host:port`, without a path",
        ),
        (
            "trusted_proxies: [10.0.0.0/40]",
            "2:19: `trusted_proxies`: `10.0.0.0/40` is no IP address or network",
            "write `10.0.0.7` or `10.0.0.0/8`",
        ),
        ("trusted_proxies: 10.0.0.7", "2:18: `trusted_proxies` must be a list, not text", "write `[first, second]`"),
        (
            "cors: { origins: [\"http://a/\"] }",
            "2:19: `cors.origins`: `http://a/` is no origin",
            "write `scheme://host` or `scheme://host:port`, without a path",
        ),
        (
            "limits: { requests_per_connection: 0 }",
            "2:36: `limits.requests_per_connection`: `0` is out of range",
            "it goes from 1 to 1000000",
        ),
        (
            "limits: { header_fields: 9 }",
            "2:26: `limits.header_fields`: `9` is out of range",
            "it goes from 10 to 1000",
        ),
        ("limits: { body_rate: 2GiB }", "2:22: `limits.body_rate`: `2GiB` is out of range", "it goes from 0B to 1GiB"),
        ("cors: { origins: [] }", "2:7: `cors.origins` is empty", "name an origin, or leave `cors` out"),
    ];
    for (text, message, help) in cases {
        assert_refused(text, message, help);
    }
}

#[test]
fn all_mistakes_are_told_in_one_run_in_the_order_of_the_file() {
    let text = "threads: x\nauth: { leeway: 1 }\nlisten: y\nbogus: 1\n";
    let told = refusal(text);
    let lines: Vec<&str> = told.lines().filter(|line| !line.starts_with("  help")).collect();
    assert_eq!(
        lines,
        [
            "2:10: `threads` must be a whole number, not text",
            "3:7: `auth.issuer` is missing",
            "3:7: `auth.audience` is missing",
            "3:7: `auth.jwks` is missing",
            "3:17: `auth.leeway`: `1` has no unit",
            "4:9: `listen`: `y` is not an IP address and a port",
            "5:1: unknown key `bogus`",
        ]
    );
}

#[test]
fn a_version_that_is_unknown_hides_everything_else() {
    let told = |text: &str| parse(text).unwrap_err().to_string();
    assert_eq!(
        told("version: 2\nbogus: 1"),
        "etc/gateway.yaml:1:10: unknown version 2 of the configuration format\n  help: this gateway reads version 1"
    );
    for text in ["", "# nothing\n", "{}"] {
        assert!(told(text).contains("`version` is missing\n  help: write `version: 1` at the top"), "{}", told(text));
    }
    assert!(told("version: \"1\"").contains("`version` must be a whole number, not text"));
    assert!(told("[1]").starts_with("etc/gateway.yaml:1:1: `the file` must be a section, not a list"));
}

#[test]
fn what_is_no_yaml_is_refused_with_its_place() {
    let told = refusal("log: { level: info\nthreads: 1");
    assert!(told.contains(": not valid YAML: ") && told.starts_with(|first: char| first.is_ascii_digit()), "{told}");
    let told = refusal("log: { file: ${LOG} }");
    assert!(told.ends_with("help: inside braces, put a text with `${NAME}` in it in quotes"), "{told}");
    let told = refusal("log: *nowhere");
    assert!(told.starts_with("2:6: not valid YAML: "), "{told}");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC*|([a-z_]{1,8}(: |:\n  |\n|, )|[\\[\\]{}&*!|>#$\"'%@`-]|[0-9]+(s|KiB)?){0,30}") {
        let _ = read(&text);
        let _ = read(&format!("version: 1\n{text}"));
    }

    #[test]
    fn no_edit_of_the_sample_makes_the_reader_panic(start in 0usize..1500, length in 0usize..20, put in "[\\PC\n]{0,4}") {
        let mut text: Vec<char> = SAMPLE.chars().collect();
        let start = start.min(text.len());
        let end = (start + length).min(text.len());
        text.splice(start..end, put.chars());
        let _ = read(&text.into_iter().collect::<String>());
    }
}

/// A directory that goes with its test.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("gateway-settings-{}-{name}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        Self(directory)
    }

    fn write(&self, file: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.join(file);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}
