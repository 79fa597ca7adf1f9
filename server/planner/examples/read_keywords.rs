//! Reads a keyword file and says what was found, how fast, and with how much memory.
//!
//! ```sh
//! cargo run --release -p igny8-planner --example read_keywords -- keywords.csv
//! cargo run --release -p igny8-planner --example read_keywords -- --made 1000000 [utf16]
//! ```
//!
//! With `--made` the file is made up while it is read, so that the memory shown is the reader's alone.

use std::error::Error;
use std::fs::File;
use std::io::{self, Read};
use std::time::Instant;

use igny8_planner::keyword_file::{KeywordFile, Use};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--made", rows] => report(Made::new(rows.parse()?, false)),
        ["--made", rows, "utf16"] => report(Made::new(rows.parse()?, true)),
        [path] => report(File::open(path)?),
        _ => Err("usage: read_keywords <file> | --made <rows> [utf16]".into()),
    }
}

fn report(from: impl Read) -> Result<(), Box<dyn Error>> {
    const PROBLEMS_SHOWN: usize = 10;
    let start = Instant::now();
    let mut file = KeywordFile::open(from)?;
    let format = file.detected();
    println!(
        "{}; {}; separator: {}; header in line {:?}",
        format.source.label(),
        format.encoding,
        format.delimiter,
        format.header_line
    );
    for column in &format.columns {
        match column.used_for {
            Use::Field(field) => println!(
                "  {:?}: {} (for example {:?})",
                column.name,
                field.label(),
                column.samples
            ),
            Use::Ignored(reason) => println!("  {:?}: left out, {reason}", column.name),
        }
    }
    let (mut rows, mut searches, mut problems) = (0_u64, 0_u64, 0_usize);
    for row in file.by_ref() {
        match row {
            Ok(row) => {
                rows += 1;
                searches += row.searches().map_or(0, |(searches, _)| searches);
            }
            Err(problem) => {
                problems += 1;
                if problems <= PROBLEMS_SHOWN {
                    println!("  {problem}");
                }
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    for note in file.notes() {
        println!("  {note}");
    }
    println!("{rows} keywords with {searches} searches a month, {problems} problems");
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let (rows, megabytes) = (rows as f64, file.bytes_read() as f64 / 1e6);
    println!(
        "{megabytes:.1} MB in {seconds:.2} s: {:.0} rows/s, {:.1} MB/s",
        rows / seconds,
        megabytes / seconds
    );
    if let Some(peak) = peak_memory() {
        println!("peak memory {peak}");
    }
    Ok(())
}

/// What Linux says the process had at most.
fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().to_owned())
}

/// A Semrush export, made up as it is read.
struct Made {
    rows: u64,
    next: u64,
    utf16: bool,
    ready: Vec<u8>,
    at: usize,
}

impl Made {
    fn new(rows: u64, utf16: bool) -> Self {
        let mut made = Self {
            rows,
            next: 0,
            utf16,
            ready: Vec::new(),
            at: 0,
        };
        made.write(
            "\u{feff}Keyword,Intent,Volume,Trend,Keyword Difficulty,CPC (USD),Competitive Density,SERP Features,Number of \
             Results\n",
        );
        made
    }

    fn write(&mut self, text: &str) {
        if self.utf16 {
            self.ready.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        } else {
            self.ready.extend_from_slice(text.as_bytes());
        }
    }
}

impl Read for Made {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.at == self.ready.len() {
            self.ready.clear();
            self.at = 0;
            while self.next < self.rows && self.ready.len() < 32 * 1024 {
                let n = self.next;
                self.next += 1;
                self.write(&format!(
                    "cold brew café number {n},\"Commercial, Informational\",{},\"0.20,1.00,0.82,0.02,0.01,0.01,0.01,0.01,0.01,\
                     0.02,0.05,0.09\",{},{}.87,0.45,\"Sitelinks, AI Overview, Image pack, People also ask\",3010000000\n",
                    n % 50_000,
                    n % 101,
                    n % 7
                ));
            }
        }
        let left = self.ready.get(self.at..).unwrap_or_default();
        let length = left.len().min(to.len());
        for (to, from) in to.iter_mut().zip(left) {
            *to = *from;
        }
        self.at += length;
        Ok(length)
    }
}
