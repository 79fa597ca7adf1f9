//! Keyword files in archives: Search Console's ZIP of several CSV files, and Excel workbooks.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

use flate2::read::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive};

use super::file::KeywordFile;
use super::format::{Delimiter, Options};
use super::problem::FileProblem;
use super::workbook::{self, Sheet, Strings};

/// Bytes of an archive's list of files.
const DIRECTORY: u64 = 1024 * 1024;
/// Files of an archive that are tried.
const TRIED: usize = 50;
/// Bytes a file may unpack to, and how many times its own size: tables of text pack to a tenth, bombs to a thousandth.
const UNPACKED: u64 = 1024 * 1024 * 1024;
const RATIO: u64 = 100;
/// What a small file may unpack to, whatever its size.
const SMALL: u64 = 4 * 1024 * 1024;

/// What a file is as it lies on the disk, and where in it the keywords are.
#[derive(Debug, Clone)]
pub struct Packed(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Plain,
    /// A CSV file of an archive.
    Entry(Entry),
    /// A sheet of a workbook.
    Sheet {
        entry: Entry,
        strings: Arc<Strings>,
    },
}

/// Where a file of an archive is.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    name: String,
    start: u64,
    packed: u64,
    stored: bool,
}

/// Text of a keyword file, from wherever it comes.
pub type Text = Box<dyn Read + Send>;

impl Packed {
    /// Looks what a file is. Of an archive's files, and of a workbook's sheets, the first that holds keywords is taken.
    ///
    /// # Errors
    /// When it is an archive without keywords, or one that is too large or damaged. Files that are no archives are not
    /// looked at any further.
    pub fn look<F: Read + Seek + Send + 'static>(
        mut open: impl FnMut() -> io::Result<F>,
        options: &Options,
    ) -> Result<Self, FileProblem> {
        let mut magic = [0; 4];
        let mut file = open()?;
        if file.read_exact(&mut magic).is_err() || !matches!(&magic, b"PK\x03\x04" | b"PK\x05\x06") {
            return Ok(Self(Kind::Plain));
        }
        let entries = entries(open()?)?;
        let named = |name: &str| entries.iter().find(|entry| entry.name == name);
        if let Some(book) = named("xl/workbook.xml") {
            return Self::workbook(&mut open, options, &entries, book);
        }
        if named("xl/workbook.bin").is_some() {
            return Err(FileProblem::Excel);
        }
        if entries.iter().any(|entry| entry.name == "mimetype") && named("content.xml").is_some() {
            return Err(FileProblem::OpenDocument);
        }
        let tables = entries.into_iter().filter(|entry| {
            let name = entry.name.to_lowercase();
            let hidden = name.starts_with("__macosx/") || name.rsplit('/').next().is_some_and(|n| n.starts_with('.'));
            !hidden && [".csv", ".tsv", ".txt"].iter().any(|end| name.ends_with(end))
        });
        Self::first(tables.map(Kind::Entry), &mut open, options)
    }

    fn workbook<F: Read + Seek + Send + 'static>(
        open: &mut impl FnMut() -> io::Result<F>,
        options: &Options,
        entries: &[Entry],
        book: &Entry,
    ) -> Result<Self, FileProblem> {
        let named = |name: &str| entries.iter().find(|entry| entry.name == name);
        let strings = match named("xl/sharedStrings.xml") {
            Some(entry) => workbook::strings(BufReader::new(entry.open(open()?)?))?,
            None => Strings::default(),
        };
        let strings = Arc::new(strings);
        let links = match named("xl/_rels/workbook.xml.rels") {
            Some(entry) => workbook::links(BufReader::new(entry.open(open()?)?))?,
            None => Vec::new(),
        };
        let sheets = workbook::sheets(BufReader::new(book.open(open()?)?))?;
        let sheets = sheets.iter().filter_map(|id| {
            let (_, target) = links.iter().find(|(link, _)| link == id)?;
            let path = match target.strip_prefix('/') {
                Some(path) => path.to_owned(),
                None => format!("xl/{target}"),
            };
            let entry = named(&path)?.clone();
            let strings = Arc::clone(&strings);
            Some(Kind::Sheet { entry, strings })
        });
        Self::first(sheets, open, options)
    }

    /// The first table with a header that holds keywords, else the first list; else what is wrong with what came nearest.
    fn first<F: Read + Seek + Send + 'static>(
        tables: impl Iterator<Item = Kind>,
        open: &mut impl FnMut() -> io::Result<F>,
        options: &Options,
    ) -> Result<Self, FileProblem> {
        let (mut problem, mut list) = (None, None);
        for table in tables.take(TRIED) {
            let packed = Self(table);
            match KeywordFile::open_with(packed.open(open()?)?, &packed.options(options)) {
                Ok(file) if file.detected().header_line.is_some() => return Ok(packed),
                // Any words make a list: only where no table has a header.
                Ok(_) => {
                    list.get_or_insert(packed);
                }
                // Which columns there are is worth more than that another table is of the wrong kind.
                Err(found @ (FileProblem::NoKeywordColumn { .. } | FileProblem::NoSuchColumn { .. })) => {
                    problem = Some(found);
                }
                Err(found) => {
                    problem.get_or_insert(found);
                }
            }
        }
        list.ok_or_else(|| problem.unwrap_or(FileProblem::Zip))
    }

    /// The file's text.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open<F: Read + Seek + Send + 'static>(&self, file: F) -> Result<Text, FileProblem> {
        Ok(match &self.0 {
            Kind::Plain => Box::new(file),
            Kind::Entry(entry) => entry.open(file)?,
            Kind::Sheet { entry, strings } => {
                Box::new(Sheet::new(BufReader::new(entry.open(file)?), Arc::clone(strings)))
            }
        })
    }

    /// How to read the text: of a sheet, whose cells have no delimiter and no encoding, as it was written.
    #[must_use]
    pub fn options(&self, options: &Options) -> Options {
        let mut options = options.clone();
        if matches!(self.0, Kind::Sheet { .. }) {
            options.delimiter = Some(Delimiter::Comma);
            options.encoding = Some("utf-8".to_owned());
        }
        options
    }
}

