//! What can be looked at in a plan.

use crate::names::choice;

choice! {
    /// Something that a plan can keep or break.
    Rule, "coverage rule" {
        /// Each required page is there.
        RequiredPage = "required_page",
        /// Each required taxonomy has a term.
        RequiredTerms = "required_terms",
        /// Each cluster has a hub page.
        HubPage = "hub_page",
        /// Each cluster has supporting pages: as many as `least`, one when left out.
        SupportingPages = "supporting_pages",
        /// No two pages aim at one keyword, or at variants of it.
        KeywordTwice = "keyword_twice",
        /// Each page of a cluster aims at a keyword.
        PageKeyword = "page_keyword",
        /// Each page that is no part of the frame belongs to a cluster.
        PageCluster = "page_cluster",
        /// Pages name clusters and terms that are there.
        GoneNames = "gone_names",
        /// Content has the term that its type is not published without.
        NeededTerm = "needed_term",
        /// Each cluster is mapped to a term.
        ClusterTerm = "cluster_term",
        /// Each term with an archive of its own has pages to list: as many as `least`, one when left out.
        TermPages = "term_pages",
        /// Each entry of a menu leads to a page.
        MenuTarget = "menu_target",
        /// The supporting pages of each cluster link to its hub page.
        HubLinks = "hub_links",
        /// Pages link to others as the link rules ask.
        PageLinks = "page_links",
        /// No two pages have one title.
        TitleTwice = "title_twice",
        /// No two pages have one address, and each has one that can be.
        Address = "address",
        /// Each page stands below one that is there, none below itself, none too deep.
        Tree = "tree",
    }
}

choice! {
    /// How much a rule weighs.
    Level, "level" {
        /// The plan is not handed off while it is broken, unless that is waived.
        Must = "must",
        /// It is told, and no more.
        Should = "should",
    }
}

impl Rule {
    /// Whether it counts something.
    pub fn counts(self) -> bool {
        matches!(self, Self::SupportingPages | Self::TermPages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::check;

    #[test]
    fn words_are_those_that_serde_writes() {
        check::<Rule>();
        check::<Level>();
    }
}
