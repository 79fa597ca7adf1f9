use igny8_renderer::{Theme, render};

use crate::support::{page_with, rendered, small};

/// Turns every list of the snapshot whose order says nothing.
fn shuffled(site: &igny8_renderer::Site, by: usize) -> igny8_renderer::Site {
    let mut site = site.clone();
    let turn = |len: usize| if len == 0 { 0 } else { by % len };
    let n = turn(site.pages.len());
    site.pages.rotate_left(n);
    site.pages.reverse();
    site.sections.reverse();
    site.taxonomies.reverse();
    for taxonomy in &mut site.taxonomies {
        taxonomy.terms.reverse();
    }
    let n = turn(site.media.len());
    site.media.rotate_left(n);
    site.redirects.reverse();
    site
}

#[test]
fn the_order_of_the_input_does_not_matter() {
    let mut site = small();
    // Conflicts are the hard part: who wins must not depend on who comes first.
    let mut twin = page_with("/about/", "twin");
    twin.id = "twin".into();
    site.pages.push(twin.into());
    site.pages.push(page_with("/services/page/2/", "in the way").into());
    let first = rendered(&site);
    assert!(first.report.has_errors(), "conflicts are reported");
    for by in 1..6 {
        let again = rendered(&shuffled(&site, by));
        assert_eq!(first.report, again.report);
        for (path, file) in &first.files {
            assert!(again.files.get(path) == Some(file), "{path} differs");
        }
        assert_eq!(first.files.len(), again.files.len());
    }
}

#[test]
fn threads_do_not_matter() {
    let site = small();
    let theme = Theme::builtin("ember").expect("compiles");
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("a pool");
        pool.install(|| render(&site, &theme))
    };
    assert!(with(1) == with(4));
}

#[test]
fn a_saved_snapshot_renders_the_same() {
    let site = small();
    let json = serde_json::to_string(&site).expect("serialises");
    assert!(rendered(&site) == rendered(&serde_json::from_str(&json).expect("reads")));
}
