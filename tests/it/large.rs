//! Texts for sites of ten thousand pages.

/// A word for each number.
pub fn word(mut number: usize) -> String {
    const SYLLABLES: [&str; 8] = ["ba", "ce", "di", "fo", "gu", "ka", "le", "mi"];
    let mut out = String::new();
    number += 8;
    while number > 0 {
        out.push_str(SYLLABLES[number % 8]);
        number /= 8;
    }
    out
}

/// Numbers below a bound, the same ones for each seed: Knuth's MMIX generator.
pub fn random(seed: usize) -> impl FnMut(usize) -> usize {
    let mut state = seed as u64 + 1;
    move |below| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    }
}

/// A word; few are frequent, most are rare.
pub fn some_word(random: &mut impl FnMut(usize) -> usize) -> String {
    let range = 1 << (3 + random(12));
    word(random(range))
}
