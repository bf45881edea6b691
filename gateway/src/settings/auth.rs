//! The `auth` section: whose tokens are believed, and where the keys are that prove them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::HttpUrl;
use super::node::{Node, Value};
use super::read::{path_of, url_of};
use super::section::{Faults, Field, Section};
use crate::auth::KeySet;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);
/// Any JWT, and an access token (RFC 9068 §2.1).
const DEFAULT_TYPES: [&str; 2] = ["JWT", "at+jwt"];
/// How often a source may be asked at most.
const SHORTEST_REFRESH: Duration = Duration::from_millis(100);

/// Whose tokens are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthSettings {
    /// `auth.issuer`: the one `iss` that is believed; required.
    pub issuer: String,
    /// `auth.audience`: what must be among a token's `aud`; required.
    pub audience: String,
    /// `auth.algorithms`: the signature algorithms that are believed. Default `[RS256, ES256]`.
    pub algorithms: Vec<Algorithm>,
    /// `auth.leeway`: how far clocks may differ; 0s to 5m, default 30s.
    pub leeway: Duration,
    /// `auth.types`: what a token's `typ` may be, where it has one; media types, `application/` left out, in any case.
    /// Default `[JWT, at+jwt]`.
    pub types: Vec<String>,
    /// `auth.max_age`: how long after `iat` a token is believed, whatever its `exp` says; 1m to 24h. Default: as long as
    /// `exp` says.
    pub max_age: Option<Duration>,
    /// `auth.max_bytes`: how long an `Authorization` field may be; 1KiB to 64KiB, default 8KiB.
    pub max_bytes: usize,
    /// `auth.roles_claim`: the members that lead to the roles, outermost first; dotted in the file. Default `roles`.
    pub roles_claim: Vec<String>,
    /// `auth.jwks`: the issuer's keys; required.
    pub jwks: JwksSettings,
    /// `auth.revocations`: which tokens are not believed any more. Default: all are.
    pub revocations: Option<RevocationSettings>,
}

/// Where an issuer's keys are, and how they are kept fresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwksSettings {
    /// `auth.jwks.url`, `auth.jwks.file` or `auth.jwks.inline`: exactly one.
    pub source: KeySource,
    /// `auth.jwks.refresh`: how often the keys are read again; 100ms to 24h, default 5m. The `max-age` of an answer can
    /// make it more often, down to every 10 seconds.
    pub refresh: Duration,
    /// `auth.jwks.grace`: how long a key is believed that the set does not hold any more; 0s to 24h, default 10m.
    pub grace: Duration,
    /// `auth.jwks.cache`: the file that keeps the last good answer of `url` across a restart. Default: none.
    pub cache: Option<PathBuf>,
}

/// Where an issuer's keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A JWK set that an HTTP server gives out.
    Url(HttpUrl),
    /// A file with a JWK set.
    File(PathBuf),
    /// A JWK set in the configuration itself.
    Inline(InlineKeys),
}

/// The JSON text of a JWK set that stands in the configuration; never shown, since it may hold more than it should.
#[derive(Clone, PartialEq, Eq)]
pub struct InlineKeys(pub String);

impl fmt::Debug for InlineKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InlineKeys(..)")
    }
}

/// Which tokens are not believed any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationSettings {
    /// `auth.revocations.url` or `auth.revocations.file`: exactly one.
    pub source: RevocationSource,
    /// `auth.revocations.refresh`: how often the list is read again; 100ms to 24h, default 10s.
    pub refresh: Duration,
    /// `auth.revocations.cache`: the file that keeps the last good answer of `url` across a restart. Default: none.
    pub cache: Option<PathBuf>,
}

/// Where a revocation list is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RevocationSource {
    /// An HTTP server gives it out.
    Url(HttpUrl),
    /// It is a file.
    File(PathBuf),
}

/// A signature algorithm (RFC 7518, RFC 8037) that can prove a token to someone who holds no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512
    RS512,
    /// RSASSA-PSS with SHA-256
    PS256,
    /// RSASSA-PSS with SHA-384
    PS384,
    /// RSASSA-PSS with SHA-512
    PS512,
    /// ECDSA on P-256 with SHA-256
    ES256,
    /// ECDSA on P-384 with SHA-384
    ES384,
    /// Ed25519
    EdDSA,
}

