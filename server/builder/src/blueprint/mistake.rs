//! What is wrong with a blueprint file, for the person who writes it.

use std::fmt;

use serde::Serialize;

/// Something wrong with a blueprint file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What in the file it is about: `pages[about].url`; empty for the whole.
    pub place: String,
    /// What sort of mistake it is.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub mend: String,
}

/// Sorts of mistakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// It is not TOML.
    Syntax,
    /// A key that means nothing there.
    UnknownKey,
    /// A key that must be there is not.
    MissingKey,
    /// A text where a number is wanted, and the like.
    WrongType,
    /// A word that is none of those possible, a number out of its bounds, a text too long.
    WrongValue,
    /// The name of something that is not in the file.
    UnknownName,
    /// Two of what there can be one of.
    Twice,
    /// An address that cannot be.
    WrongAddress,
    /// A text that fills in what it cannot know.
    WrongPattern,
    /// Two parts of the file that contradict each other.
    Contradiction,
    /// Something that every blueprint of its kind has.
    Incomplete,
    /// A theme, or an option of it, that is not there.
    Theme,
}

impl fmt::Display for Mistake {
    /// `12:7: pages[about].url: what is wrong; what to do`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.line, self.column)?;
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        write!(f, "{}", self.message)?;
        if !self.mend.is_empty() {
            write!(f, "; {}", self.mend)?;
        }
        Ok(())
    }
}

/// The word of `all` that was probably meant.
pub(super) fn closest<'a>(word: &str, all: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().take(64).flat_map(char::to_lowercase).collect();
    let near = (word.len() / 3).clamp(1, 3);
    all.into_iter()
        .map(|other| (distance(&word, &other.chars().collect::<Vec<_>>()), other))
        .filter(|(distance, _)| *distance <= near)
        .min()
        .map(|(_, other)| other)
}

/// Letters to change, add or take away to make one of the other; two that changed places count once.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut best = (above[j] + usize::from(x != y)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i - 1] == *y && b[j - 1] == *x {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant() {
        let all = ["hero", "testimonials", "text", "faq"];
        for (word, meant) in [
            ("heroe", Some("hero")),
            ("Hero", Some("hero")),
            ("tetx", Some("text")),
            ("testimonal", Some("testimonials")),
            ("carousel", None),
            ("", None),
        ] {
            assert_eq!(closest(word, all), meant, "{word}");
        }
    }
}
