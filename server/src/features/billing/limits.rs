//! What a plan allows: sites, members, sectors and keywords. Checked in the transaction that makes the row.
//!
//! Every such transaction writes the account's row of `plan_use`: two on the last place collide, and the one that is tried
//! again finds the place taken. Sites, members and sectors are few and counted each time. Keywords are many: their number
//! is kept in that row, never too low (deleting does not lower it), and counted anew ([`Limits::ready`]) only when it says that
//! the plan is used up. An import takes places for thousands at once ([`Limits::hold`]), so that its transactions need not
//! wait for each other.
//!
//! The operator's own commands are not bound by plans.

use chrono::Duration;
use igny8_data::{
    AccountId, Actor, CanWrite, DbError, SectorId, SiteId, SiteScope, SurrealValue, Tx, Variables, Who, Why,
};

use super::plans::{Plan, PlanLimits};
use crate::api::Error;
use crate::app::App;
use crate::features::accounts::api::account_of;

/// Active sectors of a site whose plan says nothing about them.
const SECTORS: u32 = 5;

const SITES: &str = "plan_limit_sites";
const USERS: &str = "plan_limit_users";
const SECTOR: &str = "plan_limit_sectors";
const KEYWORDS: &str = "plan_limit_keywords";

/// How long places stay held without a sign of the import that holds them.
const HOLD: Duration = Duration::minutes(5);

/// Times that keywords are counted while others make some.
const RECOUNTS: usize = 8;

