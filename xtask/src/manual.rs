//! The manual and the completions, from what the command line itself declares.

use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::command_line::Arguments;
use crate::failure::Failure;
use crate::workspace::make_folder;

const NAME: &str = "coregateway";
const SHELLS: [Shell; 4] = [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell];

/// Writes a page for the program and one for each of its commands into `folder`.
pub(crate) fn write_pages(folder: &Path) -> Result<(), Failure> {
    make_folder(folder)?;
    clap_mangen::generate_to(Arguments::command(), folder).map_err(Failure::file(folder))
}

/// Writes what each shell needs to complete a command line into `folder`.
pub(crate) fn write_completions(folder: &Path) -> Result<(), Failure> {
    make_folder(folder)?;
    for shell in SHELLS {
        clap_complete::generate_to(shell, &mut Arguments::command(), NAME, folder).map_err(Failure::file(folder))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::{output, program};
    use crate::workspace::read;

    /// The names of all commands.
    fn commands() -> Vec<String> {
        Arguments::command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
    }

    #[test]
    fn the_manual_has_a_page_for_every_command_and_names_each_on_the_first() {
        let folder = tempfile::tempdir().unwrap();
        write_pages(folder.path()).unwrap();
        let first = read(&folder.path().join("coregateway.1")).unwrap();
        assert!(commands().len() >= 8);
        for command in commands() {
            let name = command.replace('-', "\\-");
            assert!(first.contains(&format!("coregateway\\-{name}(1)")), "{command}: {first}");
            let page = read(&folder.path().join(format!("coregateway-{command}.1"))).unwrap();
            assert!(page.contains(".SH SYNOPSIS"), "{command}");
        }
    }

    #[test]
    fn every_shell_completes_every_command() {
        let folder = tempfile::tempdir().unwrap();
        write_completions(folder.path()).unwrap();
        for file in ["coregateway.bash", "_coregateway", "coregateway.fish", "_coregateway.ps1"] {
            let text = read(&folder.path().join(file)).unwrap();
            for command in commands() {
                assert!(text.contains(&command), "{file} does not know {command}");
            }
        }
    }

    #[test]
    fn bash_offers_the_commands_that_begin_so() {
        let folder = tempfile::tempdir().unwrap();
        write_completions(folder.path()).unwrap();
        let ask = ". ./coregateway.bash; COMP_WORDS=(coregateway ma); COMP_CWORD=1; \
                   _coregateway coregateway ma coregateway; echo \"${COMPREPLY[*]}\"";
        let offered = output(program("bash").args(["-c", ask]).current_dir(folder.path())).unwrap();
        assert_eq!(offered.split_whitespace().collect::<Vec<_>>(), ["match", "matrix"]);
    }
}
