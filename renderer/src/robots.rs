//! `robots.txt` (RFC 9309).

use std::fmt::Write as _;

use crate::plan::Plan;

/// Crawlers and marks by which texts are taken for the training of language models, as their operators name them. Search
/// and fetching for a person's question are not among them.
const TRAINING: &[&str] = &[
    "AI2Bot",
    "Amazonbot",
    "anthropic-ai",
    "Applebot-Extended",
    "Bytespider",
    "CCBot",
    "ClaudeBot",
    "cohere-training-data-crawler",
    "Diffbot",
    "Google-Extended",
    "GPTBot",
    "ImagesiftBot",
    "Meta-ExternalAgent",
    "omgili",
    "PanguBot",
    "Timpibot",
    "webzio-extended",
];

pub(crate) fn text(plan: &Plan<'_>) -> String {
    let settings = &plan.site.settings;
    if !settings.indexable {
        return "User-agent: *\nDisallow: /\n".to_owned();
    }
    let mut out = String::new();
    if !settings.outputs.ai_crawlers {
        for agent in TRAINING {
            let _ = writeln!(out, "User-agent: {agent}");
        }
        out.push_str("Disallow: /\n\n");
    }
    let sitemap = plan.address.absolute("/sitemap.xml");
    let _ = write!(out, "User-agent: *\nAllow: /\n\nSitemap: {sitemap}\n");
    out
}
