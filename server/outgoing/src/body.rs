//! Reading answers up to a bound, which counts what is unpacked: a small answer that unpacks to a large one stops there.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};

use super::OutgoingError;

/// Takes an answer's bytes as they arrive.
pub enum Sink {
    Plain(Bounded),
    /// The bytes received so far, and what they unpack to.
    Gzip(usize, Box<MultiGzDecoder<Bounded>>),
}

impl Sink {
    /// # Errors
    /// When the answer is encoded in a way that was not asked for.
    pub fn new(headers: &HeaderMap, limit: usize) -> Result<Self, OutgoingError> {
        let bounded = Bounded {
            bytes: Vec::new(),
            limit,
            full: false,
        };
        let mut encodings = headers.get_all(CONTENT_ENCODING).iter();
        let encoding = encodings.next().map_or(Ok("identity"), |text| text.to_str());
        let encoding = encoding.unwrap_or("unreadable").trim().to_ascii_lowercase();
        match (encoding.as_str(), encodings.next()) {
            ("identity" | "", None) => Ok(Self::Plain(bounded)),
            ("gzip" | "x-gzip", None) => Ok(Self::Gzip(0, Box::new(MultiGzDecoder::new(bounded)))),
            _ => Err(OutgoingError::Broken(
                "the answer is packed in a way that was not asked for".into(),
            )),
        }
    }

    /// # Errors
    /// When the answer grows beyond its bound or does not unpack.
    pub fn take(&mut self, chunk: &[u8]) -> Result<(), OutgoingError> {
        match self {
            Self::Plain(bounded) => bounded.write_all(chunk).map_err(|_| bounded.too_large()),
            Self::Gzip(received, decoder) => {
                *received = received.saturating_add(chunk.len());
                if *received > decoder.get_ref().limit {
                    return Err(decoder.get_ref().too_large());
                }
                decoder.write_all(chunk).map_err(|_| unpacking(decoder.get_ref()))
            }
        }
    }

    /// # Errors
    /// As [`Sink::take`], and when a packed answer ends too early.
    pub fn finish(self) -> Result<Vec<u8>, OutgoingError> {
        match self {
            Self::Plain(bounded) => Ok(bounded.bytes),
            // An empty body is what some servers send with errors, whatever its headers say.
            Self::Gzip(0, _) => Ok(Vec::new()),
            Self::Gzip(_, mut decoder) => match decoder.try_finish() {
                Ok(()) => Ok(std::mem::take(&mut decoder.get_mut().bytes)),
                Err(_) => Err(unpacking(decoder.get_ref())),
            },
        }
    }

    /// What was taken, for who wants no more.
    pub fn so_far(self) -> Vec<u8> {
        match self {
            Self::Plain(bounded) => bounded.bytes,
            Self::Gzip(_, mut decoder) => std::mem::take(&mut decoder.get_mut().bytes),
        }
    }
}

fn unpacking(bounded: &Bounded) -> OutgoingError {
    if bounded.full {
        bounded.too_large()
    } else {
        OutgoingError::Broken("the answer does not unpack".into())
    }
}

/// Memory that takes no more than its bound, and of what is too much the beginning.
pub struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
    full: bool,
}

impl Bounded {
    fn too_large(&self) -> OutgoingError {
        OutgoingError::TooLarge(self.limit)
    }
}

impl Write for Bounded {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        let room = self.limit - self.bytes.len();
        if chunk.len() > room {
            self.full = true;
            self.bytes.extend_from_slice(&chunk[..room]);
            return Err(io::Error::other("full"));
        }
        self.bytes.extend_from_slice(chunk);
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(encoding: Option<&str>, limit: usize, chunks: &[&[u8]]) -> Result<Vec<u8>, OutgoingError> {
        let mut headers = HeaderMap::new();
        if let Some(encoding) = encoding {
            headers.insert(CONTENT_ENCODING, encoding.parse().unwrap());
        }
        let mut sink = Sink::new(&headers, limit)?;
        for chunk in chunks {
            sink.take(chunk)?;
        }
        sink.finish()
    }

    #[test]
    fn answers_end_at_their_bound() {
        let packed = gzip(&[b'x'; 1000]);
        assert_eq!(read(None, 4, &[b"ab", b"cd"]).unwrap(), b"abcd");
        assert_eq!(read(None, 3, &[b"ab", b"cd"]).unwrap_err(), OutgoingError::TooLarge(3));
        assert_eq!(read(Some("GZIP"), 1000, &[&packed]).unwrap(), [b'x'; 1000]);
        let (head, tail) = packed.split_at(7);
        assert_eq!(read(Some("x-gzip"), 1000, &[head, tail]).unwrap().len(), 1000);
        assert_eq!(
            read(Some("gzip"), 999, &[&packed]).unwrap_err(),
            OutgoingError::TooLarge(999)
        );
        // One megabyte that would be a gigabyte.
        let bomb = gzip(&vec![0; 64 << 20]);
        assert_eq!(
            read(Some("gzip"), 1 << 20, &[&bomb]).unwrap_err(),
            OutgoingError::TooLarge(1 << 20)
        );
        for broken in [&packed[..packed.len() - 9], b"no gzip at all"] {
            let error = read(Some("gzip"), 1000, &[broken]).unwrap_err();
            assert!(matches!(error, OutgoingError::Broken(_)), "{error}");
        }
        assert_eq!(read(Some("gzip"), 10, &[]).unwrap(), b"");
        assert!(read(Some("br"), 10, &[b"x"]).is_err());
    }
}
