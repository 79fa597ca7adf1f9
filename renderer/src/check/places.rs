//! Lines of sources that findings are about.

use crate::diagnostic::{Diagnostic, Place};
use crate::plan::Plan;
use crate::site::Body;

/// Findings of one text that are given their lines. Whoever has more begins with these, and looking for each takes time.
const MOST: usize = 200;

/// Finds texts in a source, each after the one before it where it is there: findings come in the order of their text.
struct Finder<'s> {
    source: &'s str,
    at: usize,
}

impl Finder<'_> {
    /// The line on which `written` stands. What is written in HTML may have its ampersands escaped.
    fn line(&mut self, written: &str) -> Option<usize> {
        let escaped = || written.contains('&').then(|| written.replace('&', "&amp;"));
        let at = self.find(written).or_else(|| self.find(&escaped()?))?;
        self.at = at + written.len();
        Some(self.source.as_bytes()[..at].iter().filter(|b| **b == b'\n').count() + 1)
    }

    fn find(&self, written: &str) -> Option<usize> {
        // The end of what was found may be within a letter where it was written otherwise.
        let after = self.source.get(self.at..).and_then(|rest| rest.find(written));
        after.map(|at| at + self.at).or_else(|| self.source.find(written))
    }
}

/// Gives findings of a text the lines on which stands what they are about: pairs of a finding's number and what was written.
pub(crate) fn fill(source: &str, about: &[(usize, String)], findings: &mut [Diagnostic]) {
    let mut finder = Finder { source, at: 0 };
    for (n, written) in about
        .iter()
        .take(MOST)
        .filter(|(_, written)| !written.trim().is_empty())
    {
        if let (Some(line), Some(finding)) = (finder.line(written), findings.get_mut(*n)) {
            finding.place = Place::line(line);
        }
    }
}

/// Where a page links to a place that is not there.
pub(crate) fn of_fragment(plan: &Plan<'_>, page: &str, fragment: &str) -> Place {
    let Some(i) = plan.page_at(page) else {
        return Place::default();
    };
    let body = plan.body(i, &mut Vec::new());
    let (Body::Markdown(source) | Body::Html(source)) = body.as_ref();
    let encoded = crate::paths::encode(fragment);
    let line = [format!("#{fragment}"), format!("#{encoded}")]
        .iter()
        .find_map(|written| {
            let ends = |c: Option<char>| {
                c.is_none_or(|c| c.is_whitespace() || matches!(c, ')' | '"' | '\'' | '>' | ']' | '<'))
            };
            let mut all = source.match_indices(written.as_str());
            let (at, _) = all.find(|(at, _)| ends(source[at + written.len()..].chars().next()))?;
            Some(source[..at].matches('\n').count() + 1)
        });
    line.map(Place::line).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_what_was_written() {
        let source = "a\n[x](/no/) [y](/no/)\n\n<a href=\"/b?c&amp;d\">\n[z](/no/)";
        let mut findings = vec![Diagnostic::warning("/", "x", "y"); 5];
        let about = [(0, "/no/"), (1, "/no/"), (2, "/b?c&d"), (3, "/no/"), (4, "/elsewhere/")];
        fill(
            source,
            &about.map(|(n, written)| (n, written.to_owned())),
            &mut findings,
        );
        let lines: Vec<Option<u32>> = findings.iter().map(|f| f.place.line).collect();
        assert_eq!(lines, [Some(2), Some(2), Some(4), Some(5), None]);
        assert_eq!(findings[2].text(), "line 4: y");
        assert_eq!(Place::line(3).in_block(2).to_string(), "block 2, line 3");
        assert_eq!(Place::line(1).in_answer(4).to_string(), "question 4, line 1");
    }
}
