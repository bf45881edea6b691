//! The log's file: when it is full, it becomes the first of the earlier ones, and a new one begins.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that lines are appended to, and as many earlier ones as are kept: `NAME.1` is the latest of them.
pub(super) struct RotatedFile {
    path: PathBuf,
    /// `None` between two files, and while none can be opened.
    file: Option<File>,
    /// How much of the file is whole lines.
    size: u64,
    max_size: u64,
    keep: u32,
    /// Devices and pipes are not renamed.
    is_regular: bool,
}

impl RotatedFile {
    /// # Errors
    ///
    /// The file cannot be opened for appending.
    pub(super) fn open(path: &Path, max_size: u64, keep: u32) -> io::Result<Self> {
        let file = append_to(path)?;
        let metadata = file.metadata()?;
        let (size, is_regular) = (metadata.len(), metadata.is_file());
        Ok(Self { path: path.to_owned(), file: Some(file), size, max_size, keep, is_regular })
    }

    /// Appends whole lines; what could be written of them only in part is taken back.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.is_regular && self.size > 0 && self.size + lines.len() as u64 > self.max_size {
            self.rotate();
        }
        if self.file.is_none() {
            let file = append_to(&self.path)?;
            self.size = file.metadata()?.len();
            self.file = Some(file);
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        if let Err(error) = file.write_all(lines) {
            // A device has no length to set.
            let _ = file.set_len(self.size);
            return Err(error);
        }
        self.size += lines.len() as u64;
        Ok(())
    }

    /// Moves every file one place on. What cannot be moved stays, and the file grows on.
    fn rotate(&mut self) {
        self.file = None;
        for place in (1..self.keep).rev() {
            // The file of this place need not be there yet.
            let _ = std::fs::rename(self.earlier(place), self.earlier(place + 1));
        }
        let _ = match self.keep {
            0 => std::fs::remove_file(&self.path),
            _ => std::fs::rename(&self.path, self.earlier(1)),
        };
    }

    fn earlier(&self, place: u32) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{place}"));
        name.into()
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(folder: &Path) -> Vec<(String, String)> {
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap())
            })
            .collect();
        files.sort();
        files
    }

    #[test]
    fn a_full_file_makes_way_and_only_so_many_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = RotatedFile::open(&folder.path().join("log"), 4, 2).unwrap();
        for lines in ["1\n2\n", "3\n", "4\n", "5\n", "6\n7\n", "8\n"] {
            file.append(lines.as_bytes()).unwrap();
        }
        let expected = [("log", "8\n"), ("log.1", "6\n7\n"), ("log.2", "5\n")];
        assert_eq!(contents(folder.path()), expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
    }

    #[test]
    fn the_size_of_a_file_from_before_counts() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("log"), "old\n").unwrap();
        let mut file = RotatedFile::open(&folder.path().join("log"), 4, 1).unwrap();
        file.append(b"new\n").unwrap();
        assert_eq!(contents(folder.path()).iter().map(|(_, text)| &**text).collect::<Vec<_>>(), ["new\n", "old\n"]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_an_error_and_no_device_is_ever_renamed() {
        let mut full = RotatedFile::open(Path::new("/dev/full"), 4, 1).unwrap();
        for _ in 0..3 {
            assert!(full.append(b"12345\n").is_err());
        }
        let mut null = RotatedFile::open(Path::new("/dev/null"), 4, 1).unwrap();
        for _ in 0..3 {
            null.append(b"12345\n").unwrap();
        }
        assert!(!Path::new("/dev/full.1").exists() && !Path::new("/dev/null.1").exists());
    }
}
