//! What is good and bad about the links of a site.

use std::collections::BTreeMap;

use super::findings::{
    AnchorUse, Anchors, CompetingAnchor, DeadLink, DeepPage, Limits, LinkMap, Listing, MapEdge, MapNode, PageLinks,
    PageRef, Pillar, Report, Why,
};
use super::measure::{self, Arcs};
use super::{Edge, Graph, Node, There};
use crate::index::uses::MIX_FROM;
use crate::page::Role;

/// Clicks from home that a page should need at most.
const DEEP: u32 = 3;
/// Links on a map for each of its pages.
const EDGES_PER_NODE: usize = 20;

/// The published pages, numbered in the order of their paths, with their links; archives come last.
struct View<'a> {
    nodes: Vec<&'a Node>,
    /// How many of them are no archives.
    pages: usize,
    there: Vec<There>,
    number: Vec<u32>,
    /// Between pages that are no archives.
    content: Arcs,
    /// Further parts of lists are nodes of their own here, after all others.
    all: Arcs,
    navigation: usize,
    home: Option<u32>,
}

impl<'a> View<'a> {
    /// Those that are no archives.
    fn pages(&self) -> &[&'a Node] {
        &self.nodes[..self.pages]
    }

    /// The home page, if it has a text.
    fn home_text(&self) -> Option<u32> {
        self.home.filter(|&home| (home as usize) < self.pages)
    }
}

const NONE: u32 = u32::MAX;

