//! Numbers about clusters, computed for those of one page by grouped queries.

use std::collections::{HashMap, HashSet};

use igny8_data::{Access, SiteDb, SurrealValue, Variables};
use poem_openapi::Enum;

use crate::api::Result;
use crate::features::planner::model::{ClusterId, ClusterRole, text_key};

/// What is known about a cluster's keywords and content.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Numbers {
    pub keywords: i64,
    pub volume: i64,
    difficulties: i64,
    rated: i64,
    hubs: i64,
    supporting: i64,
    others: i64,
    pub ideas: i64,
    /// Whether some content of the site has the cluster's most searched keyword as its primary one.
    top_covered: bool,
}

/// What the content of a cluster can lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "ClusterGap", rename_all = "snake_case")]
pub enum Gap {
    /// No hub page.
    NoHub,
    /// Fewer than two supporting pages.
    FewSupportingPages,
    /// No content aims at its most searched keyword.
    TopKeywordUncovered,
    /// Nothing at all.
    NoContent,
}

impl Numbers {
    /// Mean difficulty of the keywords that have one.
    pub fn difficulty(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "sums of numbers up to 100")]
        (self.rated > 0).then(|| self.difficulties as f64 / self.rated as f64)
    }

    pub fn content(&self) -> i64 {
        self.hubs + self.supporting + self.others
    }

    /// What the cluster's content lacks.
    pub fn gaps(&self) -> Vec<String> {
        [
            (Gap::NoHub, "no_hub"),
            (Gap::FewSupportingPages, "few_supporting_pages"),
            (Gap::TopKeywordUncovered, "top_keyword_uncovered"),
        ]
        .into_iter()
        .filter(|(gap, _)| self.has(*gap))
        .map(|(_, name)| name.to_owned())
        .collect()
    }

    pub fn has(&self, gap: Gap) -> bool {
        match gap {
            Gap::NoHub => self.hubs == 0,
            Gap::FewSupportingPages => self.supporting < 2,
            Gap::TopKeywordUncovered => self.keywords > 0 && !self.top_covered,
            Gap::NoContent => self.content() == 0,
        }
    }
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Keywords {
    cluster: ClusterId,
    n: i64,
    volume: i64,
    top: i64,
    difficulties: i64,
    rated: i64,
}

/// Ideas for a cluster.
#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Ideas {
    cluster: ClusterId,
    n: i64,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Pages {
    cluster: ClusterId,
    cluster_role: Option<ClusterRole>,
    n: i64,
}

#[derive(SurrealValue)]
#[surreal(crate = "surrealdb_types")]
struct Top {
    cluster: ClusterId,
    text_key: String,
}

/// The numbers of each of these clusters.
///
/// # Errors
/// When the database fails.
pub async fn of<A: Access>(db: &SiteDb<'_, A>, ids: Vec<ClusterId>) -> Result<HashMap<ClusterId, Numbers>> {
    let mut numbers: HashMap<ClusterId, Numbers> = HashMap::new();
    if ids.is_empty() {
        return Ok(numbers);
    }
    // A statement for each cluster goes by the index over site and cluster; a list of clusters would read every keyword of
    // the site.
    let mut binds = Variables::new();
    let mut sql = String::new();
    for (n, id) in ids.iter().enumerate() {
        binds.insert(format!("c{n}"), *id);
        // A disabled keyword needs no content.
        sql += &format!(
            "SELECT cluster, count() AS n, math::sum(volume) AS volume, \
             math::max(IF disabled {{ -1 }} ELSE {{ volume }}) AS top, \
             math::sum(difficulty ?? 0) AS difficulties, count(difficulty IS NOT NONE) AS rated FROM keyword \
             WITH INDEX keyword_by_cluster WHERE site = $site AND cluster = $c{n} AND account = $account AND deleted_at IS NONE GROUP BY cluster;"
        );
    }
    let count = ids.len();
    binds.insert("ids", ids);
    sql += &format!(
        "{PAGES} AND cluster INSIDE $ids GROUP BY cluster, cluster_role;\
         SELECT VALUE primary_keyword FROM content WHERE site = $site AND account = $account \
         AND deleted_at IS NONE AND primary_keyword IS NOT NONE;\
         SELECT cluster, count() AS n FROM idea WHERE site = $site AND account = $account \
         AND deleted_at IS NONE AND cluster INSIDE $ids GROUP BY cluster;"
    );
    let mut answer = db.query(&sql, binds, "counting what clusters have").await?;
    let mut tops = Vec::new();
    let mut groups = Vec::with_capacity(count);
    for n in 0..count {
        groups.extend(answer.rows::<Keywords>(n)?);
    }
    for row in groups {
        let entry = numbers.entry(row.cluster).or_default();
        entry.keywords = row.n;
        entry.volume = row.volume;
        entry.difficulties = row.difficulties;
        entry.rated = row.rated;
        match row.top < 0 {
            true => entry.top_covered = true,
            false => tops.push((row.cluster, row.top)),
        }
    }
    add_pages(&mut numbers, answer.rows::<Pages>(count)?);
    for row in answer.rows::<Ideas>(count + 2)? {
        numbers.entry(row.cluster).or_default().ideas = row.n;
    }
    let written: HashSet<String> = answer
        .rows::<String>(count + 1)?
        .iter()
        .map(|text| text_key(text))
        .collect();
    if !written.is_empty() && !tops.is_empty() {
        for row in most_searched(db, &tops).await? {
            if written.contains(&row.text_key)
                && let Some(entry) = numbers.get_mut(&row.cluster)
            {
                entry.top_covered = true;
            }
        }
    }
    Ok(numbers)
}

