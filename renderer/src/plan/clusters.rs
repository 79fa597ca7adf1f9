//! Clusters: pages about one subject, one of which, the hub, leads to all of them.

use std::collections::BTreeMap;

use super::Plan;
use crate::diagnostic::Diagnostic;
use crate::incremental::trace::{self, Fact};
use crate::site::ClusterRole;

/// A cluster in one language.
#[derive(Debug)]
pub struct PlannedCluster {
    /// Names the cluster across renders.
    pub identity: u64,
    pub name: String,
    pub hub: Option<usize>,
    /// Its pages but the hub: those that support it, then those about an attribute; newest first.
    pub members: Vec<usize>,
}

impl Plan<'_> {
    pub(super) fn gather_clusters(&mut self, findings: &mut Vec<Diagnostic>) {
        let mut by_id: BTreeMap<(&str, usize), Vec<usize>> = BTreeMap::new();
        let pages = self.pages.rows();
        for (i, planned) in pages.iter().enumerate() {
            if let Some(cluster) = &planned.page.cluster {
                by_id
                    .entry((cluster.id.as_str(), planned.language))
                    .or_default()
                    .push(i);
            }
        }
        let role = |i: usize| pages[i].page.cluster.as_ref().map(|c| c.role);
        let mut clusters = Vec::with_capacity(by_id.len());
        let mut cluster_of = vec![None; pages.len()];
        for ((id, language), mut members) in by_id {
            for &page in &members {
                cluster_of[page] = Some(clusters.len());
            }
            let hub = members.iter().copied().find(|&i| role(i) == Some(ClusterRole::Hub));
            let named = hub.or(members.first().copied());
            let name = named
                .and_then(|i| pages[i].page.cluster.as_ref())
                .map_or("", |c| c.name.as_str());
            for &second in members
                .iter()
                .filter(|&&i| Some(i) != hub && role(i) == Some(ClusterRole::Hub))
            {
                let first = hub.map_or("", |h| pages[h].path.as_str());
                let message = format!("the cluster “{name}” has the hub {first} already; this page is listed there");
                findings.push(Diagnostic::warning(&pages[second].path, "cluster-hubs", message));
            }
            members.retain(|&i| Some(i) != hub);
            members.sort_by_key(|&i| (role(i) == Some(ClusterRole::Attribute), self.newest[i]));
            clusters.push(PlannedCluster {
                identity: trace::identity(&(id, language)),
                name: name.to_owned(),
                hub,
                members,
            });
        }
        (self.clusters, self.cluster_of) = (clusters, cluster_of);
    }

    /// All clusters, unnoticed: for what looks at the whole site after the jobs.
    pub fn clusters(&self) -> &[PlannedCluster] {
        &self.clusters
    }

    /// The cluster that a page is in.
    pub fn cluster_of(&self, page: usize) -> Option<&PlannedCluster> {
        let cluster = &self.clusters[self.cluster_of[page]?];
        trace::read(Fact::Cluster, || cluster.identity);
        Some(cluster)
    }
}