impl Algorithm {
    /// Every algorithm, in the order in which they are listed to people.
    pub const ALL: [Self; 9] = [
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::EdDSA,
    ];

    /// The algorithm of this exact name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// The name as it stands in a token's header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::EdDSA => "EdDSA",
        }
    }
}

/// Reads the `auth` section; `base` is the directory of the file.
pub(super) fn read(field: Field, base: &Path, faults: &mut Faults) -> Option<AuthSettings> {
    let keys = [
        "issuer",
        "audience",
        "algorithms",
        "leeway",
        "types",
        "max_age",
        "max_bytes",
        "roles_claim",
        "jwks",
        "revocations",
    ];
    let mut section = field.section(&keys, faults)?;
    let issuer = section.require("issuer", "name the `iss` of the tokens to believe", faults);
    let audience = section.require("audience", "name the `aud` that tokens for this gateway have", faults);
    let jwks = section.require("jwks", "say where the issuer's keys are: `jwks: { url: ... }`", faults);
    // Every field is read before any `?`, so that all their faults are told.
    let issuer = issuer.and_then(|field| field.text(faults).map(str::to_owned));
    let audience = audience.and_then(|field| field.text(faults).map(str::to_owned));
    let algorithms = match section.take("algorithms") {
        Some(field) => read_algorithms(field, faults),
        None => Some(vec![Algorithm::RS256, Algorithm::ES256]),
    };
    let leeway = duration(&mut section, "leeway", (Duration::ZERO, 5 * MINUTE), 30 * SECOND, faults);
    let types = match section.take("types") {
        Some(field) => read_types(field, faults),
        None => DEFAULT_TYPES.map(str::to_owned).to_vec(),
    };
    let max_age = section.take("max_age").and_then(|field| field.duration(MINUTE..=DAY, faults));
    let max_bytes = section.take("max_bytes").map_or(Some(8 << 10), |field| field.size(1 << 10..=64 << 10, faults));
    let roles_claim = match section.take("roles_claim") {
        Some(field) => read_roles_claim(&field, faults),
        None => Some(vec!["roles".to_owned()]),
    };
    let jwks = jwks.and_then(|field| read_jwks(field, base, faults));
    let revocations = section.take("revocations").map(|field| read_revocations(field, base, faults));
    Some(AuthSettings {
        issuer: issuer?,
        audience: audience?,
        algorithms: algorithms?,
        leeway: leeway?,
        types,
        max_age,
        max_bytes: max_bytes.and_then(|bytes| usize::try_from(bytes).ok())?,
        roles_claim: roles_claim?,
        jwks: jwks?,
        revocations: revocations.flatten(),
    })
}

fn duration(
    section: &mut Section,
    key: &str,
    (least, most): (Duration, Duration),
    default: Duration,
    faults: &mut Faults,
) -> Option<Duration> {
    section.take(key).map_or(Some(default), |field| field.duration(least..=most, faults))
}

fn read_algorithms(field: Field, faults: &mut Faults) -> Option<Vec<Algorithm>> {
    if matches!(&field.node.value, Value::List(items) if items.is_empty()) {
        field.conflict("is empty", "name at least one, or leave the key out for `[RS256, ES256]`", faults);
        return None;
    }
    let items = field.list(faults)?;
    let mut algorithms = Vec::new();
    for item in &items {
        if let Some(algorithm) = read_algorithm(item, faults)
            && !algorithms.contains(&algorithm)
        {
            algorithms.push(algorithm);
        }
    }
    Some(algorithms)
}

pub(super) fn read_algorithm(field: &Field, faults: &mut Faults) -> Option<Algorithm> {
    let name = field.text(faults)?;
    let algorithm = Algorithm::from_name(name);
    if algorithm.is_none() {
        let problem = match name {
            _ if name.eq_ignore_ascii_case("none") => "would let anyone in: such a token is not signed",
            "HS256" | "HS384" | "HS512" => "is symmetric: whoever can check such a token can also make one",
            "ES512" | "ES256K" => "is not supported",
            _ => "is no signature algorithm",
        };
        field.invalid(problem, "choose from RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA", faults);
    }
    algorithm
}

