//! The plan behind the demo: a sector, clusters and keywords.

use std::collections::HashMap;

use igny8_data::{Select, SiteScope, SurrealValue as _, Write};
use serde::Deserialize;

use super::files;
use crate::app::App;
use crate::features::planner::model::{ClusterStatus, ContextType, Intent, Recommendations};
use crate::features::planner::{Cluster, ClusterId, ClusterRole, Keyword};
use crate::features::sites::Sector;

#[derive(Deserialize)]
struct Clusters {
    clusters: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    description: String,
    context_type: String,
    role: String,
    primary_keyword: String,
    suggested_terms: Vec<String>,
}

/// A line of keywords.csv.
struct Line<'a> {
    text: &'a str,
    volume: i64,
    difficulty: i64,
    cpc: f64,
    intent: &'a str,
    cluster: &'a str,
}

/// Adds the plan to a site that has no keywords yet.
pub async fn import(app: &App, scope: &SiteScope<Write>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let db = app.db.site(scope);
    if !db.list::<Keyword>(Select::new().limit(1)).await?.is_empty() {
        return Ok(());
    }
    let (clusters, keywords) = read()?;
    let now = app.db.clock().now();
    let sector = Sector {
        id: app.db.ids().make(),
        account: scope.account(),
        site: scope.site(),
        name: "Bicycle workshop".into(),
        slug: "bicycle-workshop".into(),
        description: "Repair, parts and riding.".into(),
        active: true,
        rev: 1,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    };
    let mut ids: HashMap<String, ClusterId> = HashMap::new();
    let mut rows = Vec::new();
    for entry in clusters.clusters {
        let mut row = Cluster::new(app.db.ids().make(), scope, sector.id, &entry.name, now);
        row.description = entry.description;
        row.context_type = choice::<ContextType>(&entry.context_type)?;
        row.role = choice::<ClusterRole>(&entry.role)?;
        row.status = ClusterStatus::Mapped;
        row.recommendations = Recommendations {
            terms: entry.suggested_terms,
            attributes: Vec::new(),
            primary_keyword: Some(entry.primary_keyword),
        };
        ids.insert(entry.name, row.id);
        rows.push(row);
    }
    let mut words = Vec::new();
    for line in keywords {
        let mut row = Keyword::new(app.db.ids().make(), scope, sector.id, line.text, now);
        row.volume = line.volume;
        row.difficulty = Some(line.difficulty);
        row.cpc = Some(line.cpc);
        row.intent = Some(choice::<Intent>(line.intent)?);
        row.set_cluster(ids.get(line.cluster).copied());
        words.push(row);
    }
    let mut tx = db.tx();
    tx.create(sector).create_all(rows).create_all(words);
    tx.commit().await?;
    Ok(())
}

fn read() -> Result<(Clusters, Vec<Line<'static>>), Box<dyn std::error::Error + Send + Sync>> {
    let clusters = files::text("clusters.toml").ok_or("clusters.toml is missing")?;
    let keywords = files::text("keywords.csv").ok_or("keywords.csv is missing")?;
    let mut lines = Vec::new();
    for line in keywords.lines().skip(1).filter(|line| !line.is_empty()) {
        let fields: Vec<&str> = line.split(',').collect();
        let [text, volume, difficulty, cpc, intent, cluster] = fields[..] else {
            return Err(format!("keywords.csv: six fields expected: {line}").into());
        };
        lines.push(Line {
            text,
            volume: volume.parse()?,
            difficulty: difficulty.parse()?,
            cpc: cpc.parse()?,
            intent,
            cluster,
        });
    }
    Ok((toml::from_str(clusters)?, lines))
}

fn choice<T: igny8_data::SurrealValue>(word: &str) -> Result<T, Box<dyn std::error::Error + Send + Sync>> {
    T::from_value(word.to_owned().into_value()).map_err(|e| format!("{word}: {e}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_keyword_names_a_cluster_of_the_plan() {
        let (clusters, lines) = read().unwrap();
        assert!(lines.len() > 100);
        for line in lines {
            choice::<Intent>(line.intent).unwrap();
            assert!(
                line.cluster.is_empty() || clusters.clusters.iter().any(|c| c.name == line.cluster),
                "{}",
                line.cluster
            );
        }
        for entry in clusters.clusters {
            choice::<ContextType>(&entry.context_type).unwrap();
            choice::<ClusterRole>(&entry.role).unwrap();
        }
    }
}
