//! The difference of two texts, line by line, and word by word in lines that changed.

use poem_openapi::{Enum, Object};
use similar::{ChangeTag, TextDiff};

/// Lines of the two texts together beyond which only the number of lines is compared.
pub const MAX_LINES: usize = 40_000;
/// Time the comparison may take; then it is coarser, never wrong.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(500);
/// Unchanged lines shown around a change.
const CONTEXT: usize = 3;

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum LineChange {
    Same,
    Removed,
    Added,
}

/// A line of a comparison.
#[derive(Debug, PartialEq, Eq, Object)]
pub struct DiffLine {
    pub change: LineChange,
    pub text: String,
    /// The words of a line that has its counterpart in the other text: its text in parts. Empty where the whole line is new,
    /// gone or the same.
    pub parts: Vec<DiffPart>,
}

/// A part of a line.
#[derive(Debug, PartialEq, Eq, Object)]
pub struct DiffPart {
    pub text: String,
    /// The counterpart does not have it.
    pub changed: bool,
}

/// Lines that changed together, with some unchanged ones around them. Line numbers start at 1.
#[derive(Debug, PartialEq, Eq, Object)]
pub struct Hunk {
    pub from_line: u32,
    pub to_line: u32,
    pub lines: Vec<DiffLine>,
}

/// The difference of two texts.
#[derive(Debug, PartialEq, Eq, Object)]
pub struct Difference {
    pub added: u32,
    pub removed: u32,
    pub hunks: Vec<Hunk>,
    /// The same in unified format.
    pub unified: String,
    /// The texts are too long to compare line by line.
    pub too_long: bool,
}

/// Compares two texts. Takes time for long ones: not for the threads that serve requests.
pub fn compare(from: &str, to: &str) -> Difference {
    let mut difference = Difference {
        added: 0,
        removed: 0,
        hunks: Vec::new(),
        unified: String::new(),
        too_long: from.lines().count() + to.lines().count() > MAX_LINES,
    };
    if difference.too_long {
        return difference;
    }
    let deadline = std::time::Instant::now() + 2 * PATIENCE;
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(from, to);
    for group in diff.grouped_ops(CONTEXT) {
        let Some(first) = group.first() else { continue };
        let mut hunk = Hunk {
            from_line: line(first.old_range().start),
            to_line: line(first.new_range().start),
            lines: Vec::new(),
        };
        let changes = group
            .iter()
            .flat_map(|op| diff.iter_inline_changes_deadline(op, Some(deadline)));
        for change in changes {
            let what = match change.tag() {
                ChangeTag::Equal => LineChange::Same,
                ChangeTag::Delete => LineChange::Removed,
                ChangeTag::Insert => LineChange::Added,
            };
            match what {
                LineChange::Same => {}
                LineChange::Removed => difference.removed += 1,
                LineChange::Added => difference.added += 1,
            }
            let mut parts: Vec<DiffPart> = change
                .values()
                .iter()
                .map(|(changed, text)| DiffPart {
                    text: text.trim_end_matches(['\n', '\r']).to_owned(),
                    changed: *changed,
                })
                .filter(|part| !part.text.is_empty())
                .collect();
            let text = parts.iter().map(|part| part.text.as_str()).collect();
            if !parts.iter().any(|part| part.changed) {
                parts.clear();
            }
            hunk.lines.push(DiffLine {
                change: what,
                text,
                parts,
            });
        }
        difference.hunks.push(hunk);
    }
    difference.unified = diff.unified_diff().context_radius(CONTEXT).to_string();
    difference
}

fn line(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences() {
        let same = compare("a\nb\n", "a\nb\n");
        assert_eq!(
            (same.added, same.removed, same.hunks.len(), same.unified.as_str()),
            (0, 0, 0, "")
        );
        let changed = compare("a\nb\nc\n", "a\nB\nc\n");
        assert_eq!((changed.added, changed.removed, changed.hunks.len()), (1, 1, 1));
        let texts: Vec<(LineChange, &str)> = changed.hunks[0]
            .lines
            .iter()
            .map(|l| (l.change, l.text.as_str()))
            .collect();
        assert_eq!(
            texts,
            [
                (LineChange::Same, "a"),
                (LineChange::Removed, "b"),
                (LineChange::Added, "B"),
                (LineChange::Same, "c")
            ]
        );
        assert!(changed.unified.contains("-b\n+B\n"), "{}", changed.unified);
        let words = compare("The cat sat on the mat.\n", "The cat lay on the mat.\n");
        let of = |line: usize| -> Vec<(&str, bool)> {
            let parts = &words.hunks[0].lines[line].parts;
            parts.iter().map(|part| (part.text.as_str(), part.changed)).collect()
        };
        assert_eq!(of(0), [("The cat ", false), ("sat", true), (" on the mat.", false)]);
        assert_eq!(of(1), [("The cat ", false), ("lay", true), (" on the mat.", false)]);
        assert_eq!(words.hunks[0].lines[1].text, "The cat lay on the mat.");
        let far: String = (0..40).map(|n| format!("{n}\n")).collect();
        let apart = compare(&far, &far.replace("2\n3\n", "2\nx\n").replace("38\n", "y\n"));
        assert_eq!(apart.hunks.len(), 2);
        assert_eq!(apart.hunks[0].from_line, 1);
        let long = "x\n".repeat(MAX_LINES);
        assert!(compare(&long, "y").too_long);
    }
}
