//! What services learn of who is asking, and what it takes to believe it.

use std::fs;
use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gateway_table::{List, Role, Scheme, Service, Trie};
use http::HeaderMap;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};

use super::*;
use crate::secrets::Keyring;
use crate::settings::{Algorithm, ServiceTokenSettings};

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| {
        let role = |(index, claim): (usize, &'static str)| Role {
            name: claim.into(),
            claim: claim.into(),
            grants: RoleSet::single(index),
        };
        let service = |name: &'static str| Service { name: name.into(), scheme: Scheme::Http, authority: "a:1".into() };
        Table {
            digest: "".into(),
            roles: ["admin", "operations", "a,b"].into_iter().enumerate().map(role).collect(),
            services: ["corerl", "coreauth"].into_iter().map(service).collect(),
            routes: List::default(),
            trie: Trie::new([]),
        }
    });
    &TABLE
}

/// A private key of this kind in a file that goes with its test.
struct KeyFile(std::path::PathBuf);

impl KeyFile {
    fn new(name: &str, kind: &'static rcgen::SignatureAlgorithm) -> Self {
        let path = std::env::temp_dir().join(format!("gateway-{}-{name}.pem", std::process::id()));
        fs::write(&path, rcgen::KeyPair::generate_for(kind).unwrap().serialize_pem()).unwrap();
        Self(path)
    }

