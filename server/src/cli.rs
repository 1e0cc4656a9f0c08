//! The command line: subcommands, and one flag for each key of the configuration.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::{Config, Flag, Layers, Problems};

/// Self-hosted calls: one binary, one folder.
#[derive(Parser)]
#[command(name = "curlew", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub deed: Deed,
    /// The configuration, by flags.
    #[command(flatten)]
    pub flags: ConfigFlags,
}

/// What to do.
#[derive(Subcommand)]
pub enum Deed {
    /// Run the server
    Serve {
        /// Once listening, print one JSON line {url, appId, apiToken} on standard output
        #[arg(long)]
        print_json: bool,
    },
    /// Explain what is wrong with the configuration, or show it
    Check,
    /// Applications
    App {
        /// What to do with them.
        #[command(subcommand)]
        deed: AppDeed,
    },
    /// Users of an application
    User {
        /// What to do with them.
        #[command(subcommand)]
        deed: UserDeed,
    },
}

/// What to do with applications.
#[derive(Subcommand)]
pub enum AppDeed {
    /// Add one and show its API token, once
    Create {
        /// The name an operator reads
        name: String,
        /// Refuse every log-in without a token
        #[arg(long)]
        token_required: bool,
    },
    /// Show all
    List,
    /// Replace the API token and show the new one, once
    RotateToken {
        /// The application's id
        app_id: String,
    },
    /// Change how its calls work; calls dialled from then on follow it
    #[command(group = clap::ArgGroup::new("setting").required(true).multiple(true))]
    Set {
        /// The application's id
        app_id: String,
        /// What becomes of two users who dial each other at once
        #[arg(long, group = "setting")]
        glare: Option<Glare>,
        /// When a callee's device tells its network addresses to the caller
        #[arg(long, group = "setting")]
        callee_candidates: Option<CalleeCandidates>,
    },
}

/// What becomes of two users who dial each other at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Glare {
    /// The second dial answers the first
    Answer,
    /// Each rings the other
    TwoCalls,
}

/// When a callee's device tells its network addresses to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CalleeCandidates {
    /// While it rings: media is there soonest after the accept
    Early,
    /// Once it has accepted: a stranger who merely rings learns no address
    AfterAccept,
}

/// What to do with users.
#[derive(Subcommand)]
pub enum UserDeed {
    /// Add one
    Create {
        /// The user's id
        user_id: String,
        /// The name shown to others
        #[arg(long, default_value = "")]
        nickname: String,
        /// The application; not needed while there is only one
        #[arg(long)]
        app: Option<String>,
        /// Give an access token and show it, once
        #[arg(long)]
        issue_token: bool,
    },
    /// Replace the user's access token and show the new one, once
    Token {
        /// The user's id
        user_id: String,
        /// The application; not needed while there is only one
        #[arg(long)]
        app: Option<String>,
    },
}

/// One flag for each key; `curlew.default.toml` explains the keys.
#[derive(Args)]
#[command(next_help_heading = "Configuration (file < environment < these)")]
pub struct ConfigFlags {
    /// The configuration file
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder where everything lies
    #[arg(long, global = true, value_name = "FOLDER")]
    data_dir: Option<String>,
    /// Address and port; port 0 takes a free one
    #[arg(long, global = true, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Whether /metrics answers: on or off
    #[arg(long, global = true, value_name = "ON/OFF")]
    metrics: Option<String>,
    /// The limit of a soft stop
    #[arg(long, global = true, value_name = "SECONDS")]
    stop_timeout_secs: Option<String>,
    /// Whether writes share a commit; off is for measuring: on or off
    #[arg(long, global = true, value_name = "ON/OFF")]
    group_commits: Option<String>,
    /// off, self-signed or files
    #[arg(long, global = true, value_name = "MODE")]
    tls: Option<String>,
    /// The certificate chain, PEM
    #[arg(long, global = true, value_name = "FILE")]
    tls_cert: Option<String>,
    /// Its private key, PEM
    #[arg(long, global = true, value_name = "FILE")]
    tls_key: Option<String>,
    /// A further name or address in the self-signed certificate; may be repeated
    #[arg(long, global = true, value_name = "NAME")]
    tls_name: Vec<String>,
    /// off, error, warn, info, debug or trace
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
    /// text or json
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<String>,
}

impl ConfigFlags {
    /// The configuration of this process.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn load(self) -> Result<Config, Problems> {
        let names = (!self.tls_name.is_empty()).then(|| self.tls_name.join(","));
        let flag = |key, name, text| Flag { key, name, text };
        let flags = vec![
            flag("data_dir", "--data-dir", self.data_dir),
            flag("listen", "--listen", self.listen),
            flag("metrics", "--metrics", self.metrics),
            flag("stop_timeout_secs", "--stop-timeout-secs", self.stop_timeout_secs),
            flag("group_commits", "--group-commits", self.group_commits),
            flag("tls.mode", "--tls", self.tls),
            flag("tls.cert", "--tls-cert", self.tls_cert),
            flag("tls.key", "--tls-key", self.tls_key),
            flag("tls.names", "--tls-name", names),
            flag("log.level", "--log-level", self.log_level),
            flag("log.format", "--log-format", self.log_format),
        ];
        Config::from_layers(Layers::read(self.config.as_deref(), std::env::vars_os(), flags))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed_and_takes_flags_on_either_side() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
        for words in [["curlew", "--listen", "x", "serve"], ["curlew", "serve", "--listen", "x"]] {
            let cli = Cli::try_parse_from(words).map_err(|error| error.to_string()).unwrap();
            assert_eq!(cli.flags.listen.as_deref(), Some("x"));
        }
    }
}
