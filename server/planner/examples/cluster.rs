use std::collections::HashMap;
fn main() {
    for path in std::env::args().skip(1) {
        let clock = std::time::Instant::now();
        let file = std::fs::read_to_string(&path).unwrap();
        let (labels, texts): (Vec<String>, Vec<String>) = file
            .lines()
            .map(|l| l.split_once('\t').unwrap())
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .unzip();
        let keywords: Vec<_> = texts
            .iter()
            .map(|t| igny8_planner::cluster::Keyword::new(t.clone()))
            .collect();
        let mut options = igny8_planner::cluster::Options::default();
        if let Ok(m) = std::env::var("MAX") {
            options.max_size = m.parse().unwrap();
        }
        let graph = igny8_planner::cluster::Graph::new(&keywords, &options);
        eprintln!("graph {:?}", clock.elapsed());
        let c = graph.cluster(std::env::var("G").map_or(0.5, |g| g.parse().unwrap()));
        eprintln!(
            "cluster {:?} unclustered {} clusters {}",
            clock.elapsed(),
            c.unclustered.len(),
            c.clusters.len()
        );
        if std::env::var("SHOW").is_ok() {
            for x in c.clusters.iter().take(40) {
                eprintln!(
                    "{:?} {:?} {:?} {} | {} | {:?} {:?}",
                    x.role,
                    x.context_type,
                    x.parent,
                    x.name,
                    x.description,
                    x.recommendations.terms,
                    x.recommendations
                        .attributes
                        .iter()
                        .map(|a| &a.value)
                        .collect::<Vec<_>>()
                );
            }
        }
        let mut out: Vec<String> = (0..texts.len()).map(|i| format!("-{i}")).collect();
        for (i, c) in c.clusters.iter().enumerate() {
            for &k in &c.keywords {
                out[k] = i.to_string();
            }
        }
        let n = labels.len() as f64;
        let count = |keys: &mut dyn Iterator<Item = String>| {
            let mut m: HashMap<String, f64> = HashMap::new();
            for k in keys {
                *m.entry(k).or_default() += 1.0;
            }
            m
        };
        let a = count(&mut labels.iter().cloned());
        let b = count(&mut out.iter().cloned());
        let ab = count(&mut labels.iter().zip(&out).map(|(x, y)| format!("{x}\t{y}")));
        let h = |m: &HashMap<String, f64>| -m.values().map(|v| v / n * (v / n).ln()).sum::<f64>();
        let c2 = |m: &HashMap<String, f64>| m.values().map(|v| v * (v - 1.0) / 2.0).sum::<f64>();
        let mi = h(&a) + h(&b) - h(&ab);
        let (sa, sb, tp, tot) = (c2(&a), c2(&b), c2(&ab), n * (n - 1.0) / 2.0);
        let ari = (tp - sa * sb / tot) / ((sa + sb) / 2.0 - sa * sb / tot);
        let big = b.values().cloned().fold(0.0, f64::max);
        println!(
            "{:<28} NMI {:.1} ARI {:.1} P {:.1} R {:.1} k {} of {} max {} {:.1?}",
            path.rsplit('/').next().unwrap(),
            200.0 * mi / (h(&a) + h(&b)),
            100.0 * ari,
            100.0 * tp / sb,
            100.0 * tp / sa,
            b.len(),
            a.len(),
            big,
            clock.elapsed()
        );
    }
}
