//! Schedules as stored.

use chrono::{DateTime, Utc};
use igny8_data::{AccountId, JobId, SectorId, SiteId, SurrealValue, UserId, id_type, record};
use poem_openapi::Enum;

use super::cron::Times;
use crate::api::validate::Check;
use crate::features::planner::model::choice;

id_type!(
    /// Work that comes again and again.
    SiteScheduleId, "site_schedule", "sched_"
);

choice!(
    /// What a schedule does.
    ScheduleAction {
        DeploySite,
        /// Groups the keywords of its sector that are in no cluster.
        AutoCluster,
        /// Makes ideas for the clusters of its sector that have none.
        GenerateIdeas,
    }
);

/// A schedule as stored.
#[derive(Debug, Clone, SurrealValue)]
#[surreal(crate = "surrealdb_types")]
pub struct SiteSchedule {
    pub id: SiteScheduleId,
    pub account: AccountId,
    pub site: SiteId,
    pub name: String,
    pub action: ScheduleAction,
    pub sector: Option<SectorId>,
    pub cron: String,
    pub time_zone: String,
    /// Whose rights it has; without one the installation's, for what an API key made.
    pub user: Option<UserId>,
    pub enabled: bool,
    /// What came of the last run, or why it is switched off, where there is something to say.
    pub note: Option<String>,
    /// `None` while it is not enabled.
    pub next_at: Option<DateTime<Utc>>,
    pub last_at: Option<DateTime<Utc>>,
    pub last_job: Option<JobId>,
    pub rev: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

record!(SiteSchedule, SiteScheduleId, site);

impl SiteSchedule {
    /// Checks what a user may set, and finds the next time.
    pub fn check(&mut self, check: &mut Check, now: DateTime<Utc>) {
        self.name = self.name.trim().to_owned();
        check.that(
            (1..=120).contains(&self.name.chars().count()),
            "name",
            "must have 1 to 120 characters",
        );
        let needs_sector = self.action != ScheduleAction::DeploySite;
        check.that(
            self.sector.is_some() == needs_sector,
            "sector",
            if needs_sector {
                "must be given with this action"
            } else {
                "must not be given with this action"
            },
        );
        match Times::parse(&self.cron, &self.time_zone, now) {
            Ok(times) => self.next_at = times.after(now).filter(|_| self.enabled),
            Err((field, problem)) => {
                check.that(false, field, problem);
            }
        }
    }
}
