//! The wizard: six steps, each with a gate, from business details to pages that are handed off.
//!
//! [`Wizard`] is what is stored of one plan: which steps were completed, and which were re-opened since and why. Everything
//! else follows from it and from [`Facts`], small numbers that are read when they are needed. Nothing here reads or waits.
//!
//! - [`Wizard::advance`] completes a step, or says what is missing.
//! - [`Wizard::changed`] re-opens what rests on something that was changed ([`change`], a table).
//! - [`Wizard::settle`] re-opens steps whose gate does not hold any more, whatever the reason.
//!
//! **A step is complete only while its gate holds**: `advance` settles first, so no way leads past a gate.

pub mod change;
pub mod gate;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use self::change::{Change, Reopened};
pub use self::gate::{Facts, Reason, ReasonCode};
use crate::names::{Choice, choice};

choice! {
    /// A step.
    Step, "step" {
        /// What the business is.
        BusinessDetails = "business_details",
        /// What it wants to be found by.
        Clusters = "clusters",
        /// How content is filed.
        Taxonomy = "taxonomy",
        /// Which pages there are.
        Sitemap = "sitemap",
        /// Whether something is missing.
        Coverage = "coverage",
        /// What is written first.
        HandOff = "hand_off",
    }
}

choice! {
    /// How far a plan is: the last of the steps that are complete without a gap before them.
    State, "state" {
        /// Just begun.
        Draft = "draft",
        /// The business is described.
        BusinessDetails = "business_details",
        /// Clusters are attached.
        ClustersReady = "clusters_ready",
        /// Terms are there and mapped.
        TaxonomiesReady = "taxonomies_ready",
        /// Pages are planned.
        SitemapReady = "sitemap_ready",
        /// Nothing is missing, or it is waived.
        CoverageValidated = "coverage_validated",
        /// Pages became ideas and tasks.
        HandedOff = "handed_off",
    }
}

choice! {
    /// How a step is.
    Status, "status" {
        /// Its turn has not come.
        Pending = "pending",
        /// Its turn has come, and something is missing.
        InProgress = "in_progress",
        /// Its turn has come, and it can be completed.
        Ready = "ready",
        /// It was complete, and something it rests on is not there any more.
        Blocked = "blocked",
        /// It is done.
        Complete = "complete",
    }
}

/// What is stored of one plan's way through the steps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wizard {
    #[serde(default)]
    complete: BTreeSet<Step>,
    /// Steps that were complete, with what re-opened them.
    #[serde(default)]
    reopened: BTreeMap<Step, BTreeSet<Change>>,
}

/// How a step is, for whoever looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepView {
    /// Which.
    pub step: Step,
    /// How it is.
    pub status: Status,
    /// What is missing; empty where nothing is, and for steps whose turn has not come.
    pub reasons: Vec<Reason>,
    /// What re-opened it.
    pub reopened: Vec<Reopened>,
}

impl Step {
    /// All of them, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::ALL.iter().map(|(step, _, _)| *step)
    }

    /// Those before it.
    fn earlier(self) -> impl Iterator<Item = Self> {
        Self::all().take_while(move |step| *step != self)
    }

    /// The state that is reached when it and all before it are complete.
    fn reaches(self) -> State {
        match self {
            Self::BusinessDetails => State::BusinessDetails,
            Self::Clusters => State::ClustersReady,
            Self::Taxonomy => State::TaxonomiesReady,
            Self::Sitemap => State::SitemapReady,
            Self::Coverage => State::CoverageValidated,
            Self::HandOff => State::HandedOff,
        }
    }
}

impl Wizard {
    /// How far the plan is.
    pub fn state(&self) -> State {
        let last = Step::all().take_while(|step| self.complete.contains(step)).last();
        last.map_or(State::Draft, Step::reaches)
    }

    /// Completes a step. One that is complete already stays so.
    ///
    /// # Errors
    /// All that is missing: earlier steps, and the step's own gate.
    pub fn advance(&mut self, step: Step, facts: &Facts) -> Result<State, Vec<Reason>> {
        self.settle(facts);
        let mut reasons: Vec<Reason> = step
            .earlier()
            .filter(|earlier| !self.complete.contains(earlier))
            .map(|earlier| Reason::earlier(step, earlier))
            .collect();
        reasons.extend(gate::missing(step, facts));
        if !reasons.is_empty() {
            return Err(reasons);
        }
        self.complete.insert(step);
        self.reopened.remove(&step);
        Ok(self.state())
    }

    /// Re-opens the steps that rest on what was changed; answers those that were complete. The step in which it was changed
    /// stays as it is.
    pub fn changed(&mut self, change: Change) -> Vec<Reopened> {
        let rest = change::reopens(change).iter();
        rest.filter_map(|&(step, why)| self.reopen(step, change, why)).collect()
    }

    /// Re-opens steps whose gates do not hold any more; answers them.
    pub fn settle(&mut self, facts: &Facts) -> Vec<Reopened> {
        let lost: Vec<Step> = self
            .complete
            .iter()
            .copied()
            .filter(|step| !gate::missing(*step, facts).is_empty())
            .collect();
        lost.into_iter()
            .filter_map(|step| self.reopen(step, Change::Lost, change::LOST))
            .collect()
    }

    fn reopen(&mut self, step: Step, change: Change, why: &'static str) -> Option<Reopened> {
        let was_complete = self.complete.remove(&step);
        // A step that waits to be done again waits for all reasons; one that was never done waits for none.
        if was_complete || self.reopened.contains_key(&step) {
            self.reopened.entry(step).or_default().insert(change);
        }
        was_complete.then_some(Reopened { step, change, why })
    }

    /// All steps as they are now.
    pub fn steps(&self, facts: &Facts) -> Vec<StepView> {
        let mut now = self.clone();
        now.settle(facts);
        let turn = Step::all().find(|step| !now.complete.contains(step));
        Step::all()
            .map(|step| {
                let missing = gate::missing(step, facts);
                let reopened = now.reopened_by(step);
                let (status, reasons) = if now.complete.contains(&step) {
                    (Status::Complete, Vec::new())
                } else if turn == Some(step) {
                    match (missing.is_empty(), reopened.iter().any(|by| by.change == Change::Lost)) {
                        (true, _) => (Status::Ready, Vec::new()),
                        (false, true) => (Status::Blocked, missing),
                        (false, false) => (Status::InProgress, missing),
                    }
                } else if reopened.is_empty() {
                    (Status::Pending, Vec::new())
                } else {
                    let first = turn.map(|earlier| Reason::earlier(step, earlier));
                    (Status::Blocked, first.into_iter().chain(missing).collect())
                };
                StepView {
                    step,
                    status,
                    reasons,
                    reopened,
                }
            })
            .collect()
    }

    fn reopened_by(&self, step: Step) -> Vec<Reopened> {
        let by = self.reopened.get(&step).into_iter().flatten();
        by.map(|&change| Reopened {
            step,
            change,
            why: change::why(change, step),
        })
        .collect()
    }
}
