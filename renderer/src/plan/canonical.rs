//! Which address of a page search engines should prefer.

use std::borrow::Cow;

use super::Plan;
use crate::address::{Target, is_http};
use crate::diagnostic::Diagnostic;
use crate::markdown::{Known, Lookup};

impl Plan<'_> {
    /// Reads what authors gave as the canonical address of pages. The page's own means nothing, in whatever form.
    pub(super) fn resolve_canonicals(&mut self, findings: &mut Vec<Diagnostic>) {
        for i in 0..self.pages.rows().len() {
            let planned = &self.pages.rows()[i];
            let Some(written) = planned
                .page
                .canonical_url
                .as_deref()
                .map(str::trim)
                .filter(|c| !c.is_empty())
            else {
                continue;
            };
            let mut say = |message: String| findings.push(Diagnostic::warning(&planned.path, "canonical", message));
            let resolved = match self.address.target(&self.in_own_form(written), &planned.path) {
                Target::Site { path, .. } => {
                    let absolute = is_http(written);
                    let path = match self.known(&path) {
                        Known::WithSlash => format!("{path}/"),
                        Known::Yes => path.strip_suffix("index.html").map_or(path.clone(), str::to_owned),
                        Known::No => {
                            say(format!(
                                "the canonical address {written:?} is {path}, which is not on this site; the page's own is used"
                            ));
                            continue;
                        }
                    };
                    if !absolute {
                        say(format!(
                            "the canonical address {written:?} is not absolute; it is read as {path}"
                        ));
                    }
                    (path != planned.path).then(|| self.address.absolute(&path))
                }
                Target::External(url) if is_http(&url) => Some(match url.strip_prefix("//") {
                    Some(rest) => format!("https://{rest}"),
                    None => url.into_owned(),
                }),
                // A place on the page itself.
                Target::Fragment(_) => None,
                Target::External(_) | Target::Refused => {
                    say(format!(
                        "the canonical address {written:?} is no http address; the page's own is used"
                    ));
                    None
                }
            };
            self.pages.rows_mut()[i].canonical = resolved;
        }
    }

    /// An address of this site's host as the settings write it: with their scheme, and its name in lower case.
    fn in_own_form<'u>(&self, url: &'u str) -> Cow<'u, str> {
        let (Ok(own), Ok(read)) = (url::Url::parse(&self.address.base_url), url::Url::parse(url)) else {
            return Cow::Borrowed(url);
        };
        // A port that is the scheme's own is none.
        if !matches!(read.scheme(), "http" | "https") || own.host_str() != read.host_str() || own.port() != read.port()
        {
            return Cow::Borrowed(url);
        }
        let rest = &read[url::Position::BeforePath..];
        let origin = &self.address.base_url[..self.address.base_url.len() - self.address.base_path.len()];
        Cow::Owned(format!("{origin}{rest}"))
    }
}
