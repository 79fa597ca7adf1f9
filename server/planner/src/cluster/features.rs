//! Sparse vectors of the keywords: word stems, pairs of stems and character n-grams, weighted by how telling each is in
//! this list of keywords.
//!
//! TF-IDF with logarithmic counts and smoothed inverse document frequency (Salton & Buckley, *Term-weighting approaches in
//! automatic text retrieval*, Information Processing & Management 24(5), 1988). Grammar words keep their full weight:
//! "what is" and "how to" part needs, and removing them measured worse on every set.

use super::variants::Unit;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// Shares of the three kinds in a keyword's vector; they add up to the squared length 1. Measured, see the README.
const SHARES: [f32; KINDS] = [0.48, 0.14, 0.38];
const KINDS: usize = 3;
/// A feature in fewer keywords than this is left out before the vector gets its length: a typing error would otherwise
/// put a keyword far from everything by its character n-grams alone. A rare word does count against likeness.
const LEAST: [u32; KINDS] = [1, 2, 2];

/// Rows of `(dimension, weight)`, sorted by dimension, in one piece of memory. A row has length 1 at most: what it has
/// to itself counts in its length but is not kept.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    starts: Vec<usize>,
    dimensions: Vec<u32>,
    weights: Vec<f32>,
    width: usize,
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Memory of the rows, in bytes.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.starts.as_slice())
            + size_of_val(self.dimensions.as_slice())
            + size_of_val(self.weights.as_slice())
    }

    /// How many dimensions there are.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn row(&self, i: usize) -> impl Iterator<Item = (u32, f32)> + '_ {
        let range = self.starts[i]..self.starts[i + 1];
        self.dimensions[range.clone()]
            .iter()
            .copied()
            .zip(self.weights[range].iter().copied())
    }

    /// One row per unit.
    pub(super) fn new(units: &[Unit]) -> Rows {
        let bags: Vec<[Bag; KINDS]> = units.par_iter().map(bags).collect();
        // The frequency of every feature, and its dimension once it has one.
        let mut features: FxHashMap<u64, (u32, u32)> = FxHashMap::default();
        for bag in bags.iter().flatten() {
            for &(feature, _) in bag {
                features.entry(feature).or_insert((0, u32::MAX)).0 += 1;
            }
        }
        let mut rows = Rows {
            starts: vec![0],
            ..Rows::default()
        };
        let n = units.len() as f32;
        let mut row: Vec<(u32, f32)> = Vec::new();
        for unit in bags {
            row.clear();
            let mut squares = [0.0f32; KINDS];
            let mut from = [0; KINDS];
            for (kind, bag) in unit.iter().enumerate() {
                from[kind] = row.len();
                for &(feature, count) in bag {
                    let Some((frequency, dimension)) = features.get_mut(&feature) else {
                        continue;
                    };
                    if *frequency < LEAST[kind] {
                        continue;
                    }
                    let weight = (1.0 + (count as f32).ln()) * (((1.0 + n) / (1.0 + *frequency as f32)).ln() + 1.0);
                    squares[kind] += weight * weight;
                    if *frequency > 1 {
                        if *dimension == u32::MAX {
                            *dimension = rows.width as u32;
                            rows.width += 1;
                        }
                        row.push((*dimension, weight));
                    }
                }
            }
            for kind in 0..KINDS {
                let to = from.get(kind + 1).copied().unwrap_or(row.len());
                if squares[kind] > 0.0 {
                    let scale = (SHARES[kind] / squares[kind]).sqrt();
                    row[from[kind]..to].iter_mut().for_each(|(_, w)| *w *= scale);
                }
            }
            row.sort_unstable_by_key(|&(d, _)| d);
            rows.dimensions.extend(row.iter().map(|&(d, _)| d));
            rows.weights.extend(row.iter().map(|&(_, w)| w));
            rows.starts.push(rows.dimensions.len());
        }
        rows
    }
}

/// Features with how often a keyword has them, sorted.
type Bag = Vec<(u64, u32)>;

fn bags(unit: &Unit) -> [Bag; KINDS] {
    let stems = unit.stems.iter().map(|s| hash(0, s, "")).collect();
    let pairs = unit.stems.windows(2).map(|s| hash(1, &s[0], &s[1])).collect();
    [bag(stems), bag(pairs), bag(char_grams(&unit.words))]
}

fn bag(mut features: Vec<u64>) -> Bag {
    features.sort_unstable();
    let mut out: Bag = Vec::with_capacity(features.len());
    for feature in features {
        match out.last_mut() {
            Some((last, count)) if *last == feature => *count += 1,
            _ => out.push((feature, 1)),
        }
    }
    out
}

/// FNV-1a, whose values are the same in every build (the standard library promises nothing of the kind).
fn hash(kind: u8, first: &str, second: &str) -> u64 {
    let mut h = 0xcbf2_9ce4_8422_2325_u64;
    for b in [kind]
        .into_iter()
        .chain(first.bytes())
        .chain([0xff])
        .chain(second.bytes())
    {
        h = (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    // The low bits of FNV are its weak ones, and they choose the slot of the map.
    h ^ (h >> 32)
}

/// Character n-grams of 3 to 5 inside words, a space standing for each edge of a word.
fn char_grams(words: &[String]) -> Vec<u64> {
    let mut out = Vec::new();
    let mut padded = String::new();
    let mut at: Vec<usize> = Vec::new();
    for word in words {
        padded.clear();
        padded.push(' ');
        padded.push_str(word);
        padded.push(' ');
        at.clear();
        at.extend(padded.char_indices().map(|(i, _)| i));
        at.push(padded.len());
        let chars = at.len() - 1;
        for n in 3..=5 {
            if chars < n {
                out.push(hash(2, &padded, ""));
                break;
            }
            out.extend((0..=chars - n).map(|i| hash(2, &padded[at[i]..at[i + n]], "")));
        }
    }
    out
}
