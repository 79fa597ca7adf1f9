//! What changed between two scores.

use serde::{Deserialize, Serialize};

use crate::report::{Check, Light, Report};
use crate::weights::CheckId;

/// A check before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Change {
    pub id: CheckId,
    pub before: Check,
    pub after: Check,
}

/// A score before and after, with the checks whose light, points or measure changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// 0 to 100.
    pub before: u8,
    /// 0 to 100.
    pub after: u8,
    /// `after` less `before`.
    pub difference: i16,
    /// Checks with a better light.
    pub better: Vec<CheckId>,
    /// Checks with a worse light.
    pub worse: Vec<CheckId>,
    /// All that changed, in the order of [`CheckId`].
    pub changes: Vec<Change>,
}

impl Comparison {
    /// Compares two reports.
    pub fn new(before: &Report, after: &Report) -> Comparison {
        let changes: Vec<Change> = before
            .checks
            .iter()
            .filter_map(|old| Some((old, after.check(old.id)?)))
            .filter(|(old, new)| old.light != new.light || old.rating != new.rating || old.measured != new.measured)
            .map(|(old, new)| Change {
                id: old.id,
                before: old.clone(),
                after: new.clone(),
            })
            .collect();
        // A check that was not scored on one side is neither better nor worse.
        let both = |change: &&Change| change.before.weight > 0.0 && change.after.weight > 0.0;
        let lights = |worse: bool| {
            changes
                .iter()
                .filter(both)
                .filter(|c| {
                    if worse {
                        c.after.light < c.before.light
                    } else {
                        c.after.light > c.before.light
                    }
                })
                .map(|c| c.id)
                .collect()
        };
        Comparison {
            before: before.score,
            after: after.score,
            difference: i16::from(after.score) - i16::from(before.score),
            better: lights(false),
            worse: lights(true),
            changes,
        }
    }

    /// Whether the change is worth making: the score rises; or it stays while a check that failed is green now and none is
    /// worse.
    pub fn is_gain(&self) -> bool {
        let mended = |change: &Change| change.after.light == Light::Green && self.better.contains(&change.id);
        match self.difference {
            1.. => true,
            0 => self.worse.is_empty() && self.changes.iter().any(mended),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Input, score};

    #[test]
    fn changes_are_told() {
        let old = score(&Input {
            title: "Pumps",
            primary_keyword: Some("sump pump"),
            body: "<p>A sump pump.</p>",
            ..Input::default()
        });
        let new = score(&Input {
            title: "Sump pumps",
            primary_keyword: Some("sump pump"),
            body: "<p>A pump.</p><img alt='A sump pump in a cellar'>",
            ..Input::default()
        });
        let comparison = Comparison::new(&old, &new);
        assert_eq!(comparison.difference, i16::from(new.score) - i16::from(old.score));
        let better = [CheckId::KeywordInTitle, CheckId::Images, CheckId::KeywordInImages];
        assert_eq!(comparison.better, better);
        assert_eq!(
            comparison.worse,
            [CheckId::KeywordInIntroduction, CheckId::KeywordDensity]
        );
        assert!(comparison.changes.iter().any(|c| c.id == CheckId::ImageAlt));
        assert!(Comparison::new(&old, &old).changes.is_empty());
    }

    #[test]
    fn gains_raise_the_score_or_mend_a_check() {
        let report = score(&Input::default());
        let two = |changed: &[(Light, Light)], difference: i16| {
            let (mut before, mut after) = (report.clone(), report.clone());
            for (n, (was, is)) in changed.iter().enumerate() {
                (before.checks[n].light, after.checks[n].light) = (*was, *is);
                // Scored on both sides.
                (before.checks[n].weight, after.checks[n].weight) = (1.0, 1.0);
            }
            let mut comparison = Comparison::new(&before, &after);
            comparison.difference = difference;
            comparison.is_gain()
        };
        use Light::{Green, Orange, Red};
        type Lights<'a> = &'a [(Light, Light)];
        let cases: [(Lights<'_>, i16, bool); 9] = [
            (&[], 0, false),
            (&[], 1, true),
            (&[(Red, Green)], 0, true),
            (&[(Orange, Green)], 0, true),
            (&[(Red, Orange)], 0, false),
            (&[(Red, Green)], -1, false),
            (&[(Red, Green), (Green, Orange)], 0, false),
            (&[(Red, Green), (Green, Orange)], 1, true),
            (&[(Green, Orange)], 0, false),
        ];
        for (changed, difference, expected) in cases {
            assert_eq!(two(changed, difference), expected, "{changed:?} {difference}");
        }
    }
}
