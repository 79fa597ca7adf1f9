//! What a report finds, one by one, each with how to mend it.

use igny8_linker::graph::{AnchorUse, PageRef, Pillar, Report};
use poem_openapi::{Enum, Object};

use super::objects::{PageOut, WhyOut};
use crate::features::linker::standing::Standing;
use crate::features::planner::ClusterId;

/// What is wrong, from the worst to the mildest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "LinkFindingKind", rename_all = "snake_case")]
pub enum Kind {
    /// A link that does not lead straight to a page.
    DeadLink,
    /// A page that no text links to.
    Orphan,
    /// A page more than three clicks from home, by any link, or that no way leads to.
    DeepPage,
    /// A page of a cluster that does not link to its hub.
    NoLinkToHub,
    /// A page of a cluster that its hub does not link to.
    NoLinkFromHub,
    /// A cluster with pages and without a hub page.
    MissingHub,
    /// Links with the same words that lead to different pages.
    SharedAnchor,
    /// A link to another page with the very words this page wants to be found by.
    OwnKeywordAnchor,
    /// A link whose words say nothing.
    GenericAnchor,
    /// A page whose links all say nearly the same.
    MonotonousAnchors,
    /// A page that one text alone links to.
    WeakPage,
    /// A page that links to no other.
    DeadEnd,
}

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "LinkMendAction", rename_all = "snake_case")]
pub enum Action {
    /// Link to the page from others: `content_link_suggestions` with `to=this`.
    LinkToPage,
    /// Link from the page to another: `content_link_suggestions`.
    LinkFromPage,
    /// Change or remove the link in the text or menu.
    ChangeLink,
    /// Publish the page that is linked to.
    Publish,
    /// Lead the link to where the page is: `link_mend`.
    Mend,
    /// Write the hub page, or give a page this role.
    WriteHub,
}

/// How a finding is mended.
#[derive(Debug, Clone, Object)]
#[oai(rename = "LinkMendHint")]
pub struct MendOut {
    pub action: Action,
    /// One sentence.
    pub hint: String,
}

/// Something that is wrong with a site's links.
#[derive(Debug, Clone, Object)]
#[oai(rename = "LinkFinding", skip_serializing_if_is_none, skip_serializing_if_is_empty)]
pub struct FindingOut {
    pub kind: Kind,
    /// The page it is about, on which a link is or is missing.
    pub page: Option<PageOut>,
    /// The pages that a link leads or should lead to; at most 20.
    #[oai(default)]
    pub targets: Vec<PageOut>,
    pub cluster: Option<ClusterId>,
    /// Where a dead link leads.
    pub href: Option<String>,
    /// The words of a link, in lower case.
    pub anchor: Option<String>,
    /// Of dead links.
    pub why: Option<WhyOut>,
    /// The dead link is in a menu.
    pub in_menu: Option<bool>,
    /// Clicks from home; absent where no way leads.
    pub clicks: Option<u32>,
    /// Links it is about.
    pub links: Option<u32>,
    pub mend: MendOut,
}

/// How many there are of each kind.
#[derive(Debug, Clone, Object)]
#[oai(rename = "LinkFindingCounts")]
pub struct CountsOut {
    pub dead_link: u32,
    pub orphan: u32,
    pub deep_page: u32,
    pub no_link_to_hub: u32,
    pub no_link_from_hub: u32,
    pub missing_hub: u32,
    pub shared_anchor: u32,
    pub own_keyword_anchor: u32,
    pub generic_anchor: u32,
    pub monotonous_anchors: u32,
    pub weak_page: u32,
    pub dead_end: u32,
}

/// Pages that one finding names.
const TARGETS: usize = 20;

impl CountsOut {
    pub fn of(report: &Report) -> Self {
        let n = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            dead_link: n(report.dead_links.total),
            orphan: n(report.orphans.total),
            deep_page: n(report.deep.total),
            no_link_to_hub: n(report.without_link_to_hub),
            no_link_from_hub: n(report.without_link_from_hub),
            missing_hub: n(report.without_hub),
            shared_anchor: n(report.competing_anchors.total),
            own_keyword_anchor: n(report.own_keyphrase_anchors.total),
            generic_anchor: n(report.generic_anchors.total),
            monotonous_anchors: n(report.monotonous_anchors.total),
            weak_page: n(report.weak.total),
            dead_end: n(report.dead_ends.total),
        }
    }
}

fn finding(kind: Kind, page: Option<PageOut>, action: Action, hint: impl Into<String>) -> FindingOut {
    FindingOut {
        kind,
        page,
        targets: Vec::new(),
        cluster: None,
        href: None,
        anchor: None,
        why: None,
        in_menu: None,
        clicks: None,
        links: None,
        mend: MendOut {
            action,
            hint: hint.into(),
        },
    }
}

