//! Clusters that pages of a folder name.

use std::collections::HashMap;

use igny8_data::{SectorId, Select, SiteScope, Write};
use igny8_renderer::site as folder;

use super::super::{FoldersError, ImportReport};
use super::Options;
use crate::app::App;
use crate::features::planner::{Cluster, ClusterId, text_key};
use crate::features::sites::Sector;

/// Ids by normalised name, with the sector a cluster belongs to.
#[derive(Default)]
pub struct Clusters(HashMap<String, (ClusterId, SectorId)>);

impl Clusters {
    pub fn get(&self, name: &str) -> Option<(ClusterId, SectorId)> {
        self.0.get(&text_key(name)).copied()
    }
}

pub async fn import(
    app: &App,
    scope: &SiteScope<Write>,
    folder: &folder::Site,
    options: Options,
    report: &mut ImportReport,
) -> Result<Clusters, FoldersError> {
    let db = app.db.site(scope);
    let mut clusters = Clusters::default();
    for row in db.list::<Cluster>(Select::new()).await? {
        clusters.0.entry(text_key(&row.name)).or_insert((row.id, row.sector));
    }
    let mut wanted: Vec<&str> = Vec::new();
    for cluster in folder.pages.iter().filter_map(|page| page.cluster.as_ref()) {
        let key = text_key(&cluster.name);
        if !key.is_empty() && clusters.get(&key).is_none() && !wanted.iter().any(|w| text_key(w) == key) {
            wanted.push(&cluster.name);
        }
    }
    report.clusters = wanted.len();
    if wanted.is_empty() || options.dry_run {
        return Ok(clusters);
    }
    let now = app.db.clock().now();
    let first = db
        .list::<Sector>(Select::new().equals("active", true).limit(1))
        .await?
        .pop();
    let mut tx = db.tx();
    let sector = match first {
        Some(sector) => sector.id,
        None => {
            let sector = sector(app, scope, "General", "general");
            let id = sector.id;
            tx.create(sector);
            id
        }
    };
    for name in wanted {
        let cluster = Cluster::new(app.db.ids().make(), scope, sector, name, now);
        clusters.0.insert(text_key(name), (cluster.id, sector));
        tx.create(cluster);
    }
    tx.commit().await?;
    Ok(clusters)
}

fn sector(app: &App, scope: &SiteScope<Write>, name: &str, slug: &str) -> Sector {
    let now = app.db.clock().now();
    Sector {
        id: app.db.ids().make(),
        account: scope.account(),
        site: scope.site(),
        name: name.to_owned(),
        slug: slug.to_owned(),
        description: String::new(),
        active: true,
        rev: 1,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    }
}
