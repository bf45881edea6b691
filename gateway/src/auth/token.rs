//! One signed token (RFC 7515, RFC 7519): taken apart, its signature checked, its claims held against the rules.
//!
//! In: the token's text. Out: a [`Principal`] and the key that proved it, or the [`TokenFault`]. RFC 8725 throughout: the
//! algorithm must be allowed here and fit the key, and nothing in the token says where its key is to be found.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gateway_table::{RoleSet, Table};
use serde_json::Value;

use super::json::{Members, read_object};
use super::key_set::{KeySet, KnownKey};
use super::{Principal, TokenFault};
use crate::clock::UnixSeconds;
use crate::settings::{Algorithm, AuthSettings};

/// How many values a token's header may have: it is read before anything is proved.
const MOST_HEADER_VALUES: usize = 64;

/// What a token must be to be believed.
pub(super) struct Rules {
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) leeway: Duration,
    pub(super) types: Vec<String>,
    pub(super) max_age: Option<Duration>,
    pub(super) max_bytes: usize,
    pub(super) roles_claim: Vec<String>,
}

impl From<&AuthSettings> for Rules {
    fn from(settings: &AuthSettings) -> Self {
        Self {
            issuer: settings.issuer.clone(),
            audience: settings.audience.clone(),
            algorithms: settings.algorithms.clone(),
            leeway: settings.leeway,
            types: settings.types.clone(),
            max_age: settings.max_age,
            max_bytes: settings.max_bytes,
            roles_claim: settings.roles_claim.clone(),
        }
    }
}

/// What of a token's header matters.
struct Header {
    algorithm: Algorithm,
    kid: Option<String>,
}

/// The header of the last good token, as it stood there: an issuer writes the same one into every token, until it
/// changes its key. A forged token never gets here.
#[derive(Default)]
pub(super) struct LastHeader(Option<(Box<str>, Header)>);

impl LastHeader {
    fn find(&self, text: &str) -> Option<&Header> {
        self.0.as_ref().filter(|(known, _)| **known == *text).map(|(_, header)| header)
    }
}

/// The principal that `token` proves, and the key that proves it.
pub(super) fn verify<'a>(
    token: &str,
    rules: &Rules,
    keys: &'a KeySet,
    table: &Table,
    now: UnixSeconds,
    last: &mut LastHeader,
) -> Result<(Principal, &'a KnownKey), TokenFault> {
    let mut parts = token.split('.');
    let (Some(protected), Some(claims), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(TokenFault::Malformed);
    };
    let signed = &token[..protected.len() + 1 + claims.len()];
    let read;
    let header = match last.find(protected) {
        Some(header) => header,
        None => {
            read = read_header(&decode(protected)?, rules)?;
            &read
        }
    };
    let candidates = keys.candidates(header.kid.as_deref(), header.algorithm, now)?;
    let signature = decode(signature)?;
    let algorithm = header.algorithm;
    let is_signed = |known: &&KnownKey| known.key.has_signed(algorithm, signed.as_bytes(), &signature);
    let known = candidates.into_iter().find(is_signed).ok_or(TokenFault::BadSignature)?;
    if last.find(protected).is_none() {
        *last = LastHeader(Some((protected.into(), read_header(&decode(protected)?, rules)?)));
    }
    let principal = read_claims(&decode(claims)?, rules, table, now)?;
    Ok((Principal { key_id: known.key.kid.clone(), ..principal }, known))
}

/// The key id that a token names, if its header can be read.
pub(super) fn key_id(token: &str, rules: &Rules) -> Option<String> {
    let header = decode(token.split('.').next()?).ok()?;
    read_header(&header, rules).ok()?.kid
}

fn decode(part: &str) -> Result<Vec<u8>, TokenFault> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenFault::Malformed)
}

/// `jwk`, `jku`, `x5u` and `x5c` are not read: whoever forges a token would choose them.
fn read_header(text: &[u8], rules: &Rules) -> Result<Header, TokenFault> {
    let header = read_object(text, MOST_HEADER_VALUES)?;
    if header.get("crit").is_some() || header.get("b64").is_some_and(|b64| *b64 != Value::Bool(true)) {
        return Err(TokenFault::UnsupportedHeader);
    }
    if !header.get("typ").is_none_or(|typ| is_among(typ, &rules.types)) {
        return Err(TokenFault::WrongType);
    }
    let name = header.get("alg").and_then(Value::as_str).ok_or(TokenFault::Malformed)?;
    let algorithm = Algorithm::from_name(name).filter(|algorithm| rules.algorithms.contains(algorithm));
    Ok(Header { algorithm: algorithm.ok_or(TokenFault::WrongAlgorithm)?, kid: text_of(&header, "kid")? })
}

