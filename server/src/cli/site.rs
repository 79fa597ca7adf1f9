//! Which site and account a command means.

use igny8_data::{AccountId, Actor, Record as _, SiteId, SurrealValue, Variables, Why};

use crate::app::App;
use crate::features::sites::Site;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Named {
    id: AccountId,
    name: String,
}

/// The site with a slug, and the operator acting in its account.
///
/// # Errors
/// When there is none.
pub async fn find(app: &App, slug: &str) -> Result<Option<(Actor, Site)>, Failure> {
    let mut binds = Variables::new();
    binds.insert("slug", slug.to_owned());
    let sql = "SELECT * FROM site WHERE slug = $slug AND deleted_at IS NONE;";
    let mut answer = app
        .db
        .platform(Why::Operator)
        .query(sql, binds, "finding a site")
        .await?;
    let Some(site) = answer.rows::<Site>(0)?.pop() else {
        return Ok(None);
    };
    let actor = app.db.system_actor(site.account(), Why::Operator).await?;
    Ok(Some((actor, site)))
}

/// [`find`], with words for who mistyped.
///
/// # Errors
/// When there is no such site.
pub async fn existing(app: &App, slug: &str) -> Result<(Actor, Site), Failure> {
    match find(app, slug).await? {
        Some(found) => Ok(found),
        None => {
            let sql = "SELECT VALUE slug FROM site WHERE deleted_at IS NONE ORDER BY slug LIMIT 20;";
            let mut answer = app
                .db
                .platform(Why::Operator)
                .query(sql, Variables::new(), "listing sites")
                .await?;
            let slugs = answer.rows::<String>(0)?;
            Err(if slugs.is_empty() {
                format!("there is no site `{slug}`, nor any other; add --create to make it").into()
            } else {
                format!("there is no site `{slug}`; there are: {}", slugs.join(", ")).into()
            })
        }
    }
}

/// The account a new site or user goes into: the named one, or the only one.
///
/// # Errors
/// When there is none, or more than one and none was named.
pub async fn account(app: &App, named: Option<&str>) -> Result<AccountId, Failure> {
    if let Some(Ok(id)) = named.map(str::parse::<AccountId>) {
        app.db
            .system_actor(id, Why::Operator)
            .await
            .map_err(|_| format!("there is no account {id}"))?;
        return Ok(id);
    }
    let sql = "SELECT id, name FROM account ORDER BY name LIMIT 1000;";
    let mut answer = app
        .db
        .platform(Why::Operator)
        .query(sql, Variables::new(), "listing accounts")
        .await?;
    let mut accounts: Vec<Named> = answer.rows(0)?;
    if let Some(name) = named {
        accounts.retain(|account| account.name == name);
        if accounts.is_empty() {
            return Err(format!("there is no account `{name}`").into());
        }
    }
    match accounts.as_slice() {
        [] => Err("there is no account yet; make one: igny8 user create EMAIL --name NAME".into()),
        [only] => Ok(only.id),
        several => {
            let list: Vec<String> = several
                .iter()
                .take(20)
                .map(|a| format!("{} ({})", a.name, a.id))
                .collect();
            Err(format!("say which account with --account: {}", list.join(", ")).into())
        }
    }
}

/// Makes a site with a slug in an account.
///
/// # Errors
/// When the slug is taken or not one.
pub async fn create(app: &App, account: AccountId, name: &str, slug: &str) -> Result<(Actor, Site), Failure> {
    if !igny8_text::is_slug(slug) || !slug.is_ascii() {
        return Err(format!("`{slug}` is not a slug: small letters, digits and single hyphens").into());
    }
    let actor = app.db.system_actor(account, Why::Operator).await?;
    let scope = actor.account::<igny8_data::Write>()?;
    let id: SiteId = app.db.ids().make();
    let now = app.db.clock().now();
    let site = Site::blank(id, account, name.to_owned(), slug.to_owned(), now);
    let mut tx = app.db.account(&scope).tx();
    tx.create(site.clone());
    tx.commit().await?;
    Ok((actor, site))
}
