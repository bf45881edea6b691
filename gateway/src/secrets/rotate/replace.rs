//! Several files that are replaced together: all of them, or none.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::RotateError;

/// New contents, each in a draft beside its file. Drafts that were not put in place are removed.
#[derive(Default)]
pub(super) struct Drafts(Vec<PathBuf>);

impl Drafts {
    /// Writes the new content of `path` beside it, with the rights that `path` has.
    pub(super) fn add(&mut self, path: &Path, content: &[u8]) -> Result<(), RotateError> {
        let failed = |source| RotateError::Write { path: path.to_owned(), source };
        // A link stays one: what it leads to is replaced.
        let path = path.canonicalize().map_err(failed)?;
        let draft = beside(&path, "new");
        self.0.push(path.clone());
        write_draft(&draft, content, &path).map_err(failed)
    }

    /// Puts every draft in the place of its file. If one cannot be, those before it get their old content back.
    pub(super) fn put_in_place(self) -> Result<(), RotateError> {
        for (index, path) in self.0.iter().enumerate() {
            if let Err(source) = swap(path) {
                let _ = fs::remove_file(beside(path, "old"));
                // What cannot be put back either is still there, beside its file.
                let _ = self.0[..index].iter().try_for_each(|done| fs::rename(beside(done, "old"), done));
                return Err(RotateError::Write { path: path.clone(), source });
            }
        }
        for path in &self.0 {
            // It opens with the old identity only; nobody will miss it.
            let _ = fs::remove_file(beside(path, "old"));
        }
        Ok(())
    }
}

impl Drop for Drafts {
    fn drop(&mut self) {
        for path in &self.0 {
            // One that is in place is not there any more.
            let _ = fs::remove_file(beside(path, "new"));
        }
    }
}

/// The old content stays beside the new one until all are in place.
fn swap(path: &Path) -> io::Result<()> {
    let old = beside(path, "old");
    match fs::remove_file(&old) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => fs::hard_link(path, &old).or_else(|_| fs::copy(path, &old).map(drop))?,
    }
    fs::rename(beside(path, "new"), path)
}

fn write_draft(draft: &Path, content: &[u8], path: &Path) -> io::Result<()> {
    match fs::remove_file(draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file: File = options.open(draft)?;
    file.set_permissions(fs::metadata(path)?.permissions())?;
    file.write_all(content)?;
    file.sync_all()
}

fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{extension}"));
    name.into()
}
