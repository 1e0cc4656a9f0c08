//! The binary: one crypto provider, one runtime, one deed.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // Before anything else, so that no library chooses another provider.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        eprintln!("curlew: another crypto provider is installed already");
        return ExitCode::FAILURE;
    }
    match curlew::run(curlew::cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("curlew: {error}");
            ExitCode::FAILURE
        }
    }
}
