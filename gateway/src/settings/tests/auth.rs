//! The `auth` section.

use super::*;

#[test]
fn auth_has_defaults_for_all_but_issuer_audience_and_keys() {
    let auth = parse(&format!("version: 1\n{}", auth_with("leeway: 30s"))).unwrap().auth.unwrap();
    assert_eq!(auth.algorithms, [Algorithm::RS256, Algorithm::ES256]);
    assert_eq!(auth.leeway, Duration::from_secs(30));
    assert_eq!(auth.jwks.source, KeySource::File("etc/keys.json".into()));
    assert_eq!(auth.revocations, None);
    assert_eq!((auth.types, auth.max_age, auth.max_bytes), (vec!["JWT".into(), "at+jwt".into()], None, 8192));
}

#[test]
fn what_comes_from_a_url_may_be_kept_in_a_file() {
    let text = "version: 1\nauth: { issuer: i, audience: a, jwks: { url: \"http://a\", cache: keys.json }, \
                revocations: { url: \"http://a\", cache: /revoked.json } }";
    let auth = parse(text).unwrap().auth.unwrap();
    assert_eq!(auth.jwks.cache.as_deref(), Some(Path::new("etc/keys.json")));
    assert_eq!(auth.revocations.unwrap().cache.as_deref(), Some(Path::new("/revoked.json")));
}

#[test]
fn inline_keys_are_kept_as_json_and_never_shown() {
    let text = "version: 1\n".to_owned()
        + "auth: { issuer: i, audience: a, jwks: { inline: { keys: [ { kty: OKP, crv: Ed25519, d: c2VjcmV0, x: 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo } ] } } }";
    let settings = parse(&text).unwrap();
    assert!(!format!("{settings:?}").contains("c2VjcmV0"));
    let KeySource::Inline(keys) = settings.auth.unwrap().jwks.source else { panic!("not inline") };
    assert_eq!(
        keys.0,
        r#"{"keys":[{"crv":"Ed25519","d":"c2VjcmV0","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#
    );
}

#[test]
fn every_mistake_in_auth_is_told_with_its_place_its_reason_and_its_remedy() {
    let algorithms = "choose from RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA";
    let cases = [
        ("types: []", "6:10: `auth.types` is empty", "name at least one, or leave the key out for `[JWT, at+jwt]`"),
        (
            "types: [application/jwt]",
            "6:11: `auth.types`: `application/jwt` is no media type without `application/`",
            "write `JWT` or `at+jwt`",
        ),
        ("max_age: 30s", "6:12: `auth.max_age`: `30s` is out of range", "it goes from 1m to 24h"),
        ("max_bytes: 512B", "6:14: `auth.max_bytes`: `512B` is out of range", "it goes from 1KiB to 64KiB"),
        ("leeway: 6m", "6:11: `auth.leeway`: `6m` is out of range", "it goes from 0s to 5m"),
        (
            "algorithms: [none]",
            "6:16: `auth.algorithms`: `none` would let anyone in: such a token is not signed",
            algorithms,
        ),
        (
            "algorithms: [RS256, HS256]",
            "6:23: `auth.algorithms`: `HS256` is symmetric: whoever can check such a token can also make one",
            algorithms,
        ),
        ("algorithms: [ES512]", "6:16: `auth.algorithms`: `ES512` is not supported", algorithms),
        ("algorithms: [rs256]", "6:16: `auth.algorithms`: `rs256` is no signature algorithm", algorithms),
        (
            "algorithms: []",
            "6:15: `auth.algorithms` is empty",
            "name at least one, or leave the key out for `[RS256, ES256]`",
        ),
        (
            "roles_claim: a..b",
            "6:16: `auth.roles_claim`: `a..b` has an empty member name",
            "write `roles`, or a dotted path like `realm_access.roles`",
        ),
        (
            "revocations: { file: a, cache: b }",
            "6:34: `auth.revocations.cache` is for a `url` only",
            "leave it out: what is on this machine needs no cache",
        ),
        (
            "revocations: { refresh: 1s }",
            "6:16: `auth.revocations` names 0 lists",
            "give exactly one of `url` and `file`",
        ),
    ];
    for (line, message, help) in cases {
        assert_refused(&auth_with(line), message, help);
    }
}

#[test]
fn the_source_of_keys_is_exactly_one() {
    let auth = |jwks: &str| refusal(&format!("auth: {{ issuer: i, audience: a, jwks: {jwks} }}"));
    let help = "help: give exactly one of `url`, `file` and `inline`";
    assert_eq!(auth("{ refresh: 1m }"), format!("2:39: `auth.jwks` names 0 sources of keys\n  {help}"));
    assert_eq!(auth("{ file: a, url: \"http://a\" }"), format!("2:39: `auth.jwks` names 2 sources of keys\n  {help}"));
    assert_eq!(
        auth("{ url: \"ftp://a\" }"),
        "2:46: `auth.jwks.url`: `ftp://a` has no scheme that fits\n  \
         help: write `http://host:port/path` or `https://host:port/path`"
    );
    assert_eq!(
        auth("{ inline: { keys: [] } }"),
        "2:49: `auth.jwks.inline` cannot be used: the key set is empty\n  help: put the issuer's public keys into its `keys`"
    );
}
