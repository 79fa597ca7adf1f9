//! Bringing together two texts that were made of one: what only one side changed is taken, what both changed differently
//! is shown side by side.

use poem_openapi::Object;

/// Bytes of the three texts together beyond which nothing is brought together.
pub const MAX_BYTES: usize = 12 << 20;
/// Lines of the three texts together. Three texts without a line in common take time that grows with the square of their lines:
/// 0.6 s at this bound in a release build. A text of 100,000 words has a tenth of them.
pub const MAX_LINES: usize = 24_000;

/// A piece of two texts brought together.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename = "MergePart", skip_serializing_if_is_none)]
pub struct Part {
    /// Both sides agree on it, or only one changed it.
    pub text: Option<String>,
    /// Both changed it, differently.
    pub conflict: Option<Conflict>,
}

/// Lines that both sides changed.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename = "MergeConflict")]
pub struct Conflict {
    /// As it was when both began.
    pub base: String,
    /// As the caller has it.
    pub mine: String,
    /// As it is stored now.
    pub theirs: String,
}

/// The texts are too long to bring together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the texts are too long to bring together")]
pub struct TooLong;

/// Brings together two texts that were made of `base`, line by line. Takes time for long ones: not for the threads that
/// serve requests.
///
/// # Errors
/// [`TooLong`].
pub fn merge(base: &str, mine: &str, theirs: &str) -> Result<Vec<Part>, TooLong> {
    let texts = [base, mine, theirs];
    let lines: usize = texts.iter().map(|text| text.lines().count()).sum();
    if texts.iter().map(|text| text.len()).sum::<usize>() > MAX_BYTES || lines > MAX_LINES {
        return Err(TooLong);
    }
    // A marker would stand behind a last line that has no end.
    let ended = texts.map(|text| {
        if text.ends_with('\n') {
            text.to_owned()
        } else {
            format!("{text}\n")
        }
    });
    let [base, ours, theirs] = ended.each_ref().map(String::as_str);
    // Markers longer than any row of their characters in the texts cannot be mistaken for a line of them.
    let longest = texts.iter().map(|text| longest_row(text)).max().unwrap_or(0);
    let mut options = diffy::MergeOptions::new();
    options
        .set_conflict_style(diffy::ConflictStyle::Diff3)
        .set_conflict_marker_length(longest + 7);
    let mut parts = match options.merge(base, ours, theirs) {
        Ok(text) => vec![Part::agreed(text)],
        Err(marked) => parts(&marked, longest + 7),
    };
    if !mine.ends_with('\n') {
        parts.last_mut().into_iter().for_each(Part::end);
    }
    Ok(parts)
}

/// The longest row of one of the characters that markers are made of.
fn longest_row(text: &str) -> usize {
    let (mut longest, mut row, mut last) = (0, 0, 0);
    for byte in text.bytes() {
        row = match byte {
            b'<' | b'>' | b'|' | b'=' if byte == last => row + 1,
            b'<' | b'>' | b'|' | b'=' => 1,
            _ => 0,
        };
        last = byte;
        longest = longest.max(row);
    }
    longest
}

impl Part {
    fn agreed(text: String) -> Self {
        Self {
            text: Some(text),
            conflict: None,
        }
    }

    /// Takes away the end of its last line.
    fn end(&mut self) {
        let conflict = self.conflict.iter_mut();
        let sides = conflict.flat_map(|c| [&mut c.base, &mut c.mine, &mut c.theirs]);
        for text in sides.chain(&mut self.text) {
            text.truncate(text.strip_suffix('\n').unwrap_or(text).len());
        }
    }
}

/// Where a line of the marked text belongs.
#[derive(Clone, Copy)]
enum In {
    Agreed,
    Mine,
    Base,
    Theirs,
}

