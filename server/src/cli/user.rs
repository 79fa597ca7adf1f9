//! `igny8 user create`.

use std::io::IsTerminal as _;

use igny8_data::{AccountId, DbError, Role, UserId, Why};

use super::{CommandResult, database, site};
use crate::api::Error;
use crate::api::validate::Check;
use crate::app::App;
use crate::config::Config;
use crate::features::accounts::model::{User, check_email, check_password, email_key};
use crate::features::accounts::{opening, passwords};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a user, in a new account or in one that exists.
    Create(CreateArgs),
}

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  igny8 user create ada@example.com --name \"Ada\"                           a new account, Ada its owner
  igny8 user create bob@example.com --name Bob --role editor --account Ada
  pass show igny8 | igny8 user create ada@example.com --name Ada --password-stdin

With the embedded database the server must be stopped.")]
pub struct CreateArgs {
    /// Mail address to log in with.
    email: String,
    /// Name to show; also the name of a new account.
    #[arg(long)]
    name: String,
    /// What the user may do; `owner` with a new account. A `developer` operates the installation.
    #[arg(long, value_parser = ["developer", "owner", "admin", "editor", "viewer"])]
    role: Option<String>,
    /// Account to join, by id or name; without it a new one is made.
    #[arg(long)]
    account: Option<String>,
    /// Read the password from standard input instead of asking for it.
    #[arg(long)]
    password_stdin: bool,
}

pub async fn run(config: Config, command: Command) -> CommandResult {
    let Command::Create(args) = command;
    let password = read_password(args.password_stdin)?;
    let app = database::app(config).await?;
    let made = create(&app, &args, &password).await;
    app.db.close().await?;
    let (user, account) = made?;
    println!("{user} in {account}");
    Ok(())
}

async fn create(
    app: &App,
    args: &CreateArgs,
    password: &str,
) -> Result<(UserId, AccountId), Box<dyn std::error::Error + Send + Sync>> {
    let role = match args.role.as_deref() {
        None if args.account.is_none() => Role::Owner,
        None | Some("editor") => Role::Editor,
        Some("owner") => Role::Owner,
        Some("developer") => Role::Developer,
        Some("admin") => Role::Admin,
        Some(_) => Role::Viewer,
    };
    if args.account.is_none() && !matches!(role, Role::Owner | Role::Developer) {
        return Err("the first user of a new account is its owner; name another account with --account".into());
    }
    let account = match &args.account {
        Some(named) => Some(site::account(app, Some(named)).await?),
        None => None,
    };
    let made = add(app, &args.email, &args.name, password, role, account).await;
    Ok(made?)
}

/// Why no user was made.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Makes a user, and the account around them unless one is given.
///
/// # Errors
/// When the address is not one or is taken, or the password is too weak.
pub async fn add(
    app: &App,
    email: &str,
    name: &str,
    password: &str,
    role: Role,
    account: Option<AccountId>,
) -> Result<(UserId, AccountId), AddError> {
    let mut check = Check::new();
    check_email(&mut check, "the mail address", email);
    check.text("the name", name, 1, 120);
    check_password(&mut check, "the password", password);
    check.finish().map_err(refused)?;
    let hash = passwords::hash(&app.config.auth, password.to_owned()).await;
    let hash = hash.map_err(refused)?;
    let now = app.db.clock().now();
    let new = account.is_none();
    let account: AccountId = account.unwrap_or_else(|| app.db.ids().make());
    let user = User {
        id: app.db.ids().make(),
        account,
        email: email.trim().to_owned(),
        email_key: email_key(email),
        name: name.trim().to_owned(),
        password_hash: hash,
        role,
        disabled: false,
        last_login_at: None,
        rev: 1,
        created_at: now,
        updated_at: now,
    };
    let id = user.id;
    let mut tx = app.db.platform(Why::Operator).tx(account, None);
    if new {
        opening::open(&mut tx, app, account, name);
    }
    tx.create(user);
    match tx.commit().await {
        Ok(_) => Ok((id, account)),
        Err(DbError::Duplicate { .. }) => Err(AddError::Refused(format!("{email} has a user already"))),
        Err(error) => Err(error.into()),
    }
}

/// All that is wrong, as a sentence.
fn refused(error: Error) -> AddError {
    let problem = error.into_problem();
    let wrong: Vec<String> = problem
        .errors
        .iter()
        .map(|error| format!("{} {}", error.field, error.message))
        .collect();
    AddError::Refused(if wrong.is_empty() {
        problem.detail
    } else {
        wrong.join("; ")
    })
}

fn read_password(from_stdin: bool) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let password = if from_stdin {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        line.trim_end_matches(['\n', '\r']).to_owned()
    } else if std::io::stdin().is_terminal() {
        let first = rpassword::prompt_password("Password (at least 10 characters): ")?;
        if rpassword::prompt_password("Once more: ")? != first {
            return Err("the two passwords differ".into());
        }
        first
    } else {
        return Err("standard input is not a terminal; use --password-stdin".into());
    };
    Ok(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_in_words() {
        let mut check = Check::new();
        check_email(&mut check, "the mail address", "nobody");
        check_password(&mut check, "the password", "short");
        let told = refused(check.finish().unwrap_err()).to_string();
        assert!(
            told.contains("the password must") && told.contains("the mail address must") && !told.contains("database"),
            "{told}"
        );
    }
}