/// The findings of a report in the order of their kinds; of one kind alone, if one is asked for.
pub fn of<'a>(standing: &'a Standing, report: &'a Report, only: Option<Kind>) -> impl Iterator<Item = FindingOut> + 'a {
    let page = move |of: &PageRef| Some(PageOut::of(standing, of));
    let dead = report.dead_links.items.iter().map(move |link| {
        let target = link.target.as_ref().map(|target| PageOut::of(standing, target));
        let (action, hint) = match (WhyOut::from(link.why), &target) {
            (WhyOut::Redirected, Some(to)) => (
                Action::Mend,
                format!("The page is at {} now: lead the link there.", to.path),
            ),
            (WhyOut::Draft, Some(to)) => (
                Action::Publish,
                format!("Publish “{}”, or take the link out until it is.", to.title),
            ),
            (WhyOut::RedirectLoop, _) => (
                Action::ChangeLink,
                "Its redirects lead in a circle: mend them in the site's settings, or change the link.".to_owned(),
            ),
            _ => (
                Action::ChangeLink,
                "No page is there: lead the link elsewhere, take it out, or add a redirect.".to_owned(),
            ),
        };
        FindingOut {
            targets: target.into_iter().collect(),
            href: Some(link.href.clone()),
            anchor: Some(link.anchor.clone()).filter(|anchor| !anchor.is_empty()),
            why: Some(link.why.into()),
            in_menu: Some(link.navigation),
            ..finding(Kind::DeadLink, page(&link.source), action, hint)
        }
    });
    let orphans = report.orphans.items.iter().map(move |of| {
        let hint = "No text links to this page: link to it from pages that are about the same.";
        finding(Kind::Orphan, page(of), Action::LinkToPage, hint)
    });
    let deep = report.deep.items.iter().map(move |of| FindingOut {
        clicks: of.with_navigation,
        ..finding(
            Kind::DeepPage,
            page(&of.page),
            Action::LinkToPage,
            "Link to it from a page near the home page: a hub, a menu, a page that many link to.",
        )
    });
    let with_hub = move || {
        report
            .pillars
            .items
            .iter()
            .filter_map(|pillar| Some((pillar, pillar.hub.as_ref()?)))
    };
    let cluster = |pillar: &Pillar| -> Option<ClusterId> { pillar.topic.parse().ok() };
    let to_hub = with_hub().flat_map(move |(pillar, hub)| {
        pillar.without_link_to_hub.iter().map(move |of| FindingOut {
            targets: vec![PageOut::of(standing, hub)],
            cluster: cluster(pillar),
            ..finding(
                Kind::NoLinkToHub,
                page(of),
                Action::LinkFromPage,
                format!("Link from it to the hub of its cluster, “{}”.", hub.title),
            )
        })
    });
    let from_hub = with_hub().flat_map(move |(pillar, hub)| {
        pillar.without_link_from_hub.iter().map(move |of| FindingOut {
            targets: vec![PageOut::of(standing, of)],
            cluster: cluster(pillar),
            ..finding(
                Kind::NoLinkFromHub,
                page(hub),
                Action::LinkFromPage,
                format!("Link from the hub to “{}”.", of.title),
            )
        })
    });
    let missing = report
        .pillars
        .items
        .iter()
        .filter(|pillar| pillar.hub.is_none())
        .map(move |pillar| FindingOut {
            targets: pillar
                .without_link_to_hub
                .iter()
                .take(TARGETS)
                .map(|of| PageOut::of(standing, of))
                .collect(),
            cluster: cluster(pillar),
            ..finding(
                Kind::MissingHub,
                None,
                Action::WriteHub,
                "The cluster has pages and no hub: write the hub page, or give one of them this role.",
            )
        });
    let shared = report.competing_anchors.items.iter().map(move |of| FindingOut {
        targets: of
            .targets
            .iter()
            .take(TARGETS)
            .map(|of| PageOut::of(standing, of))
            .collect(),
        anchor: Some(of.anchor.clone()),
        links: u32::try_from(of.links).ok(),
        ..finding(
            Kind::SharedAnchor,
            None,
            Action::ChangeLink,
            "The same words lead to different pages: choose one of them, or words that tell them apart.",
        )
    });
    let used = move |kind: Kind, of: &'a AnchorUse, hint: &str| FindingOut {
        targets: vec![PageOut::of(standing, &of.target)],
        anchor: Some(of.anchor.clone()),
        ..finding(kind, page(&of.source), Action::ChangeLink, hint)
    };
    let own = report.own_keyphrase_anchors.items.iter().map(move |of| {
        let hint = "The words are those that this page wants to be found by itself: choose others.";
        used(Kind::OwnKeywordAnchor, of, hint)
    });
    let generic = report.generic_anchors.items.iter().map(move |of| {
        let hint = "The words say nothing about where they lead: use words that do.";
        used(Kind::GenericAnchor, of, hint)
    });
    let monotonous = report.monotonous_anchors.items.iter().map(move |of| FindingOut {
        links: u32::try_from(of.links).ok(),
        ..finding(
            Kind::MonotonousAnchors,
            page(&of.target),
            Action::ChangeLink,
            "Most links to this page say the same: vary their words as texts do by nature.",
        )
    });
    let weak = report.weak.items.iter().map(move |of| {
        let hint = "One text alone links to this page: two or three more make it found.";
        finding(Kind::WeakPage, page(of), Action::LinkToPage, hint)
    });
    let ends = report.dead_ends.items.iter().map(move |of| {
        let hint = "The text links to no other page: show its readers where to go on.";
        finding(Kind::DeadEnd, page(of), Action::LinkFromPage, hint)
    });
    let is_meant = move |kind: Kind| only.is_none_or(|only| only == kind);
    let all: [(Kind, Box<dyn Iterator<Item = FindingOut> + 'a>); 12] = [
        (Kind::DeadLink, Box::new(dead)),
        (Kind::Orphan, Box::new(orphans)),
        (Kind::DeepPage, Box::new(deep)),
        (Kind::NoLinkToHub, Box::new(to_hub)),
        (Kind::NoLinkFromHub, Box::new(from_hub)),
        (Kind::MissingHub, Box::new(missing)),
        (Kind::SharedAnchor, Box::new(shared)),
        (Kind::OwnKeywordAnchor, Box::new(own)),
        (Kind::GenericAnchor, Box::new(generic)),
        (Kind::MonotonousAnchors, Box::new(monotonous)),
        (Kind::WeakPage, Box::new(weak)),
        (Kind::DeadEnd, Box::new(ends)),
    ];
    all.into_iter()
        .filter(move |(kind, _)| is_meant(*kind))
        .flat_map(|(_, found)| found)
}