#[derive(Default, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Known {
    keywords: Option<i64>,
    held: i64,
    changes: i64,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct SectorOf {
    id: SectorId,
    site: SiteId,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Count {
    n: i64,
}

/// What binds somebody who makes rows in an account.
#[derive(Debug, Clone)]
pub struct Limits {
    plan: Plan,
}

impl Limits {
    /// The limits for an actor.
    ///
    /// # Errors
    /// When the account cannot be read.
    pub async fn of(app: &App, actor: &Actor) -> Result<Self, Error> {
        let mut limits = Self::of_account(app, actor.account_id()).await?;
        if actor.who() == Who::System(Why::Operator) {
            limits.plan.limits = PlanLimits {
                sectors: Some(u32::MAX),
                ..PlanLimits::default()
            };
        }
        Ok(limits)
    }

    /// The limits of an account, for whom has no scope yet.
    ///
    /// # Errors
    /// When the account cannot be read.
    pub async fn of_account(app: &App, account: AccountId) -> Result<Self, Error> {
        let plan = account_of(app, account).await?.plan;
        Ok(Self {
            plan: app.plans.of(&plan).clone(),
        })
    }

    /// One more site must fit.
    pub fn require_site(&self, tx: &mut Tx<'_>) {
        if let Some(most) = self.plan.limits.sites {
            write_guard(tx);
            let held = "array::len((SELECT VALUE id FROM site WHERE account = $account AND deleted_at IS NONE))";
            require_fewer(tx, held, most, SITES);
        }
    }

    /// One more member who can log in must fit.
    pub fn require_member(&self, tx: &mut Tx<'_>) {
        if let Some(most) = self.plan.limits.users {
            write_guard(tx);
            let held = "array::len((SELECT VALUE id FROM user WHERE account = $account AND disabled = false))";
            require_fewer(tx, held, most, USERS);
        }
    }

    /// One more invitation must fit beside the members and the invitations that are open.
    pub fn require_invitation(&self, tx: &mut Tx<'_>, app: &App) {
        if let Some(most) = self.plan.limits.users {
            write_guard(tx);
            let mut binds = Variables::new();
            binds.insert("plan_now", app.db.clock().now());
            tx.account_statement(
                "LET $plan_open = array::len((SELECT VALUE id FROM mailed_token WHERE account = $account \
                 AND kind = 'invitation' AND used_at IS NONE AND expires_at > $plan_now))",
                binds,
            );
            let held =
                "$plan_open + array::len((SELECT VALUE id FROM user WHERE account = $account AND disabled = false))";
            require_fewer(tx, held, most, USERS);
        }
    }

    /// One more active sector must fit in the unit of work's site.
    pub fn require_sector(&self, tx: &mut Tx<'_>) {
        write_guard(tx);
        let held =
            "array::len((SELECT VALUE id FROM sector WHERE site = $site AND active = true AND deleted_at IS NONE))";
        require_fewer(tx, held, self.plan.limits.sectors.unwrap_or(SECTORS), SECTOR);
    }

    /// Counts the account's keywords anew if what is known of their number leaves no room for so many more. Before a unit
    /// of work with [`Limits::take_keywords`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ready<A: CanWrite>(&self, app: &App, scope: &SiteScope<A>, more: usize) -> Result<(), DbError> {
        let Some(most) = self.plan.limits.keywords else {
            return Ok(());
        };
        for _ in 0..RECOUNTS {
            let known = self.known(app, scope).await?;
            let taken = |keywords: i64| keywords.saturating_add(known.held).saturating_add(count(more));
            if known
                .keywords
                .is_some_and(|keywords| taken(keywords) <= i64::from(most))
            {
                return Ok(());
            }
            let mut binds = self.binds(app);
            binds.insert("plan_count", self.count(app, scope).await?);
            binds.insert("plan_changes", known.changes);
            let mut tx = app.db.site(scope).tx();
            write_guard(&mut tx);
            tx.account_statement(
                "IF (SELECT VALUE changes FROM ONLY type::record('plan_use', record::id($account))) \
                 != $plan_changes + 1 { THROW 'stale' };\n\
                 UPDATE type::record('plan_use', record::id($account)) SET keywords = $plan_count RETURN NONE",
                binds,
            );
            match tx.commit().await {
                Ok(_) => return Ok(()),
                // Somebody made keywords while they were counted.
                Err(DbError::Stale) => {}
                Err(error) => return Err(error),
            }
        }
        Err(DbError::Conflict)
    }

    /// This many more keywords must fit; counts them.
    pub fn take_keywords(&self, tx: &mut Tx<'_>, app: &App, more: usize) {
        self.keywords(tx, app, more, 0);
    }

    /// Adds to the keywords counted and to the places held, if they fit together.
    fn keywords(&self, tx: &mut Tx<'_>, app: &App, more: usize, held: usize) {
        let Some(most) = self.plan.limits.keywords else {
            // Nobody counts now, so what was counted before is worth nothing later.
            tx.account_statement(
                "IF (SELECT VALUE keywords FROM ONLY type::record('plan_use', record::id($account))) IS NOT NONE \
                 { UPDATE type::record('plan_use', record::id($account)) SET keywords = NONE, changes += 1 RETURN NONE }",
                Variables::new(),
            );
            return;
        };
        let mut binds = self.binds(app);
        binds.insert("plan_most", i64::from(most));
        binds.insert("plan_more", count(more));
        binds.insert("plan_hold", count(held));
        tx.account_statement(
            &format!(
                "{READ_USE}\
                 IF $plan_row.keywords IS NONE \
                 OR $plan_row.keywords + $plan_held + $plan_more + $plan_hold > $plan_most {{ THROW '{KEYWORDS}' }};\n\
                 UPDATE $plan_use SET keywords += $plan_more, held = $plan_held + $plan_hold, \
                 held_until = IF $plan_hold > 0 {{ $plan_until }} ELSE {{ held_until }}, changes += 1 RETURN NONE"
            ),
            binds,
        );
    }

    async fn known<A: CanWrite>(&self, app: &App, scope: &SiteScope<A>) -> Result<Known, DbError> {
        let sql = "SELECT keywords, (IF held_until > $plan_now { held } ELSE { 0 }) AS held, changes \
                   FROM ONLY type::record('plan_use', record::id($account)) WHERE account = $account AND $site IS NOT NONE;";
        let mut answer = app
            .db
            .site(scope)
            .query(sql, self.binds(app), "reading what is used of a plan")
            .await?;
        Ok(answer.one(0)?.unwrap_or_default())
    }

    /// The account's live keywords. Counted sector by sector, since that is read from an index alone.
    async fn count<A: CanWrite>(&self, app: &App, scope: &SiteScope<A>) -> Result<i64, DbError> {
        let db = app.db.site(scope);
        let sql = "SELECT id, site FROM sector WHERE site INSIDE (SELECT VALUE id FROM site WHERE account = $account \
                   AND deleted_at IS NONE) AND account = $account AND $site IS NOT NONE;";
        let sectors: Vec<SectorOf> = db.query(sql, Variables::new(), "listing sectors").await?.rows(0)?;
        let mut total = 0;
        for some in sectors.chunks(100) {
            // Of sites of the account, found above; a condition on anything else would read the rows.
            let (mut sql, mut binds) = ("LET $asked_by = $site;".to_owned(), Variables::new());
            for (n, sector) in some.iter().enumerate() {
                sql += &format!(
                    "SELECT count() AS n FROM keyword WHERE site = $of{n} AND sector = $in{n} AND text_key > '' GROUP ALL;"
                );
                binds.insert(format!("of{n}"), sector.site);
                binds.insert(format!("in{n}"), sector.id);
            }
            let mut answer = db.query(&sql, binds, "counting keywords").await?;
            for n in 0..some.len() {
                total += answer.rows::<Count>(n + 1)?.first().map_or(0, |count| count.n);
            }
        }
        Ok(total)
    }

    fn binds(&self, app: &App) -> Variables {
        let now = app.db.clock().now();
        let mut binds = Variables::new();
        binds.insert("plan_now", now);
        binds.insert("plan_until", now + HOLD);
        binds
    }

    /// Whether keywords are limited at all.
    pub fn limits_keywords(&self) -> bool {
        self.plan.limits.keywords.is_some()
    }

    /// Keywords that still fit, counted now; `None` without a limit.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn room<A: CanWrite>(&self, app: &App, scope: &SiteScope<A>) -> Result<Option<usize>, DbError> {
        let Some(most) = self.plan.limits.keywords else {
            return Ok(None);
        };
        let known = self.known(app, scope).await?;
        let has = self.count(app, scope).await? + known.held;
        Ok(Some(usize::try_from(i64::from(most) - has).unwrap_or(0)))
    }

    /// Holds up to `wanted` places for keywords to be made; answers how many there were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hold<A: CanWrite>(&self, app: &App, scope: &SiteScope<A>, wanted: usize) -> Result<usize, DbError> {
        let mut wanted = wanted;
        while wanted > 0 {
            self.ready(app, scope, wanted).await?;
            let mut tx = app.db.site(scope).tx();
            self.keywords(&mut tx, app, 0, wanted);
            match tx.commit().await {
                Ok(_) => return Ok(wanted),
                Err(DbError::Refused(code)) if code == KEYWORDS => {
                    let room = self.room(app, scope).await?.unwrap_or(wanted);
                    wanted = room.min(wanted - 1);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(0)
    }

    /// Gives back places that were held: so many of them have a keyword now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settle<A: CanWrite>(
        &self,
        app: &App,
        scope: &SiteScope<A>,
        held: usize,
        made: usize,
    ) -> Result<(), DbError> {
        let mut binds = self.binds(app);
        binds.insert("plan_hold", count(held));
        binds.insert("plan_more", count(made));
        let mut tx = app.db.site(scope).tx();
        tx.account_statement(
            &format!(
                "{READ_USE}\
                 IF $plan_row IS NOT NONE {{ UPDATE $plan_use SET held = math::max([0, $plan_held - $plan_hold]), \
                 keywords = IF keywords IS NONE {{ NONE }} ELSE {{ keywords + $plan_more }}, changes += 1 RETURN NONE }}"
            ),
            binds,
        );
        tx.commit().await.map(|_| ())
    }

    /// The answer to a refusal of one of these checks.
    pub fn refused(&self, error: DbError) -> Result<Error, DbError> {
        let DbError::Refused(code) = &error else {
            return Err(error);
        };
        let limits = &self.plan.limits;
        let (most, what) = match code.as_str() {
            SITES => (limits.sites, "sites"),
            USERS => (limits.users, "members, open invitations included"),
            SECTOR => (Some(limits.sectors.unwrap_or(SECTORS)), "active sectors in a site"),
            KEYWORDS => (limits.keywords, "keywords"),
            _ => return Err(error),
        };
        Ok(Error::rule(
            "plan_limit",
            format!(
                "The plan {} allows {} {what}. Remove some, or change to a larger plan.",
                self.plan.name,
                most.unwrap_or_default()
            ),
        ))
    }

    /// The answer when keywords that belong together do not all fit.
    pub fn no_room_for(&self, wanted: usize, room: usize) -> Error {
        Error::rule(
            "plan_limit",
            format!(
                "The plan {} allows {} keywords: {wanted} more do not fit, {room} would. Remove some, or change to a \
                 larger plan.",
                self.plan.name,
                self.plan.limits.keywords.unwrap_or_default()
            ),
        )
    }

    /// The message for keywords that an import left out.
    pub fn keywords_used_up(&self) -> String {
        format!(
            "the plan {} allows {} keywords, and all of them are used",
            self.plan.name,
            self.plan.limits.keywords.unwrap_or_default()
        )
    }
}

