//! A changed `auth` section on its way into force: in, what it names; out, the documents, read and checked before anything of
//! the old section is given up.

use std::sync::Arc;

use super::keys::{self, Keys};
use super::revocations::{self, Revocations};
use super::{Kept, Refresh, RefreshFault, RefreshHandle, Upkeep};
use crate::auth::key_set::ReadKeys;
use crate::auth::source::Source;
use crate::auth::{RevocationList, Verifier, trust};
use crate::clock::Clock;
use crate::secrets::Keyring;
use crate::settings::AuthSettings;

/// A document of a changed section that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{name} cannot be used: {fault}")]
pub(crate) struct DocumentFault {
    /// The key of the section that names it.
    pub(crate) key: &'static str,
    name: &'static str,
    fault: RefreshFault,
}

/// What a changed section names, read.
pub(crate) struct Proposal {
    settings: AuthSettings,
    keys: Read<ReadKeys>,
    revocations: Option<Read<RevocationList>>,
}

/// A document that has been read; none where it is at the same place as before: what holds of it goes on holding until it is
/// read again.
struct Read<T> {
    source: Source,
    document: Option<(Vec<u8>, T)>,
}

impl Proposal {
    /// Reads what `settings` names and `earlier` did not.
    pub(crate) async fn read(
        settings: &AuthSettings,
        keyring: &Keyring,
        earlier: Option<&AuthSettings>,
    ) -> Result<Self, DocumentFault> {
        let is_known = earlier.is_some_and(|earlier| earlier.jwks.source == settings.jwks.source);
        let parse = |text: &[u8]| Ok(ReadKeys::parse(text)?);
        let keys = Read::new(keys::source(&settings.jwks, keyring), is_known, parse).await;
        let keys = keys.map_err(|fault| DocumentFault { key: "auth.jwks", name: Keys::NAME, fault })?;
        let mut revocations = None;
        if let Some(wanted) = &settings.revocations {
            let known = earlier.and_then(|earlier| earlier.revocations.as_ref());
            let is_known = known.is_some_and(|known| known.source == wanted.source);
            let parse = |text: &[u8]| Ok(RevocationList::parse(text)?);
            let read = Read::new(revocations::source(wanted, keyring), is_known, parse).await;
            let fault = |fault| DocumentFault { key: "auth.revocations", name: Revocations::NAME, fault };
            revocations = Some(read.map_err(fault)?);
        }
        Ok(Self { settings: settings.clone(), keys, revocations })
    }

    /// Puts all of it into force at once. Keys that are no longer in the set keep their grace period.
    pub(crate) fn put_into_force(self, verifier: &Arc<Verifier>, clock: Clock) -> (Upkeep, RefreshHandle) {
        let Self { settings, keys, revocations } = self;
        let now = clock.now();
        let replaced =
            keys.document.as_ref().map(|(_, read)| verifier.keys().replaced(&read.usable, now, settings.jwks.grace));
        if replaced.is_some() {
            verifier.keys_confirmed(now);
        }
        let (list, revocations) = match revocations {
            None => (Some(trust::Revocations::None), None),
            Some(Read { source, document }) => {
                let (text, list) = document.unzip();
                let list = list.map(|list| trust::Revocations::Known(Arc::new(list)));
                (list, Some(refresh(source, Revocations::new(verifier), text)))
            }
        };
        verifier.replace(&settings, replaced, list);
        let text = keys.document.map(|(text, _)| text);
        let keys = refresh(keys.source, Keys::new(&settings.jwks, verifier, clock), text);
        let handle = RefreshHandle {
            keys: Arc::clone(&keys.shared),
            revocations: revocations.as_ref().map(|refresh| Arc::clone(&refresh.shared)),
        };
        (Upkeep { keys, revocations }, handle)
    }
}

/// What is wrong with the documents that are files on this machine.
pub(crate) fn faults_of_files(settings: &AuthSettings, keyring: &Keyring) -> Vec<DocumentFault> {
    let read = |source: &Source| Ok(source.read_local()?.unwrap_or_default());
    let source = keys::source(&settings.jwks, keyring);
    let keys = if source.is_local() { read(&source).and_then(|text| Ok(ReadKeys::parse(&text)?)).err() } else { None };
    let keys = keys.map(|fault| DocumentFault { key: "auth.jwks", name: Keys::NAME, fault });
    let source = settings.revocations.as_ref().map(|list| revocations::source(list, keyring)).filter(Source::is_local);
    let list = source.and_then(|source| read(&source).and_then(|text| Ok(RevocationList::parse(&text)?)).err());
    let list = list.map(|fault| DocumentFault { key: "auth.revocations", name: Revocations::NAME, fault });
    keys.into_iter().chain(list).collect()
}

impl<T> Read<T> {
    async fn new(
        mut source: Source,
        is_known: bool,
        parse: impl Fn(&[u8]) -> Result<T, RefreshFault>,
    ) -> Result<Self, RefreshFault> {
        if is_known {
            return Ok(Self { source, document: None });
        }
        // Nothing has been accepted from this source yet, so that whatever it says is news.
        let text = source.read().await?.unwrap_or_default();
        let document = parse(&text)?;
        Ok(Self { source, document: Some((text, document)) })
    }
}

/// What keeps a document fresh, of which this text is in force already.
fn refresh<K: Kept>(source: Source, kept: K, text: Option<Vec<u8>>) -> Refresh<K> {
    let mut refresh = Refresh::of(source, kept);
    if let Some(text) = text {
        refresh.is_read = true;
        refresh.remember(&text);
    }
    refresh
}
