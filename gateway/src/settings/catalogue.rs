//! Every key of the configuration: what it says, what it takes, and what holds where nothing says it.
//!
//! The page on the configuration and the schema for editors are made from it, and tests hold it to what the reader does.

use super::Algorithm;

/// A key of the configuration.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    /// The key, with the sections that it is in, dots between; `[]` is an item of a list.
    pub(super) path: &'static str,
    pub(super) takes: Takes,
    pub(super) otherwise: Otherwise,
    /// What it says; as the start of a sentence, in lower case.
    pub(super) about: &'static str,
}

/// What a key takes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Takes {
    /// Text; an example of it.
    Text(&'static str),
    /// A path, relative to the directory of the file.
    Path,
    /// An `http` or `https` URL.
    Url,
    /// An IP address and a port.
    Socket,
    /// `true` or `false`.
    Truth,
    /// A whole number from the first to the second.
    Number(u32, u32),
    /// A number above 0, and up to 1.
    Part,
    /// A duration from the first to the second.
    Duration(&'static str, &'static str),
    /// A number of bytes from the first to the second.
    Size(&'static str, &'static str),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of texts, the shortest length of it, and an example.
    Texts(usize, &'static str),
    /// A list of these words, and the shortest length of it.
    Words(usize, &'static [&'static str]),
    /// Any names, with the URL of a service each.
    Services,
    /// A JWK set.
    Keys,
    /// A list of sections, whose keys follow.
    Sections,
    /// A section, whose keys follow.
    Section,
    /// The number 1.
    Version,
}