/// Whether `typ`, a media type, is one of these.
fn is_among(typ: &Value, types: &[String]) -> bool {
    let Some(typ) = typ.as_str() else { return false };
    let prefix = "application/";
    let name = match typ.get(..prefix.len()) {
        Some(start) if start.eq_ignore_ascii_case(prefix) => &typ[prefix.len()..],
        _ => typ,
    };
    types.iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn read_claims(text: &[u8], rules: &Rules, table: &Table, now: UnixSeconds) -> Result<Principal, TokenFault> {
    // Its issuer is known by now; the length of the field is bound enough.
    let claims = read_object(text, usize::MAX)?;
    if claims.get("iss").and_then(Value::as_str) != Some(&rules.issuer) {
        return Err(TokenFault::WrongIssuer);
    }
    if !claims.get("aud").is_some_and(|audience| is_for(audience, &rules.audience)) {
        return Err(TokenFault::WrongAudience);
    }
    let principal = Principal {
        subject: text_of(&claims, "sub")?.map(Into::into),
        token_id: text_of(&claims, "jti")?.map(Into::into),
        key_id: None,
        roles: roles_of(&claims, &rules.roles_claim, table),
        // It counts until the second in which it ends is over, and from when the second has begun.
        expires_at: moment(&claims, "exp", f64::floor)?.ok_or(TokenFault::NoExpiry)?,
        not_before: moment(&claims, "nbf", f64::ceil)?,
        issued_at: moment(&claims, "iat", f64::floor)?,
    };
    if principal.issued_at.is_some_and(|issued_at| issued_at > now.plus(rules.leeway)) {
        return Err(TokenFault::IssuedInFuture);
    }
    check_times(&principal, rules, now)?;
    Ok(principal)
}

/// Whether a principal is to be believed now; asked again each time its token is.
pub(super) fn check_times(principal: &Principal, rules: &Rules, now: UnixSeconds) -> Result<(), TokenFault> {
    let leeway = rules.leeway;
    if now >= principal.expires_at.plus(leeway) {
        return Err(TokenFault::Expired);
    }
    if principal.not_before.is_some_and(|not_before| now.plus(leeway) < not_before) {
        return Err(TokenFault::NotYetValid);
    }
    if let Some(max_age) = rules.max_age {
        // A token that does not say when it was made may be of any age.
        let made_at = principal.issued_at.ok_or(TokenFault::TooOld)?;
        if now >= made_at.plus(max_age).plus(leeway) {
            return Err(TokenFault::TooOld);
        }
    }
    Ok(())
}

fn is_for(audience: &Value, wanted: &str) -> bool {
    match audience {
        Value::String(audience) => audience == wanted,
        Value::Array(list) => list.iter().any(|audience| audience.as_str() == Some(wanted)),
        _ => false,
    }
}

/// What the member at `path` is good for: words in a string, or strings in a list; anything else is good for nothing.
fn roles_of(claims: &Members<'_>, path: &[String], table: &Table) -> RoleSet {
    let Some((first, rest)) = path.split_first() else { return RoleSet::EMPTY };
    let claim = rest.iter().try_fold(claims.get(first), |value, name| Some(value?.get(name)));
    match claim.flatten() {
        Some(Value::String(words)) => table.granted(words.split(' ')),
        Some(Value::Array(list)) if list.iter().all(Value::is_string) => {
            table.granted(list.iter().filter_map(Value::as_str))
        }
        _ => RoleSet::EMPTY,
    }
}

fn text_of(members: &Members<'_>, name: &str) -> Result<Option<String>, TokenFault> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(TokenFault::Malformed),
    }
}

/// A `NumericDate`, which may have a fraction (RFC 7519 §2).
fn moment(claims: &Members<'_>, name: &str, round: fn(f64) -> f64) -> Result<Option<UnixSeconds>, TokenFault> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    if let Some(seconds) = value.as_u64() {
        return Ok(Some(UnixSeconds(seconds)));
    }
    let seconds = value.as_f64().filter(|seconds| *seconds >= 0.0).ok_or(TokenFault::Malformed)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative; what is too large saturates"
    )]
    let whole = round(seconds) as u64;
    Ok(Some(UnixSeconds(whole)))
}
