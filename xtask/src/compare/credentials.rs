//! Keys, tokens and a certificate, made anew for each run.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::CertificateDer;
use serde_json::json;
use stand_ins::{Issuer, KeyKind, unix_now};

use super::no_figure::NoFigure;
use crate::failure::Failure;
use crate::workspace::write;

/// The role that the measured route wants.
pub(crate) const ROLE: &str = "operations";
/// How long tokens are good, in seconds: longer than any run.
const LIFETIME: u64 = 86_400;

/// Who may ask, and how servers prove who they are.
#[derive(Debug)]
pub(crate) struct Credentials {
    issuer: Issuer,
    /// A token that lets requests through.
    pub(crate) token: String,
    /// The servers' certificate, for `localhost`, with a key on P-256.
    pub(crate) certificate: CertificateDer<'static>,
    folder: PathBuf,
}

impl Credentials {
    /// Makes them, and writes what servers read into this folder.
    pub(crate) fn make(folder: &Path) -> Result<Self, Failure> {
        let issuer = Issuer::new(KeyKind::Rsa, "compare");
        let certified = certificate()?;
        let made = Self {
            token: token(&issuer, "compare"),
            issuer,
            certificate: certified.cert.der().clone(),
            folder: folder.to_owned(),
        };
        write(&made.jwks(), made.issuer.jwk_set().to_string())?;
        write(&made.public_key(), made.issuer.public_key_pem())?;
        write(&made.certificate_pem(), certified.cert.pem())?;
        write(&made.private_key_pem(), certified.signing_key.serialize_pem())?;
        Ok(made)
    }

    /// So many tokens of different callers. They are signed by all processors at once: it takes most of a millisecond each.
    pub(crate) fn tokens(&self, count: usize) -> Vec<String> {
        let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let share = count.div_ceil(threads);
        let sign = |from: usize| {
            let numbers = from..count.min(from + share);
            numbers.map(|number| token(&self.issuer, &format!("caller-{number}"))).collect::<Vec<_>>()
        };
        thread::scope(|scope| {
            let signing: Vec<_> = (0..count).step_by(share).map(|from| scope.spawn(move || sign(from))).collect();
            signing.into_iter().flat_map(|thread| thread.join().expect("signing does not panic")).collect()
        })
    }

    pub(crate) fn jwks(&self) -> PathBuf {
        self.folder.join("jwks.json")
    }

    /// The public key that tokens are signed for.
    pub(crate) fn public_key(&self) -> PathBuf {
        self.folder.join("public-key.pem")
    }

    pub(crate) fn certificate_pem(&self) -> PathBuf {
        self.folder.join("certificate.pem")
    }

    pub(crate) fn private_key_pem(&self) -> PathBuf {
        self.folder.join("private-key.pem")
    }
}

fn token(issuer: &Issuer, subject: &str) -> String {
    issuer.token_with(subject, &[ROLE], &json!({ "exp": unix_now() + LIFETIME }))
}

fn certificate() -> Result<CertifiedKey<rcgen::KeyPair>, NoFigure> {
    Ok(generate_simple_self_signed(["localhost".to_owned()])?)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_token_is_another_and_servers_find_their_files() {
        let folder = tempfile::tempdir().unwrap();
        let credentials = Credentials::make(folder.path()).unwrap();
        for count in [1, 5] {
            let tokens = credentials.tokens(count);
            assert_eq!((tokens.len(), tokens.iter().collect::<HashSet<_>>().len()), (count, count));
        }
        let pem = std::fs::read_to_string(credentials.public_key()).unwrap();
        assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\nMII") && pem.ends_with("\n-----END PUBLIC KEY-----\n"));
        assert!(credentials.certificate_pem().is_file() && credentials.private_key_pem().is_file());
    }
}