    fn settings(&self, algorithm: Algorithm) -> ServiceTokenSettings {
        ServiceTokenSettings {
            private_key: self.0.clone(),
            algorithm,
            lifetime: Duration::from_mins(1),
            issuer: "coregateway".into(),
            correlation_id: false,
        }
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

fn identities(settings: Option<&ServiceTokenSettings>, has_plain_fields: bool) -> Identities {
    let signer = settings.map(|settings| Arc::new(ServiceSigner::load(settings, &Keyring::default()).unwrap()));
    Identities::new(Arc::new(IdentityRules { signer, has_plain_fields }), table())
}

fn principal(subject: &str) -> Principal {
    Principal {
        subject: Some(subject.into()),
        token_id: None,
        key_id: None,
        roles: RoleSet::from_bits(0b11),
        expires_at: UnixSeconds(NOW.0 + 900),
        not_before: None,
        issued_at: None,
    }
}

/// The fields of a request as a service sees them.
fn sent(identities: &Identities, service: u32, principal: Option<&Principal>, now: UnixSeconds) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let fields = identities.fields(service, principal, &HeaderValue::from_static("id-1"), || now);
    fields.each_field(|name, value| drop(headers.insert(name, value.clone())));
    headers
}

fn claims_of(headers: &HeaderMap) -> Value {
    let payload = headers["x-service-auth"].to_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[test]
fn a_service_can_prove_who_is_asking_with_the_published_keys() {
    for (algorithm, kind) in [
        (Algorithm::ES256, &rcgen::PKCS_ECDSA_P256_SHA256),
        (Algorithm::ES384, &rcgen::PKCS_ECDSA_P384_SHA384),
        (Algorithm::EdDSA, &rcgen::PKCS_ED25519),
        (Algorithm::PS256, &rcgen::PKCS_RSA_SHA256),
    ] {
        let file = KeyFile::new(algorithm.name(), kind);
        let identities = identities(Some(&file.settings(algorithm)), false);
        let headers = sent(&identities, 0, Some(&principal("olga")), NOW);
        let token = headers["x-service-auth"].to_str().unwrap();
        let keys: JwkSet = serde_json::from_str(identities.rules.signer.as_ref().unwrap().jwk_set()).unwrap();
        let header = decode_header(token).unwrap();
        assert_eq!(header.typ.as_deref(), Some("service-auth+jwt"));
        let jwk = keys.find(header.kid.as_ref().unwrap()).unwrap();
        let mut rules = Validation::new(header.alg);
        rules.set_audience(&["corerl"]);
        rules.set_issuer(&["coregateway"]);
        rules.validate_exp = false;
        let proved = decode::<Value>(token, &DecodingKey::from_jwk(jwk).unwrap(), &rules).unwrap().claims;
        let expected = json!({
            "iss": "coregateway", "aud": "corerl", "sub": "olga", "roles": ["admin", "operations"],
            "iat": NOW.0, "exp": NOW.0 + 60,
        });
        assert_eq!(proved, expected, "{}", algorithm.name());
        assert!(!identities.rules.signer.as_ref().unwrap().jwk_set().contains("\"d\""));
    }
}

#[test]
fn a_key_that_does_not_fit_is_refused_with_its_file() {
    let file = KeyFile::new("misfit", &rcgen::PKCS_ECDSA_P256_SHA256);
    for algorithm in [Algorithm::ES384, Algorithm::RS256, Algorithm::EdDSA] {
        let told = ServiceSigner::load(&file.settings(algorithm), &Keyring::default()).err().unwrap().to_string();
        assert!(told.contains("misfit.pem") && told.contains(algorithm.name()), "{told}");
    }
    fs::write(&file.0, "rubbish").unwrap();
    assert!(ServiceSigner::load(&file.settings(Algorithm::ES256), &Keyring::default()).is_err());
}

#[test]
fn a_token_is_signed_once_for_a_principal_and_a_service_until_half_of_its_life_is_over() {
    let file = KeyFile::new("once", &rcgen::PKCS_ECDSA_P256_SHA256);
    let identities = identities(Some(&file.settings(Algorithm::ES256)), false);
    let olga = principal("olga");
    let first = sent(&identities, 0, Some(&olga), NOW);
    // ECDSA signatures are never the same twice.
    assert_eq!(first, sent(&identities, 0, Some(&olga), UnixSeconds(NOW.0 + 29)));
    let later = sent(&identities, 0, Some(&olga), UnixSeconds(NOW.0 + 30));
    assert_eq!(claims_of(&later)["exp"], NOW.0 + 90);
    assert_eq!(claims_of(&sent(&identities, 0, Some(&olga), UnixSeconds(NOW.0 - 1)))["iat"], NOW.0 - 1);
    assert_eq!(claims_of(&sent(&identities, 1, Some(&olga), NOW))["aud"], "coreauth");
    assert_eq!(claims_of(&sent(&identities, 0, Some(&principal("ivan")), NOW))["sub"], "ivan");
    let nobody = claims_of(&sent(&identities, 0, None, NOW));
    assert_eq!((nobody.get("sub"), &nobody["roles"]), (None, &json!([])));
}

#[test]
fn a_token_names_its_request_where_that_is_wanted() {
    let file = KeyFile::new("bound", &rcgen::PKCS_ECDSA_P256_SHA256);
    let settings = ServiceTokenSettings { correlation_id: true, ..file.settings(Algorithm::ES256) };
    let identities = identities(Some(&settings), true);
    let headers = sent(&identities, 0, Some(&principal("olga")), NOW);
    assert_eq!(claims_of(&headers)["correlation_id"], "id-1");
    assert_ne!(headers, sent(&identities, 0, Some(&principal("olga")), NOW));
}

#[test]
fn plain_fields_are_sent_where_they_are_wanted_and_only_of_who_is_known() {
    assert!(sent(&identities(None, false), 0, Some(&principal("olga")), NOW).is_empty());
    let identities = identities(None, true);
    let headers = sent(&identities, 0, Some(&principal("olga")), NOW);
    assert_eq!(
        (&headers["x-auth-subject"], &headers["x-auth-roles"]),
        (&HeaderValue::from_static("olga"), &HeaderValue::from_static("admin,operations"))
    );
    assert!(sent(&identities, 0, None, NOW).is_empty());
}

#[test]
fn what_would_not_be_the_same_in_a_field_is_left_out_of_it() {
    let identities = identities(None, true);
    for subject in ["olga\r\nx-roles: admin", "ольга", " olga", "a\0b"] {
        let asker = Principal { roles: RoleSet::single(2), ..principal(subject) };
        let headers = sent(&identities, 0, Some(&asker), NOW);
        assert!(!headers.contains_key("x-auth-subject"), "{subject:?}");
        assert_eq!(headers["x-auth-roles"], "", "a role that would read as two");
    }
}

/// Run with `--ignored --nocapture` in a release build.
#[test]
#[ignore = "a measurement, not a check"]
fn what_an_identity_costs() {
    let file = KeyFile::new("cost", &rcgen::PKCS_ECDSA_P256_SHA256);
    let olga = principal("olga");
    for correlation_id in [false, true] {
        let settings = ServiceTokenSettings { correlation_id, ..file.settings(Algorithm::ES256) };
        let identities = identities(Some(&settings), true);
        let id = HeaderValue::from_static("id-1");
        let calls = if correlation_id { 10_000 } else { 1_000_000 };
        let start = std::time::Instant::now();
        for _ in 0..calls {
            std::hint::black_box(identities.fields(0, Some(&olga), &id, || NOW));
        }
        println!("signed for each request: {correlation_id}: {} ns", start.elapsed().as_nanos() / calls);
    }
}
