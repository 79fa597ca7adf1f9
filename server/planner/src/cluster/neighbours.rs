//! The nearest neighbours of every keyword by cosine, without comparing every pair.
//!
//! An inverted index finds candidates, rarest features first, until a budget is spent: what is left out then stands in a
//! large share of all keywords and tells them apart least. The best candidates are compared exactly. Short lists are
//! compared wholly; the work grows linearly with the length of long ones.

use super::features::Rows;
use rayon::prelude::*;
use std::cmp::Ordering;

/// Neighbours of one keyword.
pub(super) const NEAREST: usize = 24;
/// A cosine below this is two words of grammar in common.
const FLOOR: f32 = 0.05;
/// Index entries read for one keyword.
const BUDGET: usize = 20_000;
/// Candidates compared exactly.
const CANDIDATES: usize = 128;
/// Weight of the language model's cosine where both keywords have a vector.
const DENSE_SHARE: f32 = 0.75;

/// Vectors of a language model, centred and of length 1; empty where a keyword has none.
pub(super) struct Dense {
    vectors: Vec<Vec<f32>>,
    any: bool,
}

impl Dense {
    /// Centres the vectors: what all keywords of a site have in common says nothing about which belong together.
    pub(super) fn new(raw: Vec<Option<&[f32]>>) -> Dense {
        let width = raw.iter().flatten().map(|v| v.len()).max().unwrap_or(0);
        let usable = |v: &&[f32]| v.len() == width && width > 0 && v.iter().all(|x| x.is_finite());
        let mut vectors: Vec<Vec<f32>> = raw
            .iter()
            .map(|v| v.filter(usable).map(unit_length).unwrap_or_default())
            .collect();
        let count = vectors.iter().filter(|v| !v.is_empty()).count();
        // A mean of one or two vectors is those vectors themselves.
        if count > 2 {
            let mut mean = vec![0.0f64; width];
            for v in vectors.iter().filter(|v| !v.is_empty()) {
                mean.iter_mut()
                    .zip(v)
                    .for_each(|(m, x)| *m += f64::from(*x) / count as f64);
            }
            for v in &mut vectors {
                v.iter_mut().zip(&mean).for_each(|(x, m)| *x -= *m as f32);
                *v = unit_length(v);
            }
        }
        Dense {
            any: count > 0,
            vectors,
        }
    }

    /// Share of the units that have a vector.
    pub(super) fn share(&self) -> f64 {
        let with = self.vectors.iter().filter(|v| !v.is_empty()).count();
        with as f64 / self.vectors.len().max(1) as f64
    }

    fn cosine(&self, a: usize, b: usize) -> Option<f32> {
        let (a, b) = (&self.vectors[a], &self.vectors[b]);
        (!a.is_empty() && !b.is_empty()).then(|| dot(a, b).clamp(0.0, 1.0))
    }

    /// Candidates by vector: the members of the nearest cells, cells being the keywords nearest to one of √n of them
    /// spread evenly over the list (an inverted file, as in Jégou, Douze, Schmid, PAMI 33(1), 2011, without training).
    fn cells(&self) -> Cells {
        let with: Vec<usize> = (0..self.vectors.len())
            .filter(|&i| !self.vectors[i].is_empty())
            .collect();
        let count = (with.len() as f64).sqrt().ceil() as usize;
        let seeds: Vec<usize> = (0..count).map(|c| with[c * with.len() / count.max(1)]).collect();
        let nearest: Vec<Vec<u32>> = self
            .vectors
            .par_iter()
            .map(|v| {
                if v.is_empty() {
                    return Vec::new();
                }
                let mut cells: Vec<(u32, f32)> = seeds
                    .iter()
                    .enumerate()
                    .map(|(c, &s)| (c as u32, dot(v, &self.vectors[s])))
                    .collect();
                best(&mut cells, PROBES);
                cells.into_iter().map(|(c, _)| c).collect()
            })
            .collect();
        let mut members = vec![Vec::new(); count];
        for (i, cells) in nearest.iter().enumerate() {
            if let Some(&c) = cells.first() {
                members[c as usize].push(i as u32);
            }
        }
        Cells { nearest, members }
    }
}

const PROBES: usize = 12;

