//! Where a document comes from that is read again and again: a file, an HTTP server, or the configuration itself.
//!
//! A document that is the same as the last accepted one is not handed out again. What came from a server can be kept in
//! a cache file, so that the gateway can start with it while the server is away.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};

use super::fetch::{FetchFault, fetch};
use crate::secrets::{FileFault, Keyring};
use crate::settings::HttpUrl;

/// How soon a server's answer may say that it is to be asked again.
const SHORTEST_AGE: Duration = Duration::from_secs(10);

/// A document's origin, and what is known of it.
pub(super) struct Source {
    pub(super) place: Place,
    /// The longest document that is read, in bytes.
    pub(super) limit: usize,
    /// How often it is read again.
    pub(super) refresh: Duration,
    /// Where the last good one is kept.
    pub(super) cache: Option<PathBuf>,
    /// How long the server says that its answer is good for.
    max_age: Option<Duration>,
    /// A digest of the document that was accepted last.
    accepted: Option<[u8; 32]>,
}

/// Where a document is.
pub(super) enum Place {
    Url(HttpUrl),
    /// A file, and what opens it if it is encrypted.
    File(PathBuf, Keyring),
    Text(String),
}

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceFault {
    #[error("the file cannot be read: {0}")]
    File(#[from] FileFault),
    #[error(transparent)]
    Fetch(#[from] FetchFault),
}

impl Source {
    pub(super) fn new(place: Place, limit: usize, refresh: Duration, cache: Option<PathBuf>) -> Self {
        Self { place, limit, refresh, cache, max_age: None, accepted: None }
    }

    /// Whether the document is on this machine, so that nobody needs to be waited for.
    pub(super) const fn is_local(&self) -> bool {
        !matches!(self.place, Place::Url(_))
    }

    /// The document, if it is on this machine; nothing if it is the one that was accepted last.
    pub(super) fn read_local(&self) -> Result<Option<Vec<u8>>, SourceFault> {
        match &self.place {
            Place::Url(_) => Ok(None),
            Place::Text(text) => Ok(self.news(text.as_bytes().to_vec())),
            Place::File(path, keyring) => Ok(self.news(keyring.read_file(path, self.limit)?.expose().to_vec())),
        }
    }

    /// The document; nothing if it is the one that was accepted last.
    pub(super) async fn read(&mut self) -> Result<Option<Vec<u8>>, SourceFault> {
        let Place::Url(url) = &self.place else { return self.read_local() };
        let fetched = fetch(url, self.limit).await?;
        self.max_age = fetched.max_age;
        Ok(self.news(fetched.body.to_vec()))
    }

    /// How long the document that was read last is good for: as long as the server says, but no longer than the
    /// configuration does, and not so short that the server would be asked all the time.
    pub(super) fn lifetime(&self) -> Duration {
        self.max_age.map_or(self.refresh, |max_age| max_age.max(SHORTEST_AGE).min(self.refresh))
    }

    /// Remembers a document that is good.
    ///
    /// # Errors
    ///
    /// It cannot be kept in the cache file.
    pub(super) fn accept(&mut self, document: &[u8]) -> io::Result<()> {
        self.accepted = Some(digest_of(document));
        match (&self.cache, self.is_local()) {
            (Some(cache), false) => write_whole(cache, document),
            _ => Ok(()),
        }
    }

    /// What the cache file holds, if there is one.
    pub(super) fn read_cache(&self) -> Option<io::Result<Vec<u8>>> {
        let read = read_file(self.cache.as_ref()?, self.limit);
        let is_missing = read.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
        (!is_missing).then_some(read)
    }

    fn news(&self, document: Vec<u8>) -> Option<Vec<u8>> {
        (self.accepted != Some(digest_of(&document))).then_some(document)
    }
}

fn digest_of(document: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, document).as_ref());
    bytes
}

/// The content of a file. One byte more than allowed is read, which shows that there is too much.
fn read_file(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?.take(limit as u64 + 1).read_to_end(&mut content)?;
    Ok(content)
}

/// Replaces a file as a whole: whoever reads it, even after a crash, reads the old content or the new.
fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        // Whoever can write it can say whom the gateway believes.
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(&draft)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&draft, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_may_shorten_the_time_to_the_next_question_within_bounds() {
        let refresh = Duration::from_mins(5);
        let mut source = Source::new(Place::Text(String::new()), 1, refresh, None);
        for (max_age, lifetime) in [(None, 300), (Some(0), 10), (Some(60), 60), (Some(86_400), 300)] {
            source.max_age = max_age.map(Duration::from_secs);
            assert_eq!(source.lifetime(), Duration::from_secs(lifetime));
        }
        source.refresh = Duration::from_secs(1);
        source.max_age = Some(Duration::ZERO);
        assert_eq!(source.lifetime(), source.refresh);
    }
}
