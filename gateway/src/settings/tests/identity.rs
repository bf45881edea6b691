//! The `identity` section.

use super::*;

#[test]
fn what_services_learn_is_configured() {
    let defaults = parse("version: 1").unwrap().identity;
    assert_eq!((defaults.token, defaults.headers), (None, false));
    assert_eq!(defaults.authorization, [TrustedService { name: "coreauth".into(), place: None }]);
    let text = "version: 1\nidentity:\n  token: { private_key: identity.pem }\n  headers: true\n  \
                authorization: [corerl]\n  drop: [X-Plant-User]\n";
    let identity = parse(text).unwrap().identity;
    let token = identity.token.unwrap();
    assert_eq!(token.private_key, Path::new("etc/identity.pem"));
    assert_eq!((token.algorithm, token.lifetime), (Algorithm::ES256, Duration::from_mins(1)));
    assert_eq!((token.issuer.as_str(), token.correlation_id), ("coregateway", false));
    assert!(identity.headers);
    assert_eq!(identity.authorization[0].place, Some(Place { line: 5, column: 19 }));
    assert_eq!(identity.drop, ["x-plant-user"]);
}

#[test]
fn every_mistake_in_identity_is_told_with_its_place_its_reason_and_its_remedy() {
    let cases = [
        (
            "{ token: {} }",
            "2:20: `identity.token.private_key` is missing",
            "name the PEM file of the gateway's private key",
        ),
        (
            "{ token: { private_key: a, lifetime: 1s } }",
            "2:48: `identity.token.lifetime`: `1s` is out of range",
            "it goes from 10s to 15m",
        ),
        (
            "{ token: { private_key: a, correlation_id: \"yes\" } }",
            "2:54: `identity.token.correlation_id` must be a truth value, not text",
            "write `true` or `false`, without quotes",
        ),
        ("{ drop: [\"X Y\"] }", "2:20: `identity.drop`: `X Y` is no name of a field", "write it like `X-Plant-User`"),
        (
            "{ drop: [Host] }",
            "2:20: `identity.drop`: `Host` says more than who is asking",
            "leave it out: the gateway deals with it by itself",
        ),
        ("{ headres: true }", "2:13: unknown key `headres`", "did you mean `headers`?"),
    ];
    for (section, message, help) in cases {
        assert_refused(&format!("identity: {section}"), message, help);
    }
}
