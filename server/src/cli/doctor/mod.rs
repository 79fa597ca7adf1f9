//! `igny8 doctor`: looks at everything an installation stands on and says how to mend what is wrong.

mod checks;

use serde::Serialize;

use super::CommandResult;
use crate::config::{Config, Setting};

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  igny8 doctor
  igny8 doctor --json | jq '.checks[] | select(.state != \"ok\")'

Exit code 1 when a check failed; warnings alone do not count.")]
pub struct Args {
    /// One JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Ok,
    Warn,
    Fail,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    pub name: &'static str,
    pub state: State,
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl Check {
    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self {
            name,
            state: State::Ok,
            found: found.into(),
            mend: None,
        }
    }

    fn warn(name: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            name,
            state: State::Warn,
            found: found.into(),
            mend: Some(mend.into()),
        }
    }

    fn fail(name: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            state: State::Fail,
            ..Self::warn(name, found, mend)
        }
    }
}

#[derive(Serialize)]
struct Report<'a> {
    checks: &'a [Check],
    /// Settings that are not the built-in defaults, with where they came from.
    settings: &'a [Setting],
}

pub async fn run(config: Config, settings: Vec<Setting>, args: Args) -> CommandResult {
    let checks = checks::all(&config).await;
    if args.json {
        let report = Report {
            checks: &checks,
            settings: &settings,
        };
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!("Settings that are not the built-in defaults:");
        if settings.is_empty() {
            println!("  none");
        }
        for setting in &settings {
            println!("  {} = {}   ({})", setting.key, setting.value, setting.source);
        }
        println!();
        for check in &checks {
            let state = match check.state {
                State::Ok => "OK  ",
                State::Warn => "WARN",
                State::Fail => "FAIL",
            };
            println!("{state}  {:12} {}", check.name, check.found);
            if let Some(mend) = &check.mend {
                println!("      {:12} → {mend}", "");
            }
        }
    }
    let failed = checks.iter().filter(|check| check.state == State::Fail).count();
    match failed {
        0 => Ok(()),
        1 => Err("1 check failed".into()),
        n => Err(format!("{n} checks failed").into()),
    }
}
