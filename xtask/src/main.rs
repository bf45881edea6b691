//! `cargo xtask`: makes what is shipped (`dist`, `windows`), proves that it can be built again to the byte (`reproduce`) and that it
//! runs on the oldest system that it is for (`debian-11`); watches the gateway at work, so that it is built for that (`profile`); counts
//! what it takes for its work (`instructions`), and measures it beside others (`compare`).

mod checksums;
#[path = "../../src/command_line.rs"]
mod command_line;
mod compare;
mod debian_11;
mod dist;
mod executable;
mod failure;
mod glibc;
mod instructions;
mod licence_expression;
mod licences;
mod manual;
mod names;
mod packages;
mod platform;
mod processor;
mod profile;
mod program;
mod reproduce;
mod sbom;
mod symbols;
mod sysroot;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Packaging and measuring of CoreGateway
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Make everything that ships, in target/dist
    Dist {
        /// Make a development build with this number
        #[arg(long, value_name = "N")]
        dev: Option<u32>,
    },
    /// Make everything that ships for Windows, in target/dist; `.ci/windows` has what it needs
    Windows {
        /// The folder that Debian's toolchain is unpacked in
        #[arg(long, value_name = "FOLDER")]
        toolchain: PathBuf,
        /// Make a development build with this number
        #[arg(long, value_name = "N")]
        dev: Option<u32>,
    },
    /// Build once more in another folder, and compare with what lies in target/dist
    Reproduce,
    /// Run what lies in target/dist on a bare Debian 11; needs root and debootstrap
    #[command(name = "debian-11")]
    Debian11,
    /// Watch the gateway at work, and write xtask/linux-1.95.0.profdata anew, by which it is built; needs what `compare` needs, and LLVM's tools
    Profile,
    /// Measure the gateway beside nginx and HAProxy, as far as Debian's nginx-light, haproxy and wrk are installed
    Compare(compare::Options),
    /// Count the instructions of what the gateway does most, and compare with xtask/instructions.json; needs valgrind
    Instructions {
        /// Take what is counted now for the baseline
        #[arg(long)]
        bless: bool,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Dist { dev } => dist::run(dev),
        Task::Windows { toolchain, dev } => dist::run_for_windows(&toolchain, dev),
        Task::Reproduce => reproduce::run(),
        Task::Debian11 => debian_11::run(),
        Task::Profile => profile::run(),
        Task::Compare(options) => compare::run(&options),
        Task::Instructions { bless } => instructions::run(bless),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&format!("error: {failure}"));
            ExitCode::FAILURE
        }
    }
}

/// Tells whoever waits how far it has come.
#[expect(clippy::print_stderr, reason = "messages go to standard error")]
fn say(message: &str) {
    eprintln!("{message}");
}