struct Cells {
    /// The nearest cells of every keyword, best first.
    nearest: Vec<Vec<u32>>,
    members: Vec<Vec<u32>>,
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    // Eight sums side by side, so that the compiler may use wide registers; the order is fixed, so is the result.
    let mut sums = [0.0f32; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a8.remainder().iter().zip(b8.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a8.zip(b8) {
        for i in 0..8 {
            sums[i] += x[i] * y[i];
        }
    }
    sums.iter().sum::<f32>() + rest
}

fn unit_length(v: &[f32]) -> Vec<f32> {
    let length = v.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt();
    if length > 1e-9 {
        v.iter().map(|x| (f64::from(*x) / length) as f32).collect()
    } else {
        Vec::new()
    }
}

/// Best first; equals by place, which is the keywords' own order.
fn order(a: &(u32, f32), b: &(u32, f32)) -> Ordering {
    b.1.total_cmp(&a.1).then(a.0.cmp(&b.0))
}

fn best(found: &mut Vec<(u32, f32)>, count: usize) {
    if found.len() > count {
        found.select_nth_unstable_by(count, order);
        found.truncate(count);
    }
    found.sort_unstable_by(order);
}

/// The edges `(a, b, cosine)` between every keyword and its [`NEAREST`] others, `a < b`, each once, sorted.
pub(super) fn edges(rows: &Rows, dense: &Dense) -> Vec<(u32, u32, f32)> {
    let n = rows.len();
    let mut postings: Vec<Vec<(u32, f32)>> = vec![Vec::new(); rows.width()];
    for i in 0..n {
        for (d, w) in rows.row(i) {
            postings[d as usize].push((i as u32, w));
        }
    }
    // Strongest first: where the budget ends inside a list, those who have little else are what was read.
    postings.par_iter_mut().for_each(|p| p.sort_unstable_by(order));
    let cells = if dense.any { Some(dense.cells()) } else { None };
    let mut out: Vec<(u32, u32, f32)> = (0..n)
        .into_par_iter()
        .map_init(
            || Search {
                sums: vec![0.0; n],
                touched: Vec::new(),
                query: vec![0.0; rows.width()],
                features: Vec::new(),
            },
            |search, i| search.nearest(i, rows, &postings, dense, cells.as_ref()),
        )
        .flatten_iter()
        .collect();
    out.par_sort_unstable_by(|x, y| (x.0, x.1).cmp(&(y.0, y.1)).then(x.2.total_cmp(&y.2)));
    out.dedup_by(|x, y| (x.0, x.1) == (y.0, y.1));
    out
}

/// One thread's working memory.
struct Search {
    sums: Vec<f32>,
    touched: Vec<u32>,
    /// The keyword's vector, spread out.
    query: Vec<f32>,
    features: Vec<(usize, u32, f32)>,
}

impl Search {
    fn nearest(
        &mut self,
        i: usize,
        rows: &Rows,
        postings: &[Vec<(u32, f32)>],
        dense: &Dense,
        cells: Option<&Cells>,
    ) -> Vec<(u32, u32, f32)> {
        self.features.clear();
        self.features
            .extend(rows.row(i).map(|(d, w)| (postings[d as usize].len(), d, w)));
        self.features.sort_unstable_by_key(|&(length, d, _)| (length, d));
        let mut budget = BUDGET;
        for &(length, d, w) in &self.features {
            let read = length.min(budget);
            for &(j, v) in &postings[d as usize][..read] {
                let sum = &mut self.sums[j as usize];
                if *sum == 0.0 {
                    self.touched.push(j);
                }
                *sum += w * v;
            }
            budget -= read;
        }
        let mut found: Vec<(u32, f32)> = self
            .touched
            .iter()
            .filter(|&&j| j as usize != i)
            .map(|&j| (j, self.sums[j as usize]))
            .collect();
        for &j in &self.touched {
            self.sums[j as usize] = 0.0;
        }
        self.touched.clear();
        // A half-read keyword would be compared by what was read: leave room for those that were cut short.
        best(&mut found, CANDIDATES);
        if let Some(cells) = cells {
            let mut near: Vec<(u32, f32)> = cells.nearest[i]
                .iter()
                .flat_map(|&c| &cells.members[c as usize])
                .filter(|&&j| j as usize != i)
                .filter_map(|&j| dense.cosine(i, j as usize).map(|c| (j, c)))
                .collect();
            best(&mut near, CANDIDATES);
            found.extend(near);
            found.sort_unstable_by_key(|f| f.0);
            found.dedup_by_key(|f| f.0);
        }
        for (d, w) in rows.row(i) {
            self.query[d as usize] = w;
        }
        for (j, similarity) in &mut found {
            *similarity = rows.row(*j as usize).map(|(d, w)| self.query[d as usize] * w).sum();
            if let Some(cosine) = dense.cosine(i, *j as usize) {
                *similarity = (1.0 - DENSE_SHARE) * *similarity + DENSE_SHARE * cosine;
            }
        }
        for (d, _) in rows.row(i) {
            self.query[d as usize] = 0.0;
        }
        found.retain(|f| f.1 > FLOOR);
        best(&mut found, NEAREST);
        // The sum's order differs between the two directions only in the last bit; the lower one's is kept by `dedup`.
        found
            .into_iter()
            .map(|(j, s)| {
                if (i as u32) < j {
                    (i as u32, j, s)
                } else {
                    (j, i as u32, s)
                }
            })
            .collect()
    }
}
