//! `reproduce`: the same source, built once more in a folder of another name with another home of cargo's, gives the same bytes.

use std::path::{Path, PathBuf};

use crate::executable::{Order, Purpose, Toolchain};
use crate::failure::Failure;
use crate::names::Names;
use crate::platform::LINUX;
use crate::program::{output, program, run as run_program};
use crate::workspace::{cargo_home, dist, make_folder, root};
use crate::{checksums, executable, say, symbols, sysroot};

/// Builds once more, and compares.
pub(crate) fn run() -> Result<(), Failure> {
    let first = checksums::digest(&dist().join(Names::new(LINUX, None).executable()))?;
    let folder = root().join("target/elsewhere");
    let (tree, home) = (folder.join("a-tree-of-another-name"), folder.join("home-of-cargo"));
    copy_source(&root(), &tree)?;
    copy_registry(&cargo_home(), &home)?;

    say(&format!("building again in {}", tree.display()));
    let toolchain = Toolchain::Own { sysroot: sysroot::folder()? };
    let built = executable::build(&Order {
        root: &tree,
        cargo_home: &home,
        toolchain: &toolchain,
        purpose: Purpose::Shipping,
    })?;
    let names = Names::new(LINUX, None);
    let shipped = folder.join(names.executable());
    symbols::part(LINUX, &built.path, &shipped, &folder.join(names.beside("debug")))?;
    let second = checksums::digest(&shipped)?;
    say(&format!("{first}  here\n{second}  there"));
    if first == second { Ok(()) } else { Err(Failure::NotReproducible { first, second, folder }) }
}

/// Copies what belongs to the source, changes included.
fn copy_source(root: &Path, tree: &Path) -> Result<(), Failure> {
    make_folder(tree)?;
    let listed =
        output(program("git").args(["ls-files", "--cached", "--others", "--exclude-standard"]).current_dir(root))?;
    let files: Vec<PathBuf> = listed.lines().map(PathBuf::from).filter(|file| root.join(file).exists()).collect();
    run_program(
        program("cp").args(["--parents", "--update", "--target-directory"]).arg(tree).args(files).current_dir(root),
    )
}

/// Links what cargo has downloaded: it is only read.
fn copy_registry(from: &Path, to: &Path) -> Result<(), Failure> {
    if to.join("registry").exists() {
        return Ok(());
    }
    make_folder(to)?;
    run_program(program("cp").args(["--recursive", "--link"]).arg(from.join("registry")).arg(to))
}