/// The files of an archive.
fn entries<F: Read + Seek>(file: F) -> Result<Vec<Entry>, FileProblem> {
    let damaged = |_| FileProblem::Archive("is damaged");
    let mut archive = ZipArchive::new(Budget::new(BufReader::new(file), DIRECTORY)).map_err(damaged)?;
    let mut entries = Vec::new();
    for at in 0..archive.len() {
        let Ok(entry) = archive.by_index_raw(at) else { continue };
        if entry.is_dir() {
            continue;
        }
        if entry.encrypted() {
            return Err(FileProblem::Archive("is locked by a password"));
        }
        let stored = match entry.compression() {
            CompressionMethod::Stored => true,
            CompressionMethod::DEFLATE => false,
            _ => continue,
        };
        let (Some(start), Ok(name)) = (entry.data_start(), entry.name()) else {
            continue;
        };
        entries.push(Entry {
            name: name.replace('\\', "/"),
            start,
            packed: entry.compressed_size(),
            stored,
        });
    }
    Ok(entries)
}

impl Entry {
    /// The unpacked file.
    fn open<F: Read + Seek + Send + 'static>(&self, mut file: F) -> Result<Text, FileProblem> {
        file.seek(SeekFrom::Start(self.start))?;
        let packed = BufReader::new(file.take(self.packed));
        let most = self.packed.saturating_mul(RATIO).clamp(SMALL, UNPACKED);
        Ok(if self.stored {
            Box::new(Limited {
                from: packed,
                left: most,
            })
        } else {
            let from = DeflateDecoder::new(packed);
            Box::new(Limited { from, left: most })
        })
    }
}

/// Ends with an error where there is more than allowed.
struct Limited<R> {
    from: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(to)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "it unpacks to far more than a table of keywords would; unpack it and use the CSV file",
            )
        })?;
        Ok(read)
    }
}

/// A file of which only so much may be read: the list of an archive's files is kept in memory.
struct Budget<R> {
    from: R,
    left: u64,
}

impl<R> Budget<R> {
    const fn new(from: R, left: u64) -> Self {
        Self { from, left }
    }
}

impl<R: Read> Read for Budget<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(to)?;
        self.left = (self.left.checked_sub(read as u64)).ok_or_else(|| io::Error::other("too many files"))?;
        Ok(read)
    }
}

impl<R: Seek> Seek for Budget<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.from.seek(to)
    }
}
