//! Where a text comes closest to saying some words.

/// Words that a stretch of text has in common with what is looked for.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Window {
    /// Summed weights of the different words found.
    pub(crate) weight: f32,
    /// First and last token.
    pub(crate) first: usize,
    pub(crate) last: usize,
}

/// The best stretch of at most `longest` tokens. `hits` are tokens in order, each with its sentence, which of the words
/// it is, and that word's weight. Of equal ones the shortest, then the first.
pub(crate) fn best(hits: &[(usize, u32, usize, f32)], longest: usize) -> Window {
    let mut best = Window::default();
    let mut seen: Vec<usize> = Vec::new();
    for (i, &(first, sentence, _, _)) in hits.iter().enumerate() {
        seen.clear();
        let mut weight = 0.0;
        for &(at, its, word, its_weight) in &hits[i..] {
            if its != sentence || at - first >= longest {
                break;
            }
            if seen.contains(&word) {
                continue;
            }
            seen.push(word);
            weight += its_weight;
            let better = weight > best.weight + 1e-6
                || (weight > best.weight - 1e-6 && at - first < best.last - best.first && best.weight > 0.0);
            if better {
                best = Window {
                    weight,
                    first,
                    last: at,
                };
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_window_has_the_most_weight_and_then_the_fewest_words() {
        let hits = [
            (0, 0, 0, 1.0),
            (5, 0, 1, 1.0),
            (20, 1, 0, 1.0),
            (21, 1, 1, 1.0),
            (22, 2, 2, 9.0),
        ];
        let found = best(&hits[..4], 8);
        assert_eq!((found.first, found.last, found.weight), (20, 21, 2.0));
        assert_eq!(best(&hits, 8).first, 22);
        assert_eq!(best(&[], 8), Window::default());
    }
}