fn read_types(field: Field, faults: &mut Faults) -> Vec<String> {
    if matches!(&field.node.value, Value::List(items) if items.is_empty()) {
        field.conflict("is empty", "name at least one, or leave the key out for `[JWT, at+jwt]`", faults);
    }
    let items = field.list(faults).unwrap_or_default();
    let mut read = |field: &Field| {
        let name = field.text(faults)?;
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte)) {
            field.invalid("is no media type without `application/`", "write `JWT` or `at+jwt`", faults);
        }
        Some(name.to_owned())
    };
    items.iter().filter_map(&mut read).collect()
}

fn read_roles_claim(field: &Field, faults: &mut Faults) -> Option<Vec<String>> {
    let path = field.text(faults)?;
    if path.split('.').any(str::is_empty) {
        field.invalid("has an empty member name", "write `roles`, or a dotted path like `realm_access.roles`", faults);
        return None;
    }
    Some(path.split('.').map(str::to_owned).collect())
}

fn read_jwks(field: Field, base: &Path, faults: &mut Faults) -> Option<JwksSettings> {
    let mut section = field.section(&["url", "file", "inline", "refresh", "grace", "cache"], faults)?;
    let refresh = duration(&mut section, "refresh", (SHORTEST_REFRESH, DAY), 5 * MINUTE, faults);
    let grace = duration(&mut section, "grace", (Duration::ZERO, DAY), 10 * MINUTE, faults);
    let cache = read_cache(&mut section, base, faults);
    let sources = [section.take("url"), section.take("file"), section.take("inline")];
    let given = sources.iter().flatten().count();
    let [url, file, inline] = sources;
    let url = url.and_then(|field| url_of(&field, faults)).map(KeySource::Url);
    let file = file.and_then(|field| path_of(&field, base, faults)).map(KeySource::File);
    let inline = inline.and_then(|field| read_inline(&field, faults)).map(KeySource::Inline);
    if given != 1 {
        let help = "give exactly one of `url`, `file` and `inline`";
        section.conflict(format!("`auth.jwks` names {given} sources of keys"), help, faults);
        return None;
    }
    Some(JwksSettings { source: url.or(file).or(inline)?, refresh: refresh?, grace: grace?, cache })
}

/// The cache file of a source at a URL. To be called before the URL is taken.
fn read_cache(section: &mut Section, base: &Path, faults: &mut Faults) -> Option<PathBuf> {
    let field = section.take("cache")?;
    if !section.has("url") {
        field.conflict("is for a `url` only", "leave it out: what is on this machine needs no cache", faults);
    }
    path_of(&field, base, faults)
}

fn read_inline(field: &Field, faults: &mut Faults) -> Option<InlineKeys> {
    let Value::Map(_) = &field.node.value else {
        field.wrong_type("a JWK set", "write `inline: { keys: [ { kty: RSA, ... } ] }`", faults);
        return None;
    };
    let json = json_of(&field.node).to_string();
    // A set at a URL or in a file may be mended while the gateway runs; this one may not.
    if let Err(fault) = KeySet::parse(json.as_bytes()) {
        field.conflict(&format!("cannot be used: {fault}"), "put the issuer's public keys into its `keys`", faults);
        return None;
    }
    Some(InlineKeys(json))
}

fn json_of(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Integer(number) => i64::try_from(*number).map_or(serde_json::Value::Null, Into::into),
        Value::Float(number) => (*number).into(),
        Value::Text(text) => text.value.as_str().into(),
        Value::List(nodes) => nodes.iter().map(json_of).collect(),
        Value::Map(entries) => entries.iter().map(|(key, node)| (key.name.clone(), json_of(node))).collect(),
    }
}

fn read_revocations(field: Field, base: &Path, faults: &mut Faults) -> Option<RevocationSettings> {
    let mut section = field.section(&["url", "file", "refresh", "cache"], faults)?;
    let refresh = duration(&mut section, "refresh", (SHORTEST_REFRESH, DAY), 10 * SECOND, faults);
    let cache = read_cache(&mut section, base, faults);
    let (url, file) = (section.take("url"), section.take("file"));
    let given = usize::from(url.is_some()) + usize::from(file.is_some());
    let url = url.and_then(|field| url_of(&field, faults)).map(RevocationSource::Url);
    let file = file.and_then(|field| path_of(&field, base, faults)).map(RevocationSource::File);
    if given != 1 {
        let help = "give exactly one of `url` and `file`";
        section.conflict(format!("`auth.revocations` names {given} lists"), help, faults);
        return None;
    }
    Some(RevocationSettings { source: url.or(file)?, refresh: refresh?, cache })
}
