//! Long texts have subheadings, none far from the next.

use super::{Context, Outcome, number};
use crate::document::Kind;
use crate::report::{Bound, Unit};

pub(super) fn check(c: &Context<'_>) -> Outcome {
    if c.words() == 0 {
        return Outcome::no_text();
    }
    let mut sections: Vec<(&str, usize)> = vec![("", 0)];
    for block in c.document.blocks() {
        if let Kind::Heading(_) = block.kind {
            sections.push((c.document.text_of(block), 0));
        } else if let Some((_, words)) = sections.last_mut() {
            *words += c.document.words_of(block).len();
        }
    }
    let most = limit(c.cornerstone());
    let longest = sections.iter().map(|(_, words)| *words).max().unwrap_or(0);
    let rating = rate(longest, sections.len() > 1, c.words(), most);
    let outcome = Outcome::count(rating, longest, Unit::Words, Bound::max(number(most)));
    let params: &[(&str, &dyn std::fmt::Display)] = &[("words", &longest), ("max", &most)];
    match rating {
        9 => outcome,
        2 => outcome.mend(
            "subheading_distribution.none",
            "The text has no subheadings: put one before each new thought, at least every {max} words.",
            params,
        ),
        _ => outcome
            .mend(
                "subheading_distribution.far",
                "A section has {words} words: divide it with a subheading after at most {max}.",
                params,
            )
            .examples(
                sections
                    .iter()
                    .filter(|(_, words)| *words > most)
                    .map(|(heading, _)| *heading),
            ),
    }
}

fn limit(cornerstone: bool) -> usize {
    if cornerstone { 250 } else { 300 }
}

fn rate(longest: usize, divided: bool, words: usize, most: usize) -> i16 {
    match longest {
        _ if words <= most => 9,
        _ if !divided => 2,
        _ if longest <= most => 9,
        _ if longest <= most + 50 => 6,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::rating;
    use crate::input::Input;
    use crate::weights::CheckId;

    #[test]
    fn sections() {
        let cases = [
            (300, false, 300, 300, 9),
            (301, false, 301, 300, 2),
            (300, true, 301, 300, 9),
            (301, true, 301, 300, 6),
            (350, true, 350, 300, 6),
            (351, true, 351, 300, 3),
            (250, false, 250, limit(true), 9),
            (251, false, 251, limit(true), 2),
            (300, true, 301, limit(true), 6),
            (301, true, 301, limit(true), 3),
        ];
        for (longest, divided, words, most, expected) in cases {
            assert_eq!(rate(longest, divided, words, most), expected, "{longest} of {words}");
        }
    }

    #[test]
    fn the_text_before_the_first_heading_is_a_section() {
        let words = |n: usize| "word ".repeat(n);
        let cases = [
            (words(301), 2),
            (format!("{}<h2>x</h2>{}", words(300), words(300)), 9),
            (format!("{}<h2>x</h2>", words(340)), 6),
            (format!("<h4>x</h4>{}", words(351)), 3),
        ];
        for (body, expected) in cases {
            let input = Input {
                body: &body,
                ..Input::default()
            };
            assert_eq!(rating(&input, CheckId::SubheadingDistribution), Some(expected));
        }
        assert_eq!(rating(&Input::default(), CheckId::SubheadingDistribution), None);
    }
}
