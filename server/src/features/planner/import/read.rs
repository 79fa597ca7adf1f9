//! Reading a file in a thread of its own: parsing is work for a processor, and blocks.

use std::fs::File;
use std::io::{Seek as _, SeekFrom};

use igny8_planner::keyword_file::{FileProblem, Format, Groups, Joined, KeywordRow, Note, Options, Packed};
use tokio::sync::mpsc::Sender;

use super::report::Problem;

/// What the reader tells.
pub enum Message {
    Format(Box<Format>, Groups),
    Rows {
        rows: Vec<KeywordRow>,
        problems: Vec<Problem>,
        /// Bytes of the file read so far.
        bytes: u64,
        /// Nothing follows.
        last: bool,
    },
}

/// Problems handed on at the latest when there are so many: a file may have nothing else.
const PROBLEMS: usize = 1_000;

/// Reads a file to its end, or until nobody listens.
pub fn run(
    from: &File,
    options: &Options,
    market: Option<&str>,
    to: &Sender<Message>,
    batch: usize,
) -> Result<Vec<Note>, FileProblem> {
    let rewound = || {
        let mut file = from.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        Ok::<File, std::io::Error>(file)
    };
    let packed = Packed::look(rewound, options)?;
    let open = || packed.open(rewound()?);
    let mut file = Joined::open(open, &packed.options(options), market)?;
    let (format, groups) = (file.detected().clone(), file.groups().clone());
    let mut alive = to.blocking_send(Message::Format(Box::new(format), groups)).is_ok();
    let (mut rows, mut problems) = (Vec::with_capacity(batch), Vec::new());
    while alive {
        let next = file.next();
        let ended = next.is_none();
        match next {
            None => {}
            Some(Ok(mut row)) => {
                for note in std::mem::take(&mut row.notes) {
                    problems.push(Problem::warning(row.line, note.to_string()));
                }
                rows.push(row);
            }
            Some(Err(problem)) => problems.push(Problem::of(&problem)),
        }
        if ended || rows.len() >= batch || problems.len() >= PROBLEMS {
            let message = Message::Rows {
                rows: std::mem::replace(&mut rows, Vec::with_capacity(batch)),
                problems: std::mem::take(&mut problems),
                bytes: file.bytes_read(),
                last: ended,
            };
            alive = to.blocking_send(message).is_ok();
        }
        if ended {
            break;
        }
    }
    Ok(file.notes())
}
