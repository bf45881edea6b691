//! The log's file: it is rotated when it is full, and begun anew when somebody else has moved or removed it.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::rotation::rotate;

/// How long to leave a file alone that could not be rotated.
const PAUSE: Duration = Duration::from_mins(1);

/// A file that lines are appended to, and as many earlier ones as are kept.
pub(crate) struct RotatedFile {
    path: PathBuf,
    /// `None` between two files, and while none can be opened.
    current: Option<OpenFile>,
    max_size: u64,
    keep: u32,
    /// When it was last tried to rotate the file, if that has failed.
    failed: Option<Instant>,
    /// Why, until it has been said.
    fault: Option<io::Error>,
}

struct OpenFile {
    file: File,
    /// The file itself, where the path is a link to it: links stay.
    place: PathBuf,
    identity: Identity,
    /// How much of the file is whole lines.
    size: u64,
    /// Devices and pipes are not renamed.
    is_regular: bool,
}

impl RotatedFile {
    /// # Errors
    ///
    /// The file cannot be opened for appending.
    pub(crate) fn open(path: &Path, max_size: u64, keep: u32) -> io::Result<Self> {
        let current = Some(OpenFile::open(path)?);
        Ok(Self { path: path.to_owned(), current, max_size, keep, failed: None, fault: None })
    }

    /// Appends whole lines; what could be written of them only in part is taken back.
    ///
    /// # Errors
    ///
    /// The lines are not written.
    pub(crate) fn append(&mut self, lines: &[u8], now: Instant) -> io::Result<()> {
        self.look();
        self.rotate_if_full(lines.len() as u64, now);
        let current = match &mut self.current {
            Some(current) => current,
            none => none.insert(OpenFile::open(&self.path)?),
        };
        current.append(lines)
    }

    /// Why the file cannot be rotated, and where it is: once, when that begins.
    pub(super) fn fault(&mut self) -> Option<(&Path, io::Error)> {
        Some((&self.path, self.fault.take()?))
    }

    /// Looks whether the path still leads to the open file. Where it does not, lines go where it leads now.
    fn look(&mut self) {
        let Some(current) = &mut self.current else { return };
        match std::fs::metadata(&self.path) {
            // Another program may have shortened it.
            Ok(found) if Identity::of(&found) == current.identity => current.size = found.len(),
            // A file that cannot be found can be written all the same.
            Err(error) if error.kind() != ErrorKind::NotFound => {}
            _ => self.current = None,
        }
    }

    /// What cannot be moved stays, and the file grows on.
    fn rotate_if_full(&mut self, more: u64, now: Instant) {
        let is_full = |open: &mut OpenFile| open.is_regular && open.size > 0 && open.size + more > self.max_size;
        if self.failed.is_some_and(|failed| now.saturating_duration_since(failed) < PAUSE) {
            return;
        }
        let Some(OpenFile { place, .. }) = self.current.take_if(is_full) else { return };
        match rotate(&place, self.keep) {
            Ok(()) => self.failed = None,
            Err(error) => {
                if self.failed.replace(now).is_none() {
                    self.fault = Some(error);
                }
            }
        }
    }
}

impl OpenFile {
    fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let metadata = file.metadata()?;
        Ok(Self {
            file,
            // What has no name of its own is not renamed.
            place: path.canonicalize().unwrap_or_else(|_| path.to_owned()),
            identity: Identity::of(&metadata),
            size: metadata.len(),
            is_regular: metadata.is_file(),
        })
    }

    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all(lines) {
            // A device has no length to set.
            let _ = self.file.set_len(self.size);
            return Err(error);
        }
        self.size += lines.len() as u64;
        Ok(())
    }
}

/// What tells a file from another one of the same name; elsewhere than on Unix there is nothing for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity(u64, u64);

