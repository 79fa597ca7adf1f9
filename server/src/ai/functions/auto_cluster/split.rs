//! Cutting a plan into parts that the database can take at once.

use std::collections::HashMap;

use serde_json::Value;

use super::{New, Parent, Plan};
use crate::app::App;

/// Bytes that changing a keyword may take in the database's table in memory: the row, of which the addresses of result pages
/// are most, and its entries in some ten indexes, old and new. An estimate with room to spare; 100,000 plain keywords are saved
/// so with the default (`make bench-server`).
const BYTES: u64 = 6 * 1024;

/// Keywords that are saved in one unit of work.
pub(super) fn at_once(app: &App) -> usize {
    usize::try_from(app.config.database.memtable_bytes / BYTES)
        .unwrap_or(usize::MAX)
        .max(1)
}

/// Cuts a plan into parts of about so many keywords, and of whole clusters. Parents come before their children; what is told
/// once comes with the last.
pub(super) fn split(mut plan: Plan, at_once: usize) -> Vec<Plan> {
    let new: usize = plan.new.iter().map(|new| new.keywords.len()).sum();
    let joins: usize = plan.joins.iter().map(|(_, keywords)| keywords.len()).sum();
    if new + joins + plan.leaving.len() <= at_once {
        return vec![plan];
    }
    let depths = depths(&plan.new);
    plan.new.sort_by_key(|new| depths[&new.place]);
    let mut parts = Parts {
        at_once,
        parts: Vec::new(),
        size: 0,
        read_at: plan.read_at,
    };
    for new in plan.new {
        parts.room_for(new.keywords.len()).new.push(new);
    }
    for join in plan.joins {
        parts.room_for(join.1.len()).joins.push(join);
    }
    for some in plan.leaving.chunks(at_once) {
        let part = parts.room_for(some.len());
        part.unclustered += some.len();
        part.leaving.extend_from_slice(some);
    }
    let last = parts.room_for(0);
    last.unclustered += plan.unclustered - plan.leaving.len();
    last.by_hand = plan.by_hand;
    (last.fitting, last.settings, last.notes) = (plan.fitting, plan.settings, plan.notes);
    parts.parts
}

struct Parts {
    at_once: usize,
    parts: Vec<Plan>,
    /// Keywords of the last one.
    size: usize,
    read_at: chrono::DateTime<chrono::Utc>,
}

impl Parts {
    /// The part that takes so many more keywords.
    fn room_for(&mut self, keywords: usize) -> &mut Plan {
        if self.parts.is_empty() || (self.size > 0 && self.size + keywords > self.at_once) {
            self.parts.push(Plan {
                begun: !self.parts.is_empty(),
                ..Plan::empty(self.read_at)
            });
            self.size = 0;
        }
        self.size += keywords;
        let last = self.parts.len() - 1;
        &mut self.parts[last]
    }
}

/// How many of the new clusters each of them is below, by place.
fn depths(new: &[New]) -> HashMap<usize, usize> {
    let parents: HashMap<usize, usize> = new
        .iter()
        .filter_map(|new| match new.parent {
            Some(Parent::New(parent)) => Some((new.place, parent)),
            _ => None,
        })
        .collect();
    let depth = |place: usize| {
        let mut at = place;
        // As many steps as there are clusters: what goes in a circle ends, too.
        let above = (0..new.len()).map_while(|_| {
            at = *parents.get(&at)?;
            Some(at)
        });
        above.count()
    };
    new.iter().map(|new| (new.place, depth(new.place))).collect()
}

/// What parts have done, added up.
pub(super) fn sum(before: Value, mut now: Value) -> Value {
    for counted in [
        "clusters_created",
        "clusters_joined",
        "keywords_mapped",
        "keywords_unclustered",
        "keywords_taken_out",
        "placed_by_hand",
    ] {
        let both = [&before, &now].map(|result| result[counted].as_u64().unwrap_or(0));
        now[counted] = both.iter().sum::<u64>().into();
    }
    now
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::planner::KeywordId;
    use crate::features::planner::model::{ClusterId, ClusterRole, ContextType, Recommendations};

    fn ids(from: u128, count: u128) -> Vec<KeywordId> {
        use igny8_data::RecordKey as _;
        (from..from + count)
            .map(|n| KeywordId::from_ulid(igny8_data::ids::Ulid(n)))
            .collect()
    }

    fn new(place: usize, parent: Option<Parent>, keywords: Vec<KeywordId>) -> New {
        New {
            place,
            name: place.to_string(),
            description: String::new(),
            role: ClusterRole::Hub,
            context_type: ContextType::Topic,
            parent,
            recommendations: Recommendations::default(),
            keywords,
        }
    }

    fn plan() -> Plan {
        use igny8_data::RecordKey as _;
        let cluster = |n| ClusterId::from_ulid(igny8_data::ids::Ulid(n));
        Plan {
            new: vec![
                new(0, Some(Parent::New(2)), ids(0, 4)),
                new(1, Some(Parent::There(cluster(9))), ids(10, 5)),
                new(2, Some(Parent::New(3)), ids(20, 30)),
                new(3, None, ids(60, 3)),
            ],
            joins: vec![(cluster(1), ids(100, 6)), (cluster(2), ids(110, 6))],
            fitting: vec![(cluster(3), ids(120, 2))],
            unclustered: 27,
            leaving: ids(200, 25),
            by_hand: 3,
            settings: Some("x".into()),
            notes: vec!["told".into()],
            ..Plan::empty(chrono::DateTime::UNIX_EPOCH)
        }
    }

    #[test]
    fn what_fits_stays_whole() {
        let parts = split(plan(), 79);
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].new[0].place, 0);
    }

    #[test]
    fn parts_hold_everything_once() {
        let parts = split(plan(), 10);
        let places: Vec<Vec<usize>> = parts
            .iter()
            .map(|part| part.new.iter().map(|new| new.place).collect())
            .collect();
        assert_eq!(
            places[..3],
            [vec![1, 3], vec![2], vec![0]],
            "parents first, clusters whole"
        );
        let sizes = parts.iter().map(|part| {
            let new = part.new.iter().map(|new| new.keywords.len()).sum::<usize>();
            new + part.joins.iter().map(|(_, keywords)| keywords.len()).sum::<usize>() + part.leaving.len()
        });
        assert_eq!(sizes.collect::<Vec<_>>(), [8, 30, 10, 6, 10, 10, 5]);
        assert_eq!(parts.iter().map(|part| part.unclustered).sum::<usize>(), 27);
        assert_eq!(parts.iter().map(|part| part.by_hand).sum::<usize>(), 3);
        let told: Vec<bool> = parts.iter().map(|part| part.settings.is_some()).collect();
        assert_eq!(told, [false, false, false, false, false, false, true]);
        let begun = parts.iter().filter(|part| part.begun).count();
        assert!(begun == 6 && !parts[0].begun);
        assert_eq!(parts[6].fitting.len() + parts[6].notes.len(), 2);
    }

    #[test]
    fn circles_end() {
        let mut plan = plan();
        plan.new[3].parent = Some(Parent::New(0));
        assert_eq!(split(plan, 10).iter().map(|part| part.new.len()).sum::<usize>(), 4);
    }
}