impl Graph {
    fn view(&self) -> View<'_> {
        let there: Vec<There> = (0u32..).take(self.paths.len()).map(|path| self.there(path)).collect();
        let mut number = vec![NONE; self.slots.len()];
        let mut nodes = Vec::with_capacity(self.order.len());
        let mut pages = 0;
        for archives in [false, true] {
            for &slot in self.order.values() {
                if let Some(node) = self.node(slot).filter(|n| n.published && n.archive == archives) {
                    number[slot as usize] = u32::try_from(nodes.len()).unwrap_or(NONE);
                    nodes.push(node);
                }
            }
            if !archives {
                pages = nodes.len();
            }
        }
        let (mut content, mut all, mut navigation) = (Vec::new(), Vec::new(), 0);
        // What further parts of lists show.
        let mut further: Vec<Vec<u32>> = Vec::new();
        let mut own: Vec<(u32, bool)> = Vec::new();
        for (from, node) in (0u32..).zip(&nodes) {
            let lead = |edge: &Edge| {
                let to = number[there[edge.to as usize].page()? as usize];
                (to != NONE && to != from).then_some((to, edge.navigation))
            };
            let (first, parts) = node.shown();
            own.clear();
            own.extend(first.iter().filter_map(lead));
            own.sort_unstable();
            own.dedup();
            let is_text = |n: u32| (n as usize) < pages;
            let in_text = own.iter().filter(|e| !e.1 && is_text(from) && is_text(e.0));
            content.extend(in_text.map(|e| (from, e.0)));
            navigation += own.iter().filter(|e| e.1).count();
            own.dedup_by_key(|e| e.0);
            all.extend(own.iter().map(|e| (from, e.0)));
            for (n, part) in parts.enumerate() {
                let number = u32::try_from(nodes.len() + further.len()).unwrap_or(NONE);
                match further.last_mut().filter(|_| n > 0) {
                    Some(before) => before.push(number),
                    None => all.push((from, number)),
                }
                let mut shown: Vec<u32> = part.iter().filter_map(lead).map(|(to, _)| to).collect();
                shown.sort_unstable();
                shown.dedup();
                navigation += shown.len();
                further.push(shown);
            }
        }
        let all_nodes = nodes.len() + further.len();
        for (from, shown) in (nodes.len()..).zip(&further) {
            let from = u32::try_from(from).unwrap_or(NONE);
            all.extend(shown.iter().map(|&to| (from, to)));
        }
        let home = self.paths.get(&self.home).and_then(|path| there[path as usize].page());
        View {
            content: Arcs::new(pages, &content),
            all: Arcs::new(all_nodes, &all),
            navigation,
            home: home.map(|slot| number[slot as usize]).filter(|&n| n != NONE),
            nodes,
            pages,
            there,
            number,
        }
    }

    fn page_ref(&self, node: &Node) -> PageRef {
        PageRef {
            id: node.id.clone(),
            path: self.paths.text(node.path).to_owned(),
            title: node.title.clone(),
        }
    }

    fn anchor_use(&self, source: &Node, target: &Node, edge: &Edge) -> AnchorUse {
        AnchorUse {
            source: self.page_ref(source),
            target: self.page_ref(target),
            anchor: self.anchors.text(edge.anchor).to_owned(),
        }
    }

    /// The state of the site.
    pub fn report(&self, limits: Limits) -> Report {
        let limit = limits.items;
        let view = self.view();
        let inbound = view.content.inbound();
        let depths = measure::depths(&view.content, view.home_text());
        let depths_all = measure::depths(&view.all, view.home);
        let depths_all = &depths_all[..view.pages];
        let parts = measure::components(&view.content);
        let mut sizes: BTreeMap<u32, usize> = BTreeMap::new();
        for part in &parts {
            *sizes.entry(*part).or_default() += 1;
        }
        let pages = |wanted: &dyn Fn(usize) -> bool| {
            let found = view.pages().iter().enumerate().filter(|(i, _)| wanted(*i));
            Listing::new(found.map(|(_, node)| self.page_ref(node)), limit)
        };
        let is_home = |i: usize| view.home.is_some_and(|home| home as usize == i);
        let far = |depth: &Option<u32>| depth.is_none_or(|d| d > DEEP);
        let deep = view
            .pages()
            .iter()
            .zip(&depths)
            .zip(depths_all)
            .filter(|(_, all)| view.home.is_some() && far(all))
            .map(|((node, content), all)| DeepPage {
                page: self.page_ref(node),
                in_content: *content,
                with_navigation: *all,
            });
        let reached: Vec<u32> = depths_all.iter().flatten().copied().collect();
        let pillars = self.pillars(&view);
        let kept: Vec<f64> = pillars
            .iter()
            .filter(|p| p.supports > 0)
            .map(|p| p.completeness)
            .collect();
        let missing = |of: fn(&Pillar) -> usize| pillars.iter().filter(|p| p.hub.is_some()).map(of).sum::<usize>();
        let (without_link_to_hub, without_link_from_hub) = (
            missing(|p| p.without_link_to_hub.len()),
            missing(|p| p.without_link_from_hub.len()),
        );
        let without_hub = pillars.iter().filter(|p| p.hub.is_none()).count();
        let uses = |wanted: fn(&Edge) -> bool| {
            Listing::new(
                self.uses(&view)
                    .filter(|(_, _, e)| wanted(e))
                    .map(|(s, t, e)| self.anchor_use(s, t, e)),
                limit,
            )
        };
        let (competing_anchors, monotonous_anchors) = self.anchors(&view, limit);
        Report {
            pages: view.pages,
            links: view.content.len(),
            navigation_links: view.navigation,
            external_links: view.nodes.iter().map(|n| n.external).sum(),
            orphans: pages(&|i| inbound[i] == 0 && !is_home(i)),
            weak: pages(&|i| inbound[i] == 1 && !is_home(i)),
            dead_ends: pages(&|i| view.content.of(i as u32).is_empty()),
            dead_links: Listing::new(view.nodes.iter().flat_map(|node| self.dead(node, &view.there)), limit),
            deep: Listing::new(deep, limit),
            deep_in_content: depths.iter().filter(|d| view.home_text().is_some() && far(d)).count(),
            mean_depth: mean(reached.iter().map(|&d| f64::from(d))).unwrap_or(0.0),
            pillars: Listing::new(
                pillars.into_iter().filter(|p| p.completeness < 1.0 || p.hub.is_none()),
                limit,
            ),
            without_hub,
            without_link_to_hub,
            without_link_from_hub,
            pillar_completeness: mean(kept.into_iter()).unwrap_or(1.0),
            competing_anchors,
            generic_anchors: uses(|e| e.generic),
            own_keyphrase_anchors: uses(|e| e.own_keyphrase),
            monotonous_anchors,
            reciprocal: share(&view.content, |from, to| Some(view.content.has(to, from))),
            within_topic: share(&view.content, |from, to| {
                let topic = |n: u32| view.nodes[n as usize].topic.as_deref();
                Some(topic(from)? == topic(to)?)
            }),
            components: sizes.len(),
            largest_component: sizes.values().copied().max().unwrap_or(0),
            rank_inequality: gini(measure::page_rank(&view.content)),
        }
    }

    /// How many other pages link to each published page in their texts, by its id; archives are left out.
    pub fn inbound(&self) -> Vec<(String, usize)> {
        let view = self.view();
        let counts = view.content.inbound();
        let pages = view.pages().iter().zip(counts);
        pages.map(|(node, count)| (node.id.clone(), count)).collect()
    }

    /// Links in texts between two pages.
    fn uses<'a>(&'a self, view: &'a View<'a>) -> impl Iterator<Item = (&'a Node, &'a Node, &'a Edge)> {
        (0u32..).zip(view.pages()).flat_map(move |(from, node)| {
            node.edges.iter().filter(|e| !e.navigation).filter_map(move |edge| {
                let to = view.number[view.there[edge.to as usize].page()? as usize];
                (to != NONE && to != from).then(|| (*node, view.nodes[to as usize], edge))
            })
        })
    }

    fn dead<'a>(&'a self, node: &'a Node, there: &'a [There]) -> impl Iterator<Item = DeadLink> + 'a {
        node.edges
            .iter()
            .filter_map(move |edge| self.dead_link(node, edge, there[edge.to as usize]))
    }

    fn dead_link(&self, node: &Node, edge: &Edge, there: There) -> Option<DeadLink> {
        let (why, target) = match there {
            There::Page(_) | There::File => return None,
            There::Moved(slot) => (Why::Redirected, Some(slot)),
            There::Draft(slot) => (Why::Draft, Some(slot)),
            There::Loop => (Why::RedirectLoop, None),
            There::Nothing => (Why::Unknown, None),
        };
        Some(DeadLink {
            source: self.page_ref(node),
            href: self.paths.text(edge.to).to_owned(),
            anchor: self.anchors.text(edge.anchor).to_owned(),
            navigation: edge.navigation,
            why,
            target: target.and_then(|slot| self.node(slot)).map(|n| self.page_ref(n)),
        })
    }

    fn pillars(&self, view: &View<'_>) -> Vec<Pillar> {
        let mut topics: BTreeMap<&str, (Option<u32>, Vec<u32>)> = BTreeMap::new();
        for (number, node) in (0u32..).zip(view.pages()) {
            let Some(topic) = &node.topic else {
                continue;
            };
            let (hub, supports) = topics.entry(topic).or_default();
            // Of two hub pages the first by path; the other is like any page of the topic.
            if node.role == Some(Role::Hub) && hub.is_none() {
                *hub = Some(number);
            } else {
                supports.push(number);
            }
        }
        topics
            .into_iter()
            .map(|(topic, (hub, supports))| {
                let without = |linked: &dyn Fn(u32, u32) -> bool| -> Vec<PageRef> {
                    let missing = supports.iter().filter(|&&s| !hub.is_some_and(|hub| linked(hub, s)));
                    missing.map(|&s| self.page_ref(view.nodes[s as usize])).collect()
                };
                let to = without(&|hub, support| view.content.has(support, hub));
                let from = without(&|hub, support| view.content.has(hub, support));
                let wanted = 2 * supports.len();
                Pillar {
                    topic: topic.to_owned(),
                    hub: hub.map(|hub| self.page_ref(view.nodes[hub as usize])),
                    supports: supports.len(),
                    completeness: match (hub, wanted) {
                        (None, _) => 0.0,
                        (Some(_), 0) => 1.0,
                        _ => (wanted - to.len() - from.len()) as f64 / wanted as f64,
                    },
                    without_link_to_hub: to,
                    without_link_from_hub: from,
                }
            })
            .collect()
    }

    fn anchors(&self, view: &View<'_>, limit: usize) -> (Listing<CompetingAnchor>, Listing<Anchors>) {
        let mut uses: Vec<(u32, u32, u64)> = Vec::new();
        for (from, node) in (0u32..).zip(view.pages()) {
            for edge in node.edges.iter().filter(|e| e.key != 0) {
                if let Some(slot) = view.there[edge.to as usize].page()
                    && let to = view.number[slot as usize]
                    && to != NONE
                    && to != from
                {
                    uses.push((to, edge.anchor, edge.key));
                }
            }
        }
        uses.sort_unstable();
        let mut mixes: Vec<Anchors> = Vec::new();
        for of_target in uses.chunk_by(|a, b| a.0 == b.0) {
            if of_target.len() >= MIX_FROM {
                let node = view.nodes[of_target[0].0 as usize];
                mixes.extend(self.mix(node, of_target));
            }
        }
        uses.sort_unstable_by_key(|u| (u.1, u.0));
        let mut competing: Vec<(usize, &str, Vec<u32>)> = Vec::new();
        for of_anchor in uses.chunk_by(|a, b| a.1 == b.1) {
            let mut targets: Vec<u32> = of_anchor.iter().map(|u| u.0).collect();
            targets.dedup();
            if targets.len() > 1 {
                competing.push((of_anchor.len(), self.anchors.text(of_anchor[0].1), targets));
            }
        }
        competing.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        let competing = competing.into_iter().map(|(links, anchor, targets)| CompetingAnchor {
            anchor: anchor.to_owned(),
            targets: targets.iter().map(|&t| self.page_ref(view.nodes[t as usize])).collect(),
            links,
        });
        (Listing::new(competing, limit), Listing::new(mixes.into_iter(), limit))
    }

    /// The anchors of one page, if they are too much alike. `uses` are in order of their anchors.
    fn mix(&self, node: &Node, uses: &[(u32, u32, u64)]) -> Option<Anchors> {
        let all = uses.len() as f64;
        let counts: Vec<usize> = uses.chunk_by(|a, b| a.1 == b.1).map(<[_]>::len).collect();
        let exact = uses
            .iter()
            .filter(|u| node.keyphrase != 0 && u.2 == node.keyphrase)
            .count() as f64
            / all;
        let most_frequent = counts.iter().copied().max().unwrap_or(0) as f64 / all;
        let monotonous = exact > 0.5 || most_frequent > 0.4 || (counts.len() as f64) / all < 0.5;
        // Sums of floats depend on their order, and anchors are numbered as they came.
        let mut ordered = counts.clone();
        ordered.sort_unstable();
        let entropy = -ordered
            .iter()
            .map(|&c| c as f64 / all)
            .map(|p| p * p.log2())
            .sum::<f64>();
        monotonous.then(|| Anchors {
            target: self.page_ref(node),
            links: uses.len(),
            different: counts.len(),
            exact,
            most_frequent,
            entropy,
        })
    }

    /// The pages with the highest PageRank, at most `limit`, and the links between them, at most twenty for each; of one
    /// cluster alone, if one is named.
    pub fn map(&self, limit: usize, cluster: Option<&str>) -> LinkMap {
        let view = self.view();
        let is_meant =
            |node: &Node| cluster.is_none() || node.cluster.as_deref() == cluster || node.topic.as_deref() == cluster;
        let ranks = measure::page_rank(&view.content);
        let depths = measure::depths(&view.all, view.home);
        let inbound = view.content.inbound();
        let mut best: Vec<u32> = (0u32..).take(view.pages).collect();
        best.retain(|&number| is_meant(view.nodes[number as usize]));
        let meant = best.len();
        best.sort_by(|&a, &b| ranks[b as usize].total_cmp(&ranks[a as usize]).then(a.cmp(&b)));
        best.truncate(limit);
        let mut place = vec![NONE; view.nodes.len()];
        for (i, &number) in (0u32..).zip(&best) {
            place[number as usize] = i;
        }
        let nodes = best.iter().map(|&number| {
            let node = view.nodes[number as usize];
            MapNode {
                page: self.page_ref(node),
                cluster: node.cluster.clone(),
                role: node.role,
                rank: ranks[number as usize] * view.pages as f64,
                depth: depths[number as usize],
                inbound: inbound[number as usize],
                outbound: view.content.of(number).len(),
            }
        });
        let edges = best.iter().enumerate().flat_map(|(source, &from)| {
            let mut ends: BTreeMap<u32, (usize, u32)> = BTreeMap::new();
            for edge in view.nodes[from as usize].edges.iter().filter(|e| !e.navigation) {
                if let Some(slot) = view.there[edge.to as usize].page()
                    && let to = view.number[slot as usize]
                    && to != NONE
                    && to != from
                    && place[to as usize] != NONE
                {
                    ends.entry(place[to as usize]).or_insert((0, edge.anchor)).0 += 1;
                }
            }
            ends.into_iter().map(move |(target, (links, anchor))| MapEdge {
                source,
                target: target as usize,
                anchor: self.anchors.text(anchor).to_owned(),
                links,
            })
        });
        LinkMap {
            pages: meant,
            nodes: nodes.collect(),
            edges: Listing::new(edges, limit.saturating_mul(EDGES_PER_NODE)),
        }
    }

    /// The links of one page; costs what these links cost.
    pub fn page(&self, id: &str, limits: Limits) -> Option<PageLinks> {
        let slot = *self.by_id.get(id)?;
        let node = self.node(slot)?;
        let mut paths: Vec<u32> = node.aliases.clone();
        paths.push(node.path);
        // What comes over the site's redirects is with the page they lead to.
        let here: Vec<u32> = self.redirects.keys().filter_map(|from| self.paths.get(from)).collect();
        paths.extend(here);
        paths.retain(|&path| self.there(path).page() == Some(slot));
        paths.sort_unstable();
        paths.dedup();
        let mut sources: Vec<u32> = paths
            .iter()
            .filter_map(|p| self.inbound.get(p))
            .flatten()
            .copied()
            .collect();
        sources.sort_unstable();
        sources.dedup();
        let mut sources: Vec<&Node> = sources
            .iter()
            .filter_map(|&s| self.node(s))
            .filter(|n| n.published)
            .collect();
        sources.sort_by_key(|n| (self.paths.text(n.path), &n.id));
        let inbound = sources.iter().filter(|n| n.id != node.id).flat_map(|source| {
            let own = source.edges.iter().filter(|e| !e.navigation && paths.contains(&e.to));
            own.map(|edge| self.anchor_use(source, node, edge))
        });
        let content = node.edges.iter().filter(|e| !e.navigation);
        let outbound = content.clone().filter_map(|edge| match self.there(edge.to) {
            There::Page(slot) => Some(self.anchor_use(node, self.node(slot)?, edge)),
            _ => None,
        });
        let dead = content.filter_map(|e| self.dead_link(node, e, self.there(e.to)));
        Some(PageLinks {
            page: self.page_ref(node),
            inbound: Listing::new(inbound, limits.items),
            outbound: Listing::new(outbound, limits.items),
            dead: Listing::new(dead, limits.items),
            external: node.external,
        })
    }
}

fn share(arcs: &Arcs, is: impl Fn(u32, u32) -> Option<bool>) -> f64 {
    let from = (0u32..).take(arcs.nodes());
    let pairs = from.flat_map(|from| arcs.of(from).iter().map(move |&to| (from, to)));
    let (mut yes, mut all) = (0usize, 0usize);
    for answer in pairs.filter_map(|(from, to)| is(from, to)) {
        yes += usize::from(answer);
        all += 1;
    }
    if all == 0 { 0.0 } else { yes as f64 / all as f64 }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0usize), |(sum, count), v| (sum + v, count + 1));
    (count > 0).then(|| sum / count as f64)
}

fn gini(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let count = values.len() as f64;
    let total: f64 = values.iter().sum();
    if total <= 0.0 {
        return 0.0;
    }
    let weighted: f64 = (1u32..).zip(&values).map(|(i, v)| f64::from(i) * v).sum();
    (2.0 * weighted / (count * total) - (count + 1.0) / count).max(0.0)
}