impl Identity {
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self(metadata.dev(), metadata.ino())
    }

    #[cfg(not(unix))]
    fn of(_: &Metadata) -> Self {
        Self(0, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::contents;
    use super::*;

    /// Appends these one after the other, all of a sudden; gives what was said.
    fn append(file: &mut RotatedFile, pieces: &[&str]) -> Vec<String> {
        let now = Instant::now();
        let said = pieces.iter().filter_map(|lines| {
            file.append(lines.as_bytes(), now).unwrap();
            file.fault().map(|(_, error)| error.to_string())
        });
        said.collect()
    }

    fn texts(folder: &Path) -> Vec<String> {
        contents(folder).into_iter().map(|(name, text)| format!("{name}: {}", text.replace('\n', " "))).collect()
    }

    #[test]
    fn a_full_file_makes_way_and_only_so_many_are_kept() {
        for (keep, kept) in [(2, &["log: 8 ", "log.1: 6 7 ", "log.2: 5 "][..]), (0, &["log: 8 "])] {
            let folder = tempfile::tempdir().unwrap();
            let mut file = RotatedFile::open(&folder.path().join("log"), 4, keep).unwrap();
            let said = append(&mut file, &["1\n2\n", "3\n", "4\n", "5\n", "6\n7\n", "8\n"]);
            assert_eq!((texts(folder.path()), said.len()), (kept.iter().map(|&text| text.to_owned()).collect(), 0));
        }
    }

    #[test]
    fn the_size_of_a_file_from_before_counts() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("log"), "old\n").unwrap();
        let mut file = RotatedFile::open(&folder.path().join("log"), 4, 1).unwrap();
        append(&mut file, &["new\n"]);
        assert_eq!(texts(folder.path()), ["log: new ", "log.1: old "]);
    }

    #[test]
    fn a_file_that_cannot_be_rotated_grows_on_it_is_said_once_and_tried_again_later() {
        let folder = tempfile::tempdir().unwrap();
        let in_the_way = folder.path().join("log.0");
        let mut file = RotatedFile::open(&folder.path().join("log"), 4, 1).unwrap();
        std::fs::create_dir_all(in_the_way.join("x")).unwrap();
        std::fs::create_dir_all(folder.path().join("log.1/x")).unwrap();
        assert_eq!(append(&mut file, &["1\n", "2\n", "3\n", "4\n", "5\n"]).len(), 1);
        std::fs::remove_dir_all(&in_the_way).unwrap();
        std::fs::remove_dir_all(folder.path().join("log.1")).unwrap();
        file.append(b"6\n", Instant::now()).unwrap();
        assert_eq!(texts(folder.path()), ["log: 1 2 3 4 5 6 "]);
        file.append(b"7\n", Instant::now() + PAUSE).unwrap();
        assert_eq!(texts(folder.path()), ["log: 7 ", "log.1: 1 2 3 4 5 6 "]);
    }

    #[test]
    #[cfg(unix)]
    fn a_file_that_was_moved_removed_or_shortened_by_somebody_else_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut file = RotatedFile::open(&path, 64, 1).unwrap();
        append(&mut file, &["1\n"]);
        std::fs::rename(&path, folder.path().join("moved")).unwrap();
        append(&mut file, &["2\n"]);
        assert_eq!(texts(folder.path()), ["log: 2 ", "moved: 1 "]);
        std::fs::remove_file(&path).unwrap();
        append(&mut file, &["3\n"]);
        File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
        append(&mut file, &["4\n"]);
        assert_eq!((texts(folder.path()), file.current.unwrap().size), (vec!["log: 4 ".into(), "moved: 1 ".into()], 2));
    }

    #[test]
    #[cfg(unix)]
    fn a_link_stays_and_the_file_that_it_leads_to_is_rotated_in_its_place() {
        let (links, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let link = links.path().join("log");
        std::os::unix::fs::symlink(files.path().join("real"), &link).unwrap();
        let mut file = RotatedFile::open(&link, 4, 1).unwrap();
        append(&mut file, &["1\n2\n", "3\n"]);
        assert!(link.is_symlink());
        assert_eq!(texts(files.path()), ["real: 3 ", "real.1: 1 2 "]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_an_error_and_no_device_is_ever_renamed() {
        let mut full = RotatedFile::open(Path::new("/dev/full"), 4, 1).unwrap();
        for _ in 0..3 {
            assert!(full.append(b"12345\n", Instant::now()).is_err());
        }
        let mut null = RotatedFile::open(Path::new("/dev/null"), 4, 1).unwrap();
        append(&mut null, &["12345\n", "12345\n", "12345\n"]);
        assert!(!Path::new("/dev/full.1").exists() && !Path::new("/dev/null.1").exists());
    }
}
