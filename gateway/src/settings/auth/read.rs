//! What the file says in its `auth` section.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Algorithm, AuthSettings, InlineKeys, JwksSettings, KeySource, RevocationSettings, RevocationSource};
use crate::auth::KeySet;
use crate::settings::node::{Node, Value};
use crate::settings::read::{path_of, url_of, written_path_of};
use crate::settings::section::{Faults, Field, Section};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);
/// Any JWT, and an access token (RFC 9068 §2.1).
const DEFAULT_TYPES: [&str; 2] = ["JWT", "at+jwt"];
/// How often a source may be asked at most.
const SHORTEST_REFRESH: Duration = Duration::from_millis(100);

/// Reads the `auth` section; `base` is the directory of the file.
pub(in crate::settings) fn read(field: Field, base: &Path, faults: &mut Faults) -> Option<AuthSettings> {
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

pub(in crate::settings) fn read_algorithm(field: &Field, faults: &mut Faults) -> Option<Algorithm> {
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
    written_path_of(&field, base, faults)
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

pub(in crate::settings) fn json_of(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null | Value::Encrypted(_) | Value::Tagged => serde_json::Value::Null,
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
