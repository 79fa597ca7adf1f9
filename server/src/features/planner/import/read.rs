//! Reading a file in a thread of its own: parsing is work for a processor, and blocks.

use std::io::Read;

use igny8_planner::keyword_file::{FileProblem, Format, KeywordFile, KeywordRow, Note, RowProblemKind};
use tokio::sync::mpsc::Sender;

use super::report::Problem;

/// What the reader tells.
pub enum Message {
    Format(Box<Format>),
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
pub fn run(from: Box<dyn Read + Send>, to: &Sender<Message>, batch: usize) -> Result<Vec<Note>, FileProblem> {
    let mut file = KeywordFile::open(from)?;
    let format = file.detected().clone();
    let lists_pages = format.lists_pages();
    let mut alive = to.blocking_send(Message::Format(Box::new(format))).is_ok();
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
            // The tool lists a keyword for each of its pages; the first time says all that is kept.
            Some(Err(problem)) if lists_pages && matches!(problem.kind, RowProblemKind::Duplicate { .. }) => {
                problems.push(Problem::repeated(problem.line));
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