/// Reads the account's row; places that were held too long ago count no more.
const READ_USE: &str = "LET $plan_use = type::record('plan_use', record::id($account));\n\
    LET $plan_row = (SELECT * FROM ONLY $plan_use WHERE account = $account);\n\
    LET $plan_held = IF $plan_row IS NOT NONE AND $plan_row.held_until > $plan_now { $plan_row.held } ELSE { 0 };\n";

/// What an account has counted is worth nothing any more: deleted sites came back.
pub fn forget_count(tx: &mut Tx<'_>) {
    tx.account_statement(
        "UPDATE type::record('plan_use', record::id($account)) SET keywords = NONE, changes += 1 RETURN NONE",
        Variables::new(),
    );
}

fn write_guard(tx: &mut Tx<'_>) {
    let mut binds = Variables::new();
    // Any time will do for a row that holds nothing yet.
    binds.insert("plan_epoch", chrono::DateTime::<chrono::Utc>::UNIX_EPOCH);
    tx.account_statement(
        "UPSERT type::record('plan_use', record::id($account)) SET account = $account, held = held ?? 0, \
         held_until = held_until ?? $plan_epoch, changes = (changes ?? 0) + 1 RETURN NONE",
        binds,
    );
}

fn require_fewer(tx: &mut Tx<'_>, held: &str, most: u32, code: &'static str) {
    let mut binds = Variables::new();
    let name = format!("most_{code}");
    binds.insert(name.clone(), i64::from(most));
    let sql = format!("IF $account IS NONE OR {held} >= ${name} {{ THROW '{code}' }}");
    tx.account_statement(&sql, binds);
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