/// How many pieces of content clusters have, by role.
const PAGES: &str = "SELECT cluster, cluster_role, count() AS n FROM content WHERE site = $site AND account = $account \
                     AND deleted_at IS NONE";

/// Clusters whose numbers are asked for at once.
const AT_ONCE: usize = 100;

/// Those of the clusters that have the gap.
///
/// # Errors
/// When the database fails.
pub async fn with_gap<A: Access>(db: &SiteDb<'_, A>, ids: Vec<ClusterId>, gap: Gap) -> Result<Vec<ClusterId>> {
    let mut numbers: HashMap<ClusterId, Numbers> = HashMap::new();
    if gap == Gap::TopKeywordUncovered {
        for some in ids.chunks(AT_ONCE) {
            numbers.extend(of(db, some.to_vec()).await?);
        }
    } else {
        let sql = format!("{PAGES} AND cluster IS NOT NONE GROUP BY cluster, cluster_role;");
        let mut answer = db.query(&sql, Variables::new(), "counting content of clusters").await?;
        add_pages(&mut numbers, answer.rows(0)?);
    }
    let none = Numbers::default();
    Ok(ids
        .into_iter()
        .filter(|id| numbers.get(id).unwrap_or(&none).has(gap))
        .collect())
}

fn add_pages(numbers: &mut HashMap<ClusterId, Numbers>, rows: Vec<Pages>) {
    for row in rows {
        let entry = numbers.entry(row.cluster).or_default();
        match row.cluster_role {
            Some(ClusterRole::Hub) => entry.hubs += row.n,
            Some(ClusterRole::Supporting) => entry.supporting += row.n,
            _ => entry.others += row.n,
        }
    }
}

/// The keywords that have the highest volume of their cluster; several where they share it.
async fn most_searched<A: Access>(db: &SiteDb<'_, A>, tops: &[(ClusterId, i64)]) -> Result<Vec<Top>> {
    let mut binds = Variables::new();
    let mut sql = String::new();
    for (n, (cluster, top)) in tops.iter().enumerate() {
        binds.insert(format!("c{n}"), *cluster);
        binds.insert(format!("v{n}"), *top);
        sql += &format!(
            "SELECT cluster, text_key FROM keyword WITH INDEX keyword_by_cluster WHERE site = $site AND cluster = $c{n} AND account = $account \
             AND volume = $v{n} AND disabled = false AND deleted_at IS NONE LIMIT 100;"
        );
    }
    let mut answer = db.query(&sql, binds, "finding top keywords").await?;
    let mut rows = Vec::new();
    for n in 0..tops.len() {
        rows.extend(answer.rows::<Top>(n)?);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_of_clusters() {
        let full = Numbers {
            keywords: 3,
            hubs: 1,
            supporting: 2,
            top_covered: true,
            difficulties: 90,
            rated: 2,
            ..Numbers::default()
        };
        assert!(full.gaps().is_empty());
        assert_eq!((full.difficulty(), full.content()), (Some(45.0), 3));
        assert_eq!(Numbers::default().gaps(), ["no_hub", "few_supporting_pages"]);
        assert_eq!(Numbers::default().difficulty(), None);
        let uncovered = Numbers {
            top_covered: false,
            supporting: 1,
            ..full
        };
        assert_eq!(uncovered.gaps(), ["few_supporting_pages", "top_keyword_uncovered"]);
    }
}