/// What holds where nothing says a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Otherwise {
    /// It must be said.
    Required,
    /// This value, as it would stand in a file.
    Value(&'static str),
    /// No value; what that means.
    Nothing(&'static str),
}

use Otherwise::{Nothing, Required, Value};
use Takes::{Duration, Keys, Number, Part, Path, Section, Sections, Services, Size, Socket, Text, Texts, Truth, Url};
use Takes::{Version, Word, Words};

const LEVELS: &[&str] = &["error", "warn", "info", "debug", "trace"];
const SENT_LEVELS: &[&str] = &["error", "warn", "info", "debug", "trace", "off"];
const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const ALGORITHMS: &[&str] = &{
    let mut names = [""; Algorithm::ALL.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = Algorithm::ALL[index].name();
        index += 1;
    }
    names
};

const fn key(path: &'static str, takes: Takes, otherwise: Otherwise, about: &'static str) -> Key {
    Key { path, takes, otherwise, about }
}

/// Every key, in the order of the documentation; a section stands before its keys.
pub(super) const KEYS: &[Key] = &[
    key("version", Version, Required, "`1`: how this file is to be read"),
    key("listen", Socket, Value("127.0.0.1:8001"), "where clients connect"),
    key(
        "services",
        Services,
        Nothing("where the route file says"),
        "services that are elsewhere than the route file says: `name: http://host:port`",
    ),
    key(
        "trusted_proxies",
        Texts(0, "10.0.0.0/8"),
        Value("[]"),
        "addresses or networks whose `X-Forwarded-For` is believed",
    ),
    key("shutdown_grace", Duration("0s", "10m"), Value("4s"), "how long requests may take to end after SIGTERM"),
    key("threads", Number(0, 1024), Value("0"), "how many threads serve; 0 is one for each core"),
    key("tls", Section, Nothing("clear text"), "the gateway's own certificate"),
    key("tls.certificate", Path, Required, "a PEM file: the certificate, and what leads to its root"),
    key("tls.private_key", Path, Required, "a PEM file: its private key"),
    key("tls.minimum", Word(&["1.2", "1.3"]), Value("1.3"), "the oldest version that clients may speak"),
    key(
        "tls.by_name",
        Sections,
        Nothing("the one certificate for all"),
        "further certificates, for clients that ask for a name of theirs (SNI)",
    ),
    key("tls.by_name[].certificate", Path, Required, "as `tls.certificate`"),
    key("tls.by_name[].private_key", Path, Required, "as `tls.private_key`"),
    key("tls.clients", Section, Nothing("no client is asked for one"), "certificates of clients"),
    key("tls.clients.issuers", Path, Required, "a PEM file: who has signed the certificates that are believed"),
    key(
        "tls.clients.required",
        Truth,
        Value("true"),
        "whether a client without one is refused; one that is given must be good in any case",
    ),
    key("admin", Section, Nothing("no admin listener"), "where operators connect, and who of them may"),
    key(
        "admin.listen",
        Socket,
        Value("127.0.0.1:8002"),
        "where operators connect, another place than where clients do",
    ),
    key("admin.tls", Section, Nothing("clear text"), "the listener's own certificate, with the keys of `tls`"),
    key(
        "admin.required_role",
        Text("admin"),
        Nothing("nobody is asked for one"),
        "the role that a token must have; needs `auth`",
    ),
    key(
        "admin.hosts",
        Texts(0, "gateway.plant"),
        Value("[]"),
        "names by which browsers reach the listener, beside `localhost` and addresses; without a port",
    ),
    key("telemetry", Section, Nothing("nothing is sent"), "where metrics, logs and spans are sent"),
    key("telemetry.url", Url, Required, "CoreTelemetry's base URL, without a query"),
    key("telemetry.interval", Duration("50ms", "1h"), Value("1s"), "how soon news is sent"),
    key("telemetry.format", Word(&["json", "otlp"]), Value("json"), "how metrics are written"),
    key("telemetry.metrics_path", Text("/v1/metrics"), Value("/v1/metrics"), "where metrics go, below `url`"),
    key("telemetry.logs_path", Text("/v1/logs"), Value("/v1/logs"), "where log lines go, below `url`"),
    key("telemetry.log_level", Word(SENT_LEVELS), Value("warn"), "the least severe lines that are sent"),
    key("telemetry.traces", Section, Nothing("no spans"), "where spans go"),
    key("telemetry.traces.url", Url, Required, "the whole URL of an OTLP/HTTP collector's `/v1/traces`"),
    key("telemetry.traces.sample", Part, Value("0.01"), "the part of all requests that makes a span"),
    key("log", Section, Nothing("the defaults below"), "what is written down, and where"),
    key("log.level", Word(LEVELS), Value("info"), "the least severe level that is written"),
    key("log.file", Path, Nothing("standard output"), "a file, which is rotated"),
    key("log.max_size", Size("64KiB", "16GiB"), Value("100MiB"), "how long the file gets"),
    key("log.keep", Number(0, 100), Value("5"), "how many earlier files are kept"),
    key("log.query", Truth, Value("false"), "whether queries of requests are written down; they may hold secrets"),
    key("log.levels", Section, Nothing("the defaults below"), "how severe a request's line is, by its outcome"),
    key("log.levels.success", Word(LEVELS), Value("info"), "an answer below 400"),
    key("log.levels.client_error", Word(LEVELS), Value("info"), "400 to 499"),
    key("log.levels.upstream_error", Word(LEVELS), Value("warn"), "502 to 504, and an answer that was cut off"),
    key("log.levels.gateway_error", Word(LEVELS), Value("error"), "any other from 500"),
    key("auth", Section, Nothing("nobody's tokens are believed"), "whose tokens are believed"),
    key("auth.issuer", Text("https://coreauth.local"), Required, "what a token's `iss` must say"),
    key("auth.audience", Text("coregateway"), Required, "what must be in a token's `aud`"),
    key("auth.jwks", Section, Required, "the issuer's keys: exactly one of `url`, `file` and `inline`"),
    key("auth.jwks.url", Url, Nothing("see `jwks`"), "a JWK set that a server gives out"),
    key("auth.jwks.file", Path, Nothing("see `jwks`"), "a JWK set in a file"),
    key("auth.jwks.inline", Keys, Nothing("see `jwks`"), "a JWK set in the configuration itself"),
    key("auth.jwks.refresh", Duration("100ms", "24h"), Value("5m"), "how often the keys are read again"),
    key(
        "auth.jwks.grace",
        Duration("0s", "24h"),
        Value("10m"),
        "how long a key is believed that the set does not hold any more",
    ),
    key("auth.jwks.cache", Path, Nothing("none"), "a file that keeps the last good answer of `url` across a restart"),
    key("auth.algorithms", Words(1, ALGORITHMS), Value("[RS256, ES256]"), "how tokens may be signed"),
    key("auth.leeway", Duration("0s", "5m"), Value("30s"), "how far clocks may be apart"),
    key(
        "auth.roles_claim",
        Text("realm_access.roles"),
        Value("roles"),
        "where a token has its roles; dots lead inwards",
    ),
    key("auth.types", Texts(1, "at+jwt"), Value("[JWT, at+jwt]"), "what a token's `typ` may be, where it has one"),
    key("auth.max_age", Duration("1m", "24h"), Nothing("as `exp` says"), "how long after `iat` a token is believed"),
    key("auth.max_bytes", Size("1KiB", "64KiB"), Value("8KiB"), "how long an `Authorization` field may be"),
    key(
        "auth.revocations",
        Section,
        Nothing("none end early"),
        "tokens that end early, see [revocations.md](revocations.md): exactly one of `url` and `file`",
    ),
    key("auth.revocations.url", Url, Nothing("see `revocations`"), "a list that a server gives out"),
    key("auth.revocations.file", Path, Nothing("see `revocations`"), "a list in a file"),
    key("auth.revocations.refresh", Duration("100ms", "24h"), Value("10s"), "how often the list is read again"),
    key(
        "auth.revocations.cache",
        Path,
        Nothing("none"),
        "a file that keeps the last good answer of `url` across a restart",
    ),
    key("identity", Section, Nothing("the defaults below"), "what services learn of who is asking"),
    key("identity.token", Section, Nothing("none is sent"), "the gateway's signed word to services"),
    key("identity.token.private_key", Path, Required, "a PEM file: the gateway's private key, PKCS#8"),
    key("identity.token.algorithm", Word(ALGORITHMS), Value("ES256"), "what it signs with"),
    key(
        "identity.token.lifetime",
        Duration("10s", "15m"),
        Value("1m"),
        "how long a token is good for; half of it is left when it is sent",
    ),
    key("identity.token.issuer", Text("coregateway"), Value("coregateway"), "its `iss`"),
    key(
        "identity.token.correlation_id",
        Truth,
        Value("false"),
        "whether it names its request, which costs a signature for each",
    ),
    key("identity.headers", Truth, Value("false"), "whether `X-Auth-Subject` and `X-Auth-Roles` are sent"),
    key(
        "identity.authorization",
        Texts(0, "coreauth"),
        Value("[coreauth]"),
        "the services that get the client's own `Authorization`",
    ),
    key(
        "identity.drop",
        Texts(0, "X-Plant-User"),
        Value("[]"),
        "fields that services could believe, beside those in [security.md](security.md); a client's never pass",
    ),
    key("limits", Section, Nothing("the defaults below"), "what clients may take up"),
    key("limits.connections", Number(1, 1_000_000), Value("10000"), "how many may be open"),
    key(
        "limits.requests_per_connection",
        Number(1, 1_000_000),
        Value("10000"),
        "how many requests one connection may bring",
    ),
    key("limits.header_bytes", Size("8KiB", "1MiB"), Value("32KiB"), "how long a request's head may be"),
    key("limits.header_fields", Number(10, 1000), Value("100"), "how many fields it may have"),
    key(
        "limits.header_timeout",
        Duration("100ms", "5m"),
        Value("10s"),
        "how long it may take to come, and how long a TLS handshake may take",
    ),
    key(
        "limits.body_rate",
        Size("0B", "1GiB"),
        Value("240B"),
        "bytes of a request's body that must come in a second, on average, once 5 s are over; 0B switches it off",
    ),
    key(
        "limits.idle_timeout",
        Duration("100ms", "1h"),
        Value("1m"),
        "how long a connection may be open between requests",
    ),
    key("secrets", Section, Nothing("see below"), "what opens encrypted values and files"),
    key(
        "secrets.identity",
        Section,
        Nothing("what `--identity` or the environment says"),
        "where the identity is: exactly one of `file`, `env` and `fd`",
    ),
    key("secrets.identity.file", Path, Nothing("see `identity`"), "a file with an identity"),
    key(
        "secrets.identity.env",
        Text("PLANT_SECRET"),
        Nothing("see `identity`"),
        "an environment variable with an identity",
    ),
    key(
        "secrets.identity.fd",
        Number(0, 1023),
        Nothing("see `identity`"),
        "a file descriptor that an identity can be read from",
    ),
    key(
        "secrets.passphrase",
        Section,
        Nothing("what the environment says"),
        "where the passphrase is: exactly one of `file`, `env` and `fd`",
    ),
    key("secrets.passphrase.file", Path, Nothing("see `passphrase`"), "a file with a passphrase"),
    key(
        "secrets.passphrase.env",
        Text("PLANT_SECRET"),
        Nothing("see `passphrase`"),
        "an environment variable with a passphrase",
    ),
    key(
        "secrets.passphrase.fd",
        Number(0, 1023),
        Nothing("see `passphrase`"),
        "a file descriptor that a passphrase can be read from",
    ),
    key("cors", Section, Nothing("no page of another origin may call"), "which browser apps of other origins may call"),
    key(
        "cors.origins",
        Texts(1, "https://coreui.local"),
        Required,
        "`scheme://host` or `scheme://host:port` each; or `[\"*\"]`, everybody's pages, never with credentials",
    ),
    key("cors.methods", Words(1, METHODS), Value("[GET, HEAD, POST, PUT, PATCH, DELETE]"), "with which methods"),
    key(
        "cors.headers",
        Texts(0, "X-Plant-User"),
        Value("[authorization, content-type, x-correlation-id]"),
        "fields that a request may bring",
    ),
    key(
        "cors.expose",
        Texts(0, "ETag"),
        Value("[x-correlation-id, retry-after, ratelimit, ratelimit-policy]"),
        "fields of an answer that a page may read",
    ),
    key(
        "cors.credentials",
        Truth,
        Value("false"),
        "whether requests may bring cookies and the like; tokens in `Authorization` do not need it",
    ),
    key(
        "cors.max_age",
        Duration("0s", "24h"),
        Value("10m"),
        "how long a browser may remember the answer to its preflight",
    ),
    key("response_headers", Section, Nothing("the defaults below"), "what answers say of the way to the upstream"),
    key(
        "response_headers.proxy_status",
        Truth,
        Value("false"),
        "`Proxy-Status` (RFC 9209): why the gateway made the answer itself",
    ),
    key(
        "response_headers.server_timing",
        Truth,
        Value("false"),
        "`Server-Timing`: how long it took, here and upstream",
    ),
    key("compression", Section, Nothing("nothing is compressed"), "which answers are compressed with gzip"),
    key(
        "compression.types",
        Texts(1, "text/*"),
        Value("[application/json, text/*, application/javascript, image/svg+xml, application/xml]"),
        "the media types; `text/*` is all that start so",
    ),
    key("compression.minimum", Size("1B", "1MiB"), Value("1KiB"), "the shortest answer that is worth it"),
    key("zeromq", Section, Nothing("the defaults below"), "how services that speak ZeroMQ are spoken to"),
    key("zeromq.connections", Number(1, 64), Value("1"), "how many each thread has to each service"),
    key("zeromq.reply_bytes", Size("1KiB", "1GiB"), Value("16MiB"), "the longest body of a reply"),
    key(
        "zeromq.held_bytes",
        Size("64KiB", "16GiB"),
        Value("64MiB"),
        "how much the bodies of messages to and from one service may take at a time; beyond it 503",
    ),
];

/// What was bound or opened at the start, and stays so until a restart.
pub(super) const FIXED: [&str; 6] = ["listen", "admin.listen", "threads", "log.file", "log.max_size", "log.keep"];

impl Key {
    /// What it says, what it takes, and what holds where nothing says it; as a sentence or two.
    pub(super) fn description(&self) -> String {
        let otherwise = match self.otherwise {
            Required => "Required.".to_owned(),
            Value(value) => format!("Default: {value}."),
            Nothing(meaning) => format!("Default: {meaning}."),
        };
        format!("{}. {otherwise}", self.whole())
    }

    /// What it says, with the range of its values.
    pub(super) fn whole(&self) -> String {
        let range = match self.takes {
            Number(least, most) => format!("; {least} to {most}"),
            Duration(least, most) | Size(least, most) => format!("; {least} to {most}"),
            Part => "; above 0, at most 1".to_owned(),
            Socket => "; an IP address and a port".to_owned(),
            Word(words) => format!("; {}", words.join(", ")),
            Words(_, words) if words.len() > METHODS.len() => format!("; of {}", words.join(", ")),
            _ => String::new(),
        };
        format!("{}{range}", self.about)
    }
}