fn parts(marked: &str, marker: usize) -> Vec<Part> {
    let is = |line: &str, of: char| line.len() >= marker && line.chars().take(marker).all(|c| c == of);
    let mut parts = Vec::new();
    let mut agreed = String::new();
    let mut conflict = Conflict {
        base: String::new(),
        mine: String::new(),
        theirs: String::new(),
    };
    let mut at = In::Agreed;
    for line in marked.split_inclusive('\n') {
        match at {
            In::Agreed if is(line, '<') => {
                if !agreed.is_empty() {
                    parts.push(Part::agreed(std::mem::take(&mut agreed)));
                }
                at = In::Mine;
            }
            In::Mine if is(line, '|') => at = In::Base,
            In::Base if is(line, '=') => at = In::Theirs,
            In::Theirs if is(line, '>') => {
                let found = Conflict {
                    base: std::mem::take(&mut conflict.base),
                    mine: std::mem::take(&mut conflict.mine),
                    theirs: std::mem::take(&mut conflict.theirs),
                };
                parts.push(Part {
                    text: None,
                    conflict: Some(found),
                });
                at = In::Agreed;
            }
            In::Agreed => agreed += line,
            In::Mine => conflict.mine += line,
            In::Base => conflict.base += line,
            In::Theirs => conflict.theirs += line,
        }
    }
    if !agreed.is_empty() {
        parts.push(Part::agreed(agreed));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(base: &str, mine: &str, theirs: &str) -> Vec<(String, String, String)> {
        let part = |part: Part| match (part.text, part.conflict) {
            (Some(text), None) => (text, String::new(), String::new()),
            (None, Some(conflict)) => (conflict.base, conflict.mine, conflict.theirs),
            other => panic!("{other:?}"),
        };
        merge(base, mine, theirs).unwrap().into_iter().map(part).collect()
    }

    fn agreed(text: &str) -> (String, String, String) {
        (text.into(), String::new(), String::new())
    }

    #[test]
    fn what_one_side_changed_is_taken() {
        let base = "a\nb\nc\nd\ne\n";
        for (mine, theirs, merged) in [
            (base, base, base),
            ("A\nb\nc\nd\ne\n", base, "A\nb\nc\nd\ne\n"),
            (base, "a\nb\nc\nd\nE\n", "a\nb\nc\nd\nE\n"),
            ("A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n", "A\nb\nc\nd\nE\n"),
            // Both the same.
            ("a\nX\nc\nd\ne\n", "a\nX\nc\nd\ne\n", "a\nX\nc\nd\ne\n"),
            // Added and taken away.
            ("a\nb\nnew\nc\nd\ne\n", "a\nb\nc\nd\n", "a\nb\nnew\nc\nd\n"),
        ] {
            assert_eq!(shown(base, mine, theirs), [agreed(merged)], "{mine:?} {theirs:?}");
        }
        assert_eq!(shown("", "", ""), [agreed("")]);
    }

    #[test]
    fn what_both_changed_is_shown_side_by_side() {
        let conflict = |base: &str, mine: &str, theirs: &str| (base.to_owned(), mine.to_owned(), theirs.to_owned());
        assert_eq!(
            shown("a\nb\nc\n", "a\nmine\nc\n", "a\ntheirs\nc\n"),
            [agreed("a\n"), conflict("b\n", "mine\n", "theirs\n"), agreed("c\n")]
        );
        assert_eq!(shown("b", "mine", "theirs"), [conflict("b", "mine", "theirs")]);
        assert_eq!(shown("One", "One", "Two"), [agreed("Two")]);
        // What looks like a marker is text.
        let tricky = "<<<<<<< ours\n=======\n>>>>>>> theirs\n";
        let mine = format!("{tricky}mine\n");
        let theirs = format!("{tricky}theirs\n{tricky}");
        assert_eq!(
            shown(&format!("{tricky}b\n"), &mine, &theirs),
            [agreed(tricky), conflict("b\n", "mine\n", &format!("theirs\n{tricky}"))]
        );
    }

    #[test]
    fn what_is_too_long_is_refused() {
        let long = "x\n".repeat(MAX_LINES / 3 + 1);
        assert_eq!(merge(&long, &long, &long), Err(TooLong));
    }
}
