//! Writes illustrations for the titles given: `cargo run -p igny8-writer --example artwork -- <folder> <title>…`.

use std::path::Path;

use igny8_colour::Rgb;
use igny8_writer::artwork::draw;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| ".".into());
    let brands = [Rgb(178, 74, 34), Rgb(24, 88, 140), Rgb(30, 120, 84), Rgb(96, 60, 150)];
    for (n, title) in arguments.enumerate() {
        let svg = draw(&title, brands[n % brands.len()]);
        std::fs::write(Path::new(&folder).join(format!("{n:02}.svg")), svg)?;
    }
    Ok(())
}
